#include "layer_normalization.h"

#include "handler.h"

namespace neurona {

static long features_of(const Input& x) { return x.dimensions().back(); }
static long rows_of(const Input& x) { return static_cast<long>(x.element_count()) / features_of(x); }

static ffi::Error forward(ffi::ThreadPool pool, Input x, Input gamma, Input beta, Output y, Output mean, Output inverse_deviation,
                          float epsilon) {
  layer_normalization(pool, rows_of(x), features_of(x), x.typed_data(), gamma.typed_data(), beta.typed_data(), epsilon, y->typed_data(),
                      mean->typed_data(), inverse_deviation->typed_data());
  return ffi::Error::Success();
}

static ffi::Error gradients(ffi::ThreadPool pool, Input x, Input gamma, Input mean, Input inverse_deviation, Input g, Output dx,
                            Output dgamma, Output dbeta) {
  layer_normalization_gradients(pool, rows_of(x), features_of(x), x.typed_data(), gamma.typed_data(), mean.typed_data(),
                                inverse_deviation.typed_data(), g.typed_data(), dx->typed_data(), dgamma->typed_data(),
                                dbeta->typed_data());
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_layer_normalization, neurona::forward, "epsilon");
NEURONA_HANDLER(neurona_layer_normalization_gradients, neurona::gradients);
