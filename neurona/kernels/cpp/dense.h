// Dense layers: y = activation(x W + b), and its gradients. x is (M, K), W (K, N), y (M, N), all contiguous.
#pragma once

#include <algorithm>

#include "matrix.h"
#include "parallel.h"

namespace neurona {

constexpr double DENSE_PART = 200e3;     // multiplications that are worth a thread of their own
constexpr double DENSE_SUM_PART = 16e3;  // additions that are
constexpr long SAMPLES_OF_A_PART = 256;  // so many for each thread, and threads share the samples instead of the inputs

// Threads share the rows of x where these are many. Where they are few, threads share the inputs: each reads the rows of W that it owns in
// `dense_backward` and then, most likely, updates, and that lie in its cache.
template <class Pool>
void dense_forward(Pool& pool, long M, long K, long N, const float* x, const float* W, const float* b, Activation activation, float* y) {
  const long parts = parts_of(pool, 1.0 * M * K * N, DENSE_PART);
  if (parts == 1 || 2 * M >= K) {
    parallel_for(pool, parts, [&](long part) {
      const long first = first_of(part, parts, M, 1), end = first_of(part + 1, parts, M, 1);
      product(end - first, N, K, x + first * K, K, 1, W, N, y + first * N, N, {b, activation, false});
    });
    return;
  }
  Workspace sums((parts - 1) * M * N);
  parallel_for(pool, parts, [&](long part) {
    const long first = first_of(part, parts, K, LANES), end = first_of(part + 1, parts, K, LANES);
    product(M, N, end - first, x + first, K, 1, W + first * N, N, part ? sums.data() + (part - 1) * M * N : y, N);
  });
  for (long m = 0; m < M; m++)
    for (long n = 0; n < N; n += LANES) {
      const long lanes = std::min<long>(N - n, LANES), place = m * N + n;
      Vector total = load(b + n, lanes) + load(y + place, lanes);
      for (long part = 1; part < parts; part++) total += load(sums.data() + (part - 1) * M * N + place, lanes);
      store(y + place, activate(activation, total), lanes);
    }
}

// The gradient before the activation of `rows` samples, from y and the gradient g of y; their sum is added to db. 16 rows at a time, so that
// the cache lines of a row are read one after another.
static inline void dense_slopes(long rows, long N, const float* y, const float* g, Activation activation, float* z, long z_stride, float* db) {
  for (long first = 0; first < rows; first += 16) {
    long end = rows - first < 16 ? rows : first + 16;
    for (long n = 0; n < N; n += LANES) {
      long lanes = N - n < LANES ? N - n : LANES;
      Vector total = load(db + n, lanes);
      for (long m = first; m < end; m++) {
        Vector v = before_activation(activation, load(g + m * N + n, lanes), load(y + m * N + n, lanes));
        store(z + m * z_stride + n, v, lanes);
        total += v;
      }
      store(db + n, total, lanes);
    }
  }
}

// From y and the gradient g of y: the gradients of W, of b and, where dx is not null, of x. Threads share the samples where these are many,
// and each adds up gradients of W and b of its own, which are summed at the end; else they share the inputs: each owns whole rows of W.
template <class Pool>
void dense_backward(Pool& pool, long M, long K, long N, const float* x, const float* W, const float* y, const float* g,
                    Activation activation, float* dx, float* dW, float* db) {
  constexpr long CHUNK = 192, BLOCK = 64;  // samples and inputs at a time: what a thread works on stays in its cache
  const long parts = parts_of(pool, (dx ? 2.0 : 1.0) * M * K * N, DENSE_PART);
  const bool by_samples = M >= SAMPLES_OF_A_PART * parts;
  const bool turns_z = M <= 64;  // for the gradient of x; otherwise W
  const long columns = (N + LANES - 1) / LANES * LANES, rows_at_once = std::min(CHUNK, M), height = (M + LANES - 1) / LANES * LANES;
  const long sizes = (K + 1) * N;  // of both gradients
  Workspace sums(by_samples ? (parts - 1) * sizes : 0);
  parallel_for(pool, parts, [&](long part) {
    const long first_m = by_samples ? first_of(part, parts, M, 1) : 0, end_m = by_samples ? first_of(part + 1, parts, M, 1) : M;
    const long first_k = by_samples ? 0 : first_of(part, parts, K, LANES), end_k = by_samples ? K : first_of(part + 1, parts, K, LANES);
    Workspace memory(rows_at_once * columns + N + BLOCK * (turns_z ? height : N) + turns_z * height * N);
    float *z = memory.data(), *turned = z + rows_at_once * columns + N, *dx_turned = turned + height * N;
    float* dW_part = by_samples && part ? sums.data() + (part - 1) * sizes : dW;
    float* db_part = !part ? db : by_samples ? dW_part + K * N : z + rows_at_once * columns;
    std::memset(db_part, 0, N * sizeof(float));
    for (long m = first_m; m < end_m || m == first_m; m += CHUNK) {  // without samples: gradients of 0
      const long rows = std::min(CHUNK, end_m - m);
      dense_slopes(rows, N, y + m * N, g + m * N, activation, z, columns, db_part);
      if (dx && turns_z) transpose(z, M, N, columns, turned, height);
      for (long k = first_k; k < end_k; k += BLOCK) {
        const long inputs = std::min(BLOCK, end_k - k);
        product(inputs, N, rows, x + m * K + k, 1, K, z, columns, dW_part + k * N, N, {nullptr, Activation::linear, m > first_m});
        if (!dx) continue;
        if (turns_z) {
          product(inputs, M, N, W + k * N, N, 1, turned, height, dx_turned, height);
          transpose(dx_turned, inputs, M, height, dx + k, K);
        } else {
          transpose(W + k * N, inputs, N, N, turned, BLOCK);
          product(rows, inputs, N, z, columns, 1, turned, BLOCK, dx + m * K + k, K);
        }
      }
    }
  });
  if (!by_samples || parts == 1) return;
  const long adders = parts_of(pool, 1.0 * parts * K * N, DENSE_SUM_PART);
  parallel_for(pool, adders, [&](long adder) {
    const long end = first_of(adder + 1, adders, K * N, LANES);
    for (long i = first_of(adder, adders, K * N, LANES); i < end; i += LANES) {
      long lanes = end - i < LANES ? end - i : LANES;
      Vector total = load(dW + i, lanes);
      for (long part = 1; part < parts; part++) total += load(sums.data() + (part - 1) * sizes + i, lanes);
      store(dW + i, total, lanes);
    }
  });
  for (long part = 1; part < parts; part++)
    for (long n = 0; n < N; n++) db[n] += sums.data()[(part - 1) * sizes + K * N + n];
}

}  // namespace neurona
