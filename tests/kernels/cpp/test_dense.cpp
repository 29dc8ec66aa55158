// The dense kernels against the definition in double precision, over odd sizes, unaligned memory and several callers at once.
#include "../../../neurona/kernels/cpp/dense.h"

#include "pool.h"

using namespace neurona;

struct Problem {
  long M, K, N;
  Activation activation;
};

static double activated(Activation activation, double z) {
  return activation == Activation::relu ? std::max(z, 0.0) : activation == Activation::tanh ? std::tanh(z) : z;
}

static double slope(Activation activation, double y) {
  return activation == Activation::relu ? y > 0 : activation == Activation::tanh ? 1 - y * y : 1;
}

static Floats unaligned(const Floats& values) {
  Floats shifted(values.size() + 1);
  std::copy(values.begin(), values.end(), shifted.begin() + 1);
  return shifted;
}

static void check(Pool& pool, const Problem& p) {
  auto [M, K, N, activation] = p;
  Floats x = random_floats(M * K, 1), W = random_floats(K * N, 2), b = random_floats(N, 3), g = random_floats(M * N, 4);
  for (auto& value : W) value /= std::sqrt(static_cast<float>(K));
  std::vector<double> y(M * N), dx(M * K), dW(K * N), db(N);
  for (long m = 0; m < M; m++)
    for (long n = 0; n < N; n++) {
      double total = b[n];
      for (long k = 0; k < K; k++) total += static_cast<double>(x[m * K + k]) * W[k * N + n];
      y[m * N + n] = activated(activation, total);
    }
  Floats x1 = unaligned(x), W1 = unaligned(W), y1(M * N + 1);
  dense_forward(pool, M, K, N, x1.data() + 1, W1.data() + 1, b.data(), activation, y1.data() + 1);
  expect_close("y", Floats(y1.begin() + 1, y1.end()), y, 1e-5);
  for (long m = 0; m < M; m++)
    for (long n = 0; n < N; n++) {
      double z = g[m * N + n] * slope(activation, y1[1 + m * N + n]);
      db[n] += z;
      for (long k = 0; k < K; k++) {
        dx[m * K + k] += z * W[k * N + n];
        dW[k * N + n] += x[m * K + k] * z;
      }
    }
  Floats dx1(M * K), dW1(K * N), db1(N), again(K * N);
  dense_backward(pool, M, K, N, x.data(), W.data(), y1.data() + 1, g.data(), activation, dx1.data(), dW1.data(), db1.data());
  expect_close("dx", dx1, dx, 1e-5);
  expect_close("dW", dW1, dW, 1e-5);
  expect_close("db", db1, db, 1e-5);
  dense_backward(pool, M, K, N, x.data(), W.data(), y1.data() + 1, g.data(), activation, nullptr, again.data(), db1.data());
  expect_same_bits("dW", dW1, again);
}

int main() {
  Pool pool(3);
  for (Activation activation : {Activation::linear, Activation::relu, Activation::tanh})
    for (long M : {1L, 15L, 16L, 33L})
      for (long K : {1L, 17L, 200L})
        for (long N : {1L, 10L, 16L, 49L, 130L}) check(pool, {M, K, N, activation});
  // Many samples, shared between the threads, and so many inputs that the threads share these.
  for (Activation activation : {Activation::linear, Activation::relu, Activation::tanh}) {
    check(pool, {1000, 40, 33, activation});
    check(pool, {200, 150, 100, activation});
    check(pool, {65, 300, 70, activation});
  }
  std::vector<std::thread> callers;  // several models in training, on one pool
  for (int i = 0; i < 4; i++)
    callers.emplace_back([&pool] {
      for (int turn = 0; turn < 3; turn++) check(pool, {32, 130, 90, Activation::relu});
    });
  for (auto& caller : callers) caller.join();
}
