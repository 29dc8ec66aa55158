#include "bernoulli.h"

#include "handler.h"

namespace neurona {

static ffi::Error bernoulli_of(ffi::ThreadPool pool, Input z, ffi::Buffer<ffi::U32> key, Output y) {
  bernoulli(pool, z.element_count(), key.typed_data()[0], key.typed_data()[1], z.typed_data(),
            y->typed_data());
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_bernoulli, neurona::bernoulli_of);
