#include "dropout.h"

#include "handler.h"

namespace neurona {

static ffi::Error dropout_of(ffi::ThreadPool pool, Input x, ffi::Buffer<ffi::U32> key, Output y,
                             Attribute<float, KEEP> keep) {
  const Dropout drop(key.typed_data()[0], key.typed_data()[1], *keep);
  dropout(pool, x.element_count(), drop, x.typed_data(), y->typed_data());
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_dropout, neurona::dropout_of);
