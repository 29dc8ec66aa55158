#include "layer_normalization.h"

#include "handler.h"

namespace neurona {

// x (..., C) as (rows, C).
static ConstMatrix rows_of(const Input& x) {
  const long C = x.dimensions().back();
  return matrix(x.typed_data(), static_cast<long>(x.element_count()) / C, C);
}

static ffi::Error forward(ffi::ThreadPool pool, Input x, Input gamma, Input beta, Output y, Output mean,
                          Output inverse_deviation, Attribute<float, EPSILON> epsilon) {
  layer_normalization(pool, rows_of(x), gamma.typed_data(), beta.typed_data(), *epsilon, y->typed_data(),
                      mean->typed_data(), inverse_deviation->typed_data());
  return ffi::Error::Success();
}

static ffi::Error gradients(ffi::ThreadPool pool, Input x, Input gamma, Input mean, Input inverse_deviation,
                            Input g, Output dx, Output dgamma, Output dbeta) {
  layer_normalization_gradients(
      pool,
      {rows_of(x), gamma.typed_data(), mean.typed_data(), inverse_deviation.typed_data(), g.typed_data()},
      dx->typed_data(), dgamma->typed_data(), dbeta->typed_data());
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_layer_normalization, neurona::forward);
NEURONA_HANDLER(neurona_layer_normalization_gradients, neurona::gradients);
