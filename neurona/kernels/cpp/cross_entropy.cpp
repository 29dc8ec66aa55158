#include "cross_entropy.h"

#include "handler.h"

namespace neurona {

using Classes = ffi::Buffer<ffi::S32>;

// Two floats of each row: a Scale.
static Scale* scales_in(Output& scales) { return reinterpret_cast<Scale*>(scales->typed_data()); }
static const Scale* scales_in(Input& scales) { return reinterpret_cast<const Scale*>(scales.typed_data()); }

static ffi::Error sparse(ffi::ThreadPool pool, Input z, Classes classes, Output errors, Output scales) {
  auto shape = z.dimensions();
  sparse_cross_entropy(pool, shape[0], shape[1], z.typed_data(), classes.typed_data(), errors->typed_data(),
                       scales_in(scales));
  return ffi::Error::Success();
}

static ffi::Error dense(ffi::ThreadPool pool, Input z, Input targets, Output errors, Output scales) {
  auto shape = z.dimensions();
  dense_cross_entropy(pool, shape[0], shape[1], z.typed_data(), targets.typed_data(), errors->typed_data(),
                      scales_in(scales));
  return ffi::Error::Success();
}

static ffi::Error sparse_gradient(ffi::ThreadPool pool, Input z, Classes classes, Input scales, Input g,
                                  Output dz) {
  auto shape = z.dimensions();
  sparse_cross_entropy_gradient(pool, shape[0], shape[1], z.typed_data(), classes.typed_data(),
                                scales_in(scales), g.typed_data(), dz->typed_data());
  return ffi::Error::Success();
}

static ffi::Error dense_gradient(ffi::ThreadPool pool, Input z, Input targets, Input scales, Input g,
                                 Output dz) {
  auto shape = z.dimensions();
  dense_cross_entropy_gradient(pool, shape[0], shape[1], z.typed_data(), targets.typed_data(),
                               scales_in(scales), g.typed_data(), dz->typed_data());
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_sparse_cross_entropy, neurona::sparse);
NEURONA_HANDLER(neurona_sparse_cross_entropy_gradient, neurona::sparse_gradient);
NEURONA_HANDLER(neurona_dense_cross_entropy, neurona::dense);
NEURONA_HANDLER(neurona_dense_cross_entropy_gradient, neurona::dense_gradient);
