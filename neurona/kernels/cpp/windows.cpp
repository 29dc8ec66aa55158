#include "windows.h"

#include "handler.h"

namespace neurona {

using Numbers = ffi::Span<const int64_t>;

template <class Operation>
static ffi::Error forward(ffi::ThreadPool pool, Input x, Output y, Numbers axes) {
  Convolution c = convolution_of(x.dimensions()[0], x.dimensions().back(), x.dimensions().back(), x.dimensions().back(), axes);
  pool_windows<Operation>(pool, c, x.typed_data(), y->typed_data());
  return ffi::Error::Success();
}

template <class Operation>
static ffi::Error gradient(ffi::ThreadPool pool, Input x, Input g, Output dx, Numbers axes) {
  Convolution c = convolution_of(g.dimensions()[0], g.dimensions().back(), g.dimensions().back(), g.dimensions().back(), axes);
  pool_windows_gradient<Operation>(pool, c, x.typed_data(), g.typed_data(), dx->typed_data());
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_max_windows, neurona::forward<neurona::Largest>, "axes");
NEURONA_HANDLER(neurona_max_windows_gradient, neurona::gradient<neurona::Largest>, "axes");
NEURONA_HANDLER(neurona_average_windows, neurona::forward<neurona::Mean>, "axes");
NEURONA_HANDLER(neurona_average_windows_gradient, neurona::gradient<neurona::Mean>, "axes");
