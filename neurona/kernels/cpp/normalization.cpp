#include "normalization.h"

#include "handler.h"

namespace neurona {

static ffi::Error moments_of(ffi::ThreadPool pool, Input x, Output mean, Output variance) {
  auto shape = x.dimensions();
  moments(pool, shape[0], shape[1], x.typed_data(), mean->typed_data(), variance->typed_data());
  return ffi::Error::Success();
}

static Standardization standardization(Input gamma, Input beta, Input mean, Input variance, float epsilon, bool relu) {
  long C = mean.dimensions()[0];
  return Standardization(C, gamma.typed_data(), beta.typed_data(), mean.typed_data(), variance.typed_data(), epsilon, relu);
}

// Without pooling x is (rows, C), with it (N, height, width, C).
static ffi::Error forward(ffi::ThreadPool pool, Input x, Input gamma, Input beta, Input mean, Input variance, Output y, float epsilon,
                          bool relu) {
  auto shape = x.dimensions();
  const Standardization s = standardization(gamma, beta, mean, variance, epsilon, relu);
  if (shape.size() == 4) {
    normalize_max_pool(pool, Images{shape[0], shape[1], shape[2], shape[3]}, x.typed_data(), s, y->typed_data());
  } else {
    normalize(pool, shape[0], shape[1], x.typed_data(), s, y->typed_data());
  }
  return ffi::Error::Success();
}

static ffi::Error gradients(ffi::ThreadPool pool, Input x, Input gamma, Input beta, Input mean, Input variance, Input g, Output dx,
                            Output dgamma, Output dbeta, float epsilon, bool relu) {
  auto shape = x.dimensions();
  const Standardization s = standardization(gamma, beta, mean, variance, epsilon, relu);
  if (shape.size() == 4) {
    normalize_max_pool_gradients(pool, Images{shape[0], shape[1], shape[2], shape[3]}, x.typed_data(), s, mean.typed_data(),
                                 variance.typed_data(), epsilon, g.typed_data(), dx->typed_data(), dgamma->typed_data(),
                                 dbeta->typed_data());
  } else {
    normalize_gradients(pool, shape[0], shape[1], x.typed_data(), s, mean.typed_data(), variance.typed_data(), epsilon, g.typed_data(),
                        dx->typed_data(), dgamma->typed_data(), dbeta->typed_data());
  }
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_moments, neurona::moments_of);
NEURONA_HANDLER(neurona_batch_normalization, neurona::forward, "epsilon", "relu");
NEURONA_HANDLER(neurona_batch_normalization_gradients, neurona::gradients, "epsilon", "relu");
