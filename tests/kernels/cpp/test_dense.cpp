// The dense kernels against the definition, over odd sizes, unaligned memory and several callers at once.
#include "../../../neurona/kernels/cpp/dense.h"
#include "pool.h"

using namespace neurona;

struct Problem {
  long M, K, N;
  Activation activation;
};

static Floats unaligned(const Floats& values) {
  Floats shifted(values.size() + 1);
  std::copy(values.begin(), values.end(), shifted.begin() + 1);
  return shifted;
}

static void check(Pool& pool, const Problem& p) {
  const auto [M, K, N, activation] = p;
  Floats W = random_floats(K * N, 2);
  for (auto& value : W) value /= std::sqrt(static_cast<float>(K));
  const Floats x1 = unaligned(random_floats(M * K, 1)), W1 = unaligned(W);
  const Floats b = random_floats(N, 3), g = random_floats(M * N, 4);
  const ConstMatrix x = matrix(x1.data() + 1, M, K), W2 = matrix(W1.data() + 1, K, N);
  Doubles y(M * N), dx(M * K), dW(K * N), db(N);
  Floats y1(M * N + 1);
  plain::dense_forward(M, K, N, x.data, W2.data, b.data(), activation, y.data());
  dense_forward(pool, x, W2, b.data(), activation, matrix(y1.data() + 1, M, N));
  expect_close("y", Floats(y1.begin() + 1, y1.end()), y, 1e-5);

  const float* y2 = y1.data() + 1;
  plain::dense_backward(M, K, N, x.data, W2.data, y2, g.data(), activation, dx.data(), dW.data(), db.data());
  Floats dx1(M * K), dW1(K * N), db1(N), again(K * N);
  DenseBackward d{x, W2, matrix(y2, M, N), matrix(g.data(), M, N), activation, matrix(dx1.data(), M, K)};
  dense_backward(pool, d, matrix(dW1.data(), K, N), db1.data());
  expect_close("dx", dx1, dx, 1e-5);
  expect_close("dW", dW1, dW, 1e-5);
  expect_close("db", db1, db, 1e-5);
  d.dx.data = nullptr;
  dense_backward(pool, d, matrix(again.data(), K, N), db1.data());
  expect_same_bits("dW", dW1, again);
}

int main() {
  Pool pool(3);
  for (Activation activation :
       {Activation::linear, Activation::relu, Activation::tanh, Activation::sigmoid}) {
    for (long M : {1L, 15L, 16L, 33L})
      for (long K : {1L, 17L, 200L})
        for (long N : {1L, 10L, 16L, 49L, 130L}) check(pool, {M, K, N, activation});
    check(pool, {1000, 40, 33, activation});  // threads share the samples
    check(pool, {200, 150, 100, activation});
    check(pool, {65, 300, 70, activation});  // threads share the inputs
  }
  std::vector<std::thread> callers;  // several models in training, on one pool
  for (int i = 0; i < 4; i++)
    callers.emplace_back([&pool] {
      for (int turn = 0; turn < 3; turn++) check(pool, {32, 130, 90, Activation::relu});
    });
  for (auto& caller : callers) caller.join();
}
