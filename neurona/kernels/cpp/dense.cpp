#include "dense.h"

#include "handler.h"

namespace neurona {

// x (M, K) and W (K, N), or with one more axis in front: several layers of the same shape, each with its own
// input.
struct Shape {
  long layers, M, K, N;

  template <class Dimensions>
  Shape(Dimensions x, Dimensions W)
      : layers(W.size() == 3 ? W[0] : 1), M(x[x.size() - 2]), K(W[W.size() - 2]), N(W[W.size() - 1]) {}
};

static ffi::Error forward(ffi::ThreadPool pool, Input x, Input W, Input b, Output y,
                          Attribute<Activation, ACTIVATION> activation) {
  const auto [layers, M, K, N] = Shape(x.dimensions(), W.dimensions());
  for (long i = 0; i < layers; i++)
    dense_forward(pool, matrix(x.typed_data() + i * M * K, M, K), matrix(W.typed_data() + i * K * N, K, N),
                  b.typed_data() + i * N, *activation, matrix(y->typed_data() + i * M * N, M, N));
  return ffi::Error::Success();
}

// W and dx may be null: then the gradient of x is not computed.
static void backward(ffi::ThreadPool& pool, const Shape& shape, Input x, const float* W, Input y, Input g,
                     float* dx, Output dW, Output db, Activation activation) {
  const auto [layers, M, K, N] = shape;
  for (long i = 0; i < layers; i++) {
    const DenseBackward d{matrix(x.typed_data() + i * M * K, M, K),
                          matrix(W ? W + i * K * N : nullptr, K, N),
                          matrix(y.typed_data() + i * M * N, M, N),
                          matrix(g.typed_data() + i * M * N, M, N),
                          activation,
                          matrix(dx ? dx + i * M * K : nullptr, M, K)};
    dense_backward(pool, d, matrix(dW->typed_data() + i * K * N, K, N), db->typed_data() + i * N);
  }
}

static ffi::Error gradients(ffi::ThreadPool pool, Input x, Input W, Input y, Input g, Output dx, Output dW,
                            Output db, Attribute<Activation, ACTIVATION> activation) {
  const Shape shape(x.dimensions(), W.dimensions());
  backward(pool, shape, x, W.typed_data(), y, g, dx->typed_data(), dW, db, *activation);
  return ffi::Error::Success();
}

static ffi::Error weight_gradients(ffi::ThreadPool pool, Input x, Input y, Input g, Output dW, Output db,
                                   Attribute<Activation, ACTIVATION> activation) {
  const Shape shape(x.dimensions(), dW->dimensions());
  backward(pool, shape, x, nullptr, y, g, nullptr, dW, db, *activation);
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_dense, neurona::forward);
NEURONA_HANDLER(neurona_dense_gradients, neurona::gradients);
NEURONA_HANDLER(neurona_dense_weight_gradients, neurona::weight_gradients);
