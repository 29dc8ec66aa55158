#include "pooling.h"

#include "handler.h"

namespace neurona {

// Sizes and window are for three spatial axes, 1 where there are fewer.
static Pooling pooling_of(long batch, long channels, Numbers sizes, Numbers window) {
  Pooling p{batch, channels};
  std::copy(sizes.begin(), sizes.end(), p.sizes);
  std::copy(window.begin(), window.end(), p.window);
  return p;
}

static ffi::Error forward(ffi::ThreadPool pool, Input x, Output y, ffi::ResultBuffer<ffi::S32> where,
                          Attribute<Numbers, SIZES> sizes, Attribute<Numbers, WINDOW> window) {
  Pooling p = pooling_of(x.dimensions()[0], x.dimensions().back(), *sizes, *window);
  max_pool(pool, p, x.typed_data(), y->typed_data(), where->typed_data());
  return ffi::Error::Success();
}

static ffi::Error gradient(ffi::ThreadPool pool, ffi::Buffer<ffi::S32> where, Input g, Output dx,
                           Attribute<Numbers, SIZES> sizes, Attribute<Numbers, WINDOW> window) {
  Pooling p = pooling_of(dx->dimensions()[0], dx->dimensions().back(), *sizes, *window);
  max_pool_gradient(pool, p, where.typed_data(), g.typed_data(), dx->typed_data());
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_max_pool, neurona::forward);
NEURONA_HANDLER(neurona_max_pool_gradient, neurona::gradient);
