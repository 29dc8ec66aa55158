#include "windows.h"

#include "handler.h"

namespace neurona {

static Convolution windows_of(long batch, long channels, Numbers axes) {
  return convolution_of(batch, channels, channels, channels, axes);
}

template <class Operation>
static ffi::Error forward(ffi::ThreadPool pool, Input x, Output y, Attribute<Numbers, AXES> axes) {
  const Convolution c = windows_of(x.dimensions()[0], x.dimensions().back(), *axes);
  pool_windows<Operation>(pool, c, x.typed_data(), y->typed_data());
  return ffi::Error::Success();
}

template <class Operation>
static ffi::Error gradient(ffi::ThreadPool pool, Input x, Input g, Output dx, Attribute<Numbers, AXES> axes) {
  const Convolution c = windows_of(g.dimensions()[0], g.dimensions().back(), *axes);
  pool_windows_gradient<Operation>(pool, c, x.typed_data(), g.typed_data(), dx->typed_data());
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_max_windows, neurona::forward<neurona::Largest>);
NEURONA_HANDLER(neurona_max_windows_gradient, neurona::gradient<neurona::Largest>);
NEURONA_HANDLER(neurona_average_windows, neurona::forward<neurona::Mean>);
NEURONA_HANDLER(neurona_average_windows_gradient, neurona::gradient<neurona::Mean>);
