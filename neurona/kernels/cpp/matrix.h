// The product of two matrices of moderate size, C = activation(A B + bias) or C += A B, where A may lie in memory in either order.
#pragma once

#include "vector.h"

namespace neurona {

struct Epilogue {
  const float* bias = nullptr;  // one for each column, or none
  Activation activation = Activation::linear;
  bool accumulate = false;  // add to what C holds
};

// ROWS rows and VECTORS vectors of C in registers, over K products. `last_lanes` columns of the last vector exist.
template <int ROWS, int VECTORS>
static __attribute__((noinline)) void product_tile(long K, const float* __restrict A, long row_stride, long column_stride,
                                                   const float* __restrict B, long B_stride, float* __restrict C, long C_stride,
                                                   long last_lanes, bool accumulate, const float* bias, Activation activation) {
  Vector total[ROWS][VECTORS];
#pragma GCC unroll 32
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 8
    for (int j = 0; j < VECTORS; j++) total[i][j] = Vector{};
  for (long k = 0; k < K; k++) {
    Vector b[VECTORS];
#pragma GCC unroll 8
    for (int j = 0; j < VECTORS; j++)
      b[j] = j + 1 == VECTORS ? load(B + k * B_stride + LANES * j, last_lanes) : load(B + k * B_stride + LANES * j);
#pragma GCC unroll 32
    for (int i = 0; i < ROWS; i++) {
      Vector a = broadcast(A[i * row_stride + k * column_stride]);
#pragma GCC unroll 8
      for (int j = 0; j < VECTORS; j++) total[i][j] += a * b[j];
    }
  }
  const bool relu_follows = activation == Activation::relu;
#pragma GCC unroll 32
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 8
    for (int j = 0; j < VECTORS; j++) {
      float* c = C + i * C_stride + LANES * j;
      long lanes = j + 1 == VECTORS ? last_lanes : LANES;
      Vector v = total[i][j];
      if (accumulate) v += load(c, lanes);
      if (bias) v += load(bias + LANES * j, lanes);
      store(c, relu_follows ? relu(v) : v, lanes);
    }
  if (relu_follows || activation == Activation::linear) return;
#pragma GCC unroll 1
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 1
    for (int j = 0; j < VECTORS; j++) {
      float* c = C + i * C_stride + LANES * j;
      long lanes = j + 1 == VECTORS ? last_lanes : LANES;
      store(c, activate(activation, load(c, lanes)), lanes);
    }
}

using ProductTile = void (*)(long, const float*, long, long, const float*, long, float*, long, long, bool, const float*, Activation);

// A tile has ROWS x VECTORS sums, VECTORS columns of B and a broadcast in registers, and the places of its rows in those for addresses.
constexpr int TILE_ROWS_3 = REGISTERS >= 32 ? 8 : 4, TILE_ROWS_2 = REGISTERS >= 32 ? 12 : 6, TILE_ROWS_1 = 12;

template <int VECTORS>
static ProductTile product_tile_of(long rows) {
  constexpr ProductTile tiles[] = {product_tile<1, VECTORS>, product_tile<2, VECTORS>,  product_tile<3, VECTORS>,  product_tile<4, VECTORS>,
                                   product_tile<5, VECTORS>, product_tile<6, VECTORS>,  product_tile<7, VECTORS>,  product_tile<8, VECTORS>,
                                   product_tile<9, VECTORS>, product_tile<10, VECTORS>, product_tile<11, VECTORS>, product_tile<12, VECTORS>};
  return tiles[rows - 1];
}

// C[m][n] = sum over k of A[m * row_stride + k * column_stride] * B[k][n], for m < M, n < N, k < K.
static inline void product(long M, long N, long K, const float* A, long row_stride, long column_stride, const float* B, long B_stride,
                           float* C, long C_stride, const Epilogue& epilogue = {}) {
  constexpr long DEPTH = 192;  // products between visits to C: a strip of B of this depth stays in the first-level cache
  for (long n = 0; n < N;) {
    long left = N - n, vectors = left > 2 * LANES ? 3 : left > LANES ? 2 : 1;
    long width = left < vectors * LANES ? left : vectors * LANES, last_lanes = width - (vectors - 1) * LANES;
    long most = vectors == 3 ? TILE_ROWS_3 : vectors == 2 ? TILE_ROWS_2 : TILE_ROWS_1;
    for (long k = 0; k < K || k == 0; k += DEPTH) {
      long depth = K - k < DEPTH ? K - k : DEPTH;
      bool last = k + DEPTH >= K;
      for (long m = 0; m < M;) {
        long rows = M - m <= most ? M - m : M - m < 2 * most ? (M - m + 1) / 2 : most;
        ProductTile tile = vectors == 3 ? product_tile_of<3>(rows) : vectors == 2 ? product_tile_of<2>(rows) : product_tile_of<1>(rows);
        tile(depth, A + m * row_stride + k * column_stride, row_stride, column_stride, B + k * B_stride + n, B_stride,
             C + m * C_stride + n, C_stride, last_lanes, epilogue.accumulate || k > 0, last && epilogue.bias ? epilogue.bias + n : nullptr,
             last ? epilogue.activation : Activation::linear);
        m += rows;
      }
    }
    n += width;
  }
}

}  // namespace neurona
