// Dense layers: y = activation(x W + b), and its gradients. x is (M, K), W (K, N), y (M, N), all contiguous.
#pragma once

#include "matrix.h"
#include "parallel.h"

namespace neurona {

constexpr double DENSE_PART = 200e3;  // multiplications that are worth a thread of their own

template <class Pool>
void dense_forward(Pool& pool, long M, long K, long N, const float* x, const float* W, const float* b, Activation activation, float* y) {
  long parts = parts_of(pool, 1.0 * M * K * N, DENSE_PART);
  bool by_rows = M >= 8 * LANES * parts;  // otherwise by columns: each thread then reads its own part of W
  parallel_for(pool, parts, [&](long part) {
    long total = by_rows ? M : N, block = by_rows ? 1 : LANES;
    long first = first_of(part, parts, total, block), end = first_of(part + 1, parts, total, block);
    if (by_rows) {
      product(end - first, N, K, x + first * K, K, 1, W, N, y + first * N, N, {b, activation, false});
    } else {
      product(M, end - first, K, x, K, 1, W + first, N, y + first, N, {b ? b + first : nullptr, activation, false});
    }
  });
}

// From y and the gradient g of y: the gradients of W, of b and, where dx is not null, of x.
template <class Pool>
void dense_backward(Pool& pool, long M, long K, long N, const float* x, const float* W, const float* y, const float* g,
                    Activation activation, float* dx, float* dW, float* db) {
  constexpr long CHUNK = 128;  // samples at a time: what a thread works on stays in its cache
  long columns = (N + LANES - 1) / LANES * LANES;
  long chunks = M > CHUNK ? (M + CHUNK - 1) / CHUNK : 1, height = chunks > 1 ? CHUNK : (M + LANES - 1) / LANES * LANES;
  Workspace memory(M * columns + (dx ? (chunks * columns + K + LANES) * height : 0));
  float* z = memory.data();           // (M, columns): the gradient before the activation
  float* z_turned = z + M * columns;  // (chunks, columns, height)
  float* dx_turned = z_turned + chunks * columns * height;
  long parts = parts_of(pool, 8.0 * M * N, DENSE_PART);
  parallel_for(pool, parts, [&](long part) {
    long end = first_of(part + 1, parts, N, LANES);
    for (long n = first_of(part, parts, N, LANES); n < end; n += LANES) {
      long lanes = N - n < LANES ? N - n : LANES;
      Vector total{};
      for (long m = 0; m < M; m++) {
        Vector v = before_activation(activation, load(g + m * N + n, lanes), load(y + m * N + n, lanes));
        store(z + m * columns + n, v);
        total += v;
      }
      store(db + n, total, lanes);
      for (long chunk = 0; dx && chunk < chunks; chunk++) {
        long rows = M - chunk * CHUNK < CHUNK ? M - chunk * CHUNK : CHUNK;
        float* turned = z_turned + (chunk * columns + n) * height;
        transpose(z + chunk * CHUNK * columns + n, rows, LANES, columns, turned, height);
        for (long i = 0; i < LANES; i++)
          for (long m = rows; m < height; m++) turned[i * height + m] = 0;
      }
    }
  });
  parts = parts_of(pool, 2.0 * M * K * N, DENSE_PART);
  parallel_for(pool, parts, [&](long part) {  // a thread owns whole rows of W: no two write to the same cache line
    long first = first_of(part, parts, K, LANES), end = first_of(part + 1, parts, K, LANES);
    for (long chunk = 0; chunk < chunks; chunk++) {
      long m = chunk * CHUNK, rows = M - m < CHUNK ? M - m : CHUNK;
      product(end - first, N, rows, x + m * K + first, 1, K, z + m * columns, columns, dW + first * N, N,
              {nullptr, Activation::linear, chunk > 0});
      if (!dx) continue;
      product(end - first, height, N, W + first * N, N, 1, z_turned + chunk * columns * height, height, dx_turned + first * height, height);
      transpose(dx_turned + first * height, end - first, rows, height, dx + m * K + first, K);
    }
  });
}

}  // namespace neurona
