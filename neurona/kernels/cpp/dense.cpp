#include "dense.h"

#include "handler.h"

namespace neurona {

// Arrays may have a leading axis of several layers of equal shape, each with an input of its own.
struct Shape {
  long layers, M, K, N;
  template <class Dimensions>
  Shape(Dimensions x, Dimensions W)
      : layers(W.size() == 3 ? W[0] : 1), M(x[x.size() - 2]), K(W[W.size() - 2]), N(W[W.size() - 1]) {}
};

static ffi::Error forward(ffi::ThreadPool pool, Input x, Input W, Input b, Output y, int32_t activation) {
  auto [layers, M, K, N] = Shape(x.dimensions(), W.dimensions());
  for (long i = 0; i < layers; i++)
    dense_forward(pool, M, K, N, x.typed_data() + i * M * K, W.typed_data() + i * K * N, b.typed_data() + i * N,
                  static_cast<Activation>(activation), y->typed_data() + i * M * N);
  return ffi::Error::Success();
}

static ffi::Error gradients(ffi::ThreadPool pool, Input x, Input W, Input y, Input g, Output dx, Output dW, Output db, int32_t activation) {
  auto [layers, M, K, N] = Shape(x.dimensions(), W.dimensions());
  for (long i = 0; i < layers; i++)
    dense_backward(pool, M, K, N, x.typed_data() + i * M * K, W.typed_data() + i * K * N, y.typed_data() + i * M * N,
                   g.typed_data() + i * M * N, static_cast<Activation>(activation), dx->typed_data() + i * M * K,
                   dW->typed_data() + i * K * N, db->typed_data() + i * N);
  return ffi::Error::Success();
}

static ffi::Error weight_gradients(ffi::ThreadPool pool, Input x, Input y, Input g, Output dW, Output db, int32_t activation) {
  auto [layers, M, K, N] = Shape(x.dimensions(), dW->dimensions());
  for (long i = 0; i < layers; i++)
    dense_backward(pool, M, K, N, x.typed_data() + i * M * K, nullptr, y.typed_data() + i * M * N, g.typed_data() + i * M * N,
                   static_cast<Activation>(activation), nullptr, dW->typed_data() + i * K * N, db->typed_data() + i * N);
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_dense, neurona::forward, "activation");
NEURONA_HANDLER(neurona_dense_gradients, neurona::gradients, "activation");
NEURONA_HANDLER(neurona_dense_weight_gradients, neurona::weight_gradients, "activation");
