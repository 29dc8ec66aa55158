#include "handler.h"
#include "normalization_max_pool.h"

namespace neurona {

static ffi::Error moments_of(ffi::ThreadPool pool, Input x, Output mean, Output variance) {
  const auto shape = x.dimensions();
  moments(pool, shape[0], shape[1], x.typed_data(), mean->typed_data(), variance->typed_data());
  return ffi::Error::Success();
}

static Standardization standardization(Input gamma, Input beta, Input mean, Input variance, float epsilon,
                                       bool relu) {
  return Standardization(mean.dimensions()[0], gamma.typed_data(), beta.typed_data(), mean.typed_data(),
                         variance.typed_data(), epsilon, relu);
}

// With pooling x is (N, height, width, C), else (rows, C).
static ffi::Error forward(ffi::ThreadPool pool, Input x, Input gamma, Input beta, Input mean, Input variance,
                          Output y, Attribute<float, EPSILON> epsilon, Attribute<bool, RELU> relu) {
  const auto shape = x.dimensions();
  const Standardization s = standardization(gamma, beta, mean, variance, *epsilon, *relu);
  if (shape.size() == 4) {
    normalize_max_pool(pool, Images{shape[0], shape[1], shape[2], shape[3]}, x.typed_data(), s,
                       y->typed_data());
  } else {
    normalize(pool, shape[0], shape[1], x.typed_data(), s, y->typed_data());
  }
  return ffi::Error::Success();
}

static ffi::Error gradients(ffi::ThreadPool pool, Input x, Input gamma, Input beta, Input mean,
                            Input variance, Input g, Output dx, Output dgamma, Output dbeta,
                            Attribute<float, EPSILON> epsilon, Attribute<bool, RELU> relu) {
  const auto shape = x.dimensions();
  const Standardization s = standardization(gamma, beta, mean, variance, *epsilon, *relu);
  const NormalizationGradients to{dx->typed_data(), dgamma->typed_data(), dbeta->typed_data()};
  if (shape.size() == 4) {
    const Images images{shape[0], shape[1], shape[2], shape[3]};
    normalize_max_pool_gradients(pool, images, x.typed_data(), s, g.typed_data(), to);
  } else {
    normalize_gradients(pool, shape[0], shape[1], x.typed_data(), s, g.typed_data(), to);
  }
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_moments, neurona::moments_of);
NEURONA_HANDLER(neurona_batch_normalization, neurona::forward);
NEURONA_HANDLER(neurona_batch_normalization_gradients, neurona::gradients);
