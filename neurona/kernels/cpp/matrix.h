// Views of matrices, their transposes, and the product of two matrices of moderate size.
#pragma once

#include <algorithm>
#include <cassert>
#include <utility>

#include "vector.h"

namespace neurona {

// A matrix in memory that this does not own: element (i, j) is data[i * row_stride + j * column_stride].
template <class Float>
struct MatrixView {
  Float* data;
  long rows, columns, row_stride;
  long column_stride = 1;

  Float& at(long row, long column) const { return data[row * row_stride + column * column_stride]; }
  MatrixView block(long row, long column, long rows, long columns) const {
    return {data + row * row_stride + column * column_stride, rows, columns, row_stride, column_stride};
  }
  MatrixView row_block(long first, long count) const { return block(first, 0, count, columns); }
  MatrixView column_block(long first, long count) const { return block(0, first, rows, count); }
  MatrixView transposed() const { return {data, columns, rows, column_stride, row_stride}; }
  operator MatrixView<const float>() const { return {data, rows, columns, row_stride, column_stride}; }
};

using Matrix = MatrixView<float>;
using ConstMatrix = MatrixView<const float>;

// A contiguous matrix.
template <class Float>
static inline MatrixView<Float> matrix(Float* data, long rows, long columns) {
  return {data, rows, columns, columns};
}

// Up to LANES x LANES floats: to[j, i] = from[i, j].
NEURONA_INLINE void transpose_tile(const float* from, long rows, long columns, long from_stride, float* to,
                                   long to_stride) {
  Vector tile[LANES];
#pragma GCC unroll 16
  for (int i = 0; i < LANES; i++) tile[i] = i < rows ? load(from + i * from_stride, columns) : Vector{};
  transpose_lanes(tile);
#pragma GCC unroll 16
  for (int i = 0; i < LANES; i++)
    if (i < columns) store(to + i * to_stride, tile[i], rows);
}

// to[j, i] = from[i, j]. The columns of each are neighbours in memory.
static inline void transpose(const ConstMatrix& from, const Matrix& to) {
  assert(from.column_stride == 1 && to.column_stride == 1);
  assert(to.rows == from.columns && to.columns == from.rows);
  for (long i = 0; i < from.rows; i += LANES)
    for (long j = 0; j < from.columns; j += LANES) {
      const long rows = std::min<long>(LANES, from.rows - i),
                 columns = std::min<long>(LANES, from.columns - j);
      const float* tile = from.data + i * from.row_stride + j;
      float* transposed = to.data + j * to.row_stride + i;
      if (rows == LANES && columns == LANES) {  // constants here make faster code
        transpose_tile(tile, LANES, LANES, from.row_stride, transposed, to.row_stride);
      } else {
        transpose_tile(tile, rows, columns, from.row_stride, transposed, to.row_stride);
      }
    }
}

// What follows a product: C = activation(sums + bias), or C = activation(C + sums + bias).
struct Epilogue {
  const float* bias = nullptr;  // one for each column of C, or null
  Activation activation = Activation::linear;
  bool accumulate = false;  // add to C

  // What follows a part of the terms of a sum.
  Epilogue of_terms(bool is_first, bool is_last) const {
    return {is_last ? bias : nullptr, is_last ? activation : Activation::linear, accumulate || !is_first};
  }
  // What follows for the columns of C from `column` on.
  Epilogue of_columns(long column) const { return {bias ? bias + column : nullptr, activation, accumulate}; }
};

static inline Epilogue accumulate_if(bool accumulate) { return {nullptr, Activation::linear, accumulate}; }

// Writes the sums of a tile to C, whose columns end in the last vector.
template <int ROWS, int VECTORS>
NEURONA_INLINE void finish_tile(const Vector (&sums)[ROWS][VECTORS], const Matrix& C,
                                const Epilogue& epilogue) {
  const auto [bias, activation, accumulate] = epilogue;
  const long last_lanes = C.columns - (VECTORS - 1) * LANES;
  const bool relu_follows = activation == Activation::relu;
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
    for (int j = 0; j < VECTORS; j++) {
      float* c = C.data + i * C.row_stride + LANES * j;
      const long lanes = j + 1 == VECTORS ? last_lanes : LANES;
      Vector v = sums[i][j];
      if (accumulate) v += load(c, lanes);
      if (bias) v += load(bias + LANES * j, lanes);
      store(c, relu_follows ? relu(v) : v, lanes);
    }
  if (relu_follows || activation == Activation::linear) return;
#pragma GCC unroll 1
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 1
    for (int j = 0; j < VECTORS; j++) {  // not unrolled: the other activations are long
      float* c = C.data + i * C.row_stride + LANES * j;
      const long lanes = j + 1 == VECTORS ? last_lanes : LANES;
      store(c, activate(activation, load(c, lanes)), lanes);
    }
}

// C = A B, for C of ROWS rows and VECTORS vectors of columns, whose sums stay in registers. The views come by
// value: as references they would take registers that the loop needs for addresses.
template <int ROWS, int VECTORS>
static __attribute__((noinline)) void product_tile(ConstMatrix A, ConstMatrix B, Matrix C,
                                                   Epilogue epilogue) {
  const float* __restrict a = A.data, * __restrict b = B.data;
  const long depth = A.columns, row_stride = A.row_stride, column_stride = A.column_stride;
  const long B_stride = B.row_stride, last_lanes = C.columns - (VECTORS - 1) * LANES;
  Vector sums[ROWS][VECTORS] = {};
  for (long k = 0; k < depth; k++) {
    Vector row_of_B[VECTORS];
#pragma GCC unroll 4
    for (int j = 0; j < VECTORS; j++)
      row_of_B[j] = j + 1 == VECTORS ? load(b + k * B_stride + LANES * j, last_lanes)
                                     : load(b + k * B_stride + LANES * j);
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) {
      const Vector value = broadcast(a[i * row_stride + k * column_stride]);
#pragma GCC unroll 4
      for (int j = 0; j < VECTORS; j++) sums[i][j] += value * row_of_B[j];
    }
  }
  finish_tile(sums, C, epilogue);
}

// The most rows of a tile with this many vectors. Registers per tile: ROWS x VECTORS sums, VECTORS columns of
// B, one broadcast, and one address per row.
constexpr int PRODUCT_ROWS[] = {0, 12, REGISTERS >= 32 ? 12 : 6, REGISTERS >= 32 ? 8 : 4};

using ProductTile = void (*)(ConstMatrix, ConstMatrix, Matrix, Epilogue);

template <int VECTORS, std::size_t... I>
static ProductTile product_tile_of(long rows, std::index_sequence<I...>) {
  static constexpr ProductTile tiles[] = {product_tile<I + 1, VECTORS>...};
  return tiles[rows - 1];
}

template <int VECTORS>
static ProductTile product_tile_of(long rows) {
  return product_tile_of<VECTORS>(rows, std::make_index_sequence<PRODUCT_ROWS[VECTORS]>());
}

// At a time: terms of a sum, so that a strip of B stays in the first-level cache, and rows of C, so that as
// many terms of as many rows of A stay in the second.
constexpr long DEPTH = 192, ROWS_AT_ONCE = 192;
constexpr long PACKED_ROWS = 128, PACKED_ROWS_IF_WIDE = 48;  // of C, for which it pays to pack a strip of B
constexpr long WIDE = 256;  // columns of B, from which its rows fall on few sets of the first-level cache

// A strip of B, of at most DEPTH rows and three vectors, copied to where its rows are neighbours.
static inline ConstMatrix packed(const ConstMatrix& strip) {
  alignas(4 * LANES) static thread_local float memory[DEPTH * 3 * LANES];
  const long width = up_to_multiple(strip.columns, LANES);
  for (long k = 0; k < strip.rows; k++)
    for (long n = 0; n < strip.columns; n += LANES)
      store(memory + k * width + n,
            load(strip.data + k * strip.row_stride + n, std::min<long>(LANES, strip.columns - n)));
  return {memory, strip.rows, strip.columns, width};
}

// C = A B, for at most DEPTH terms of ROWS_AT_ONCE rows of C.
static inline void product_block(const ConstMatrix& A, const ConstMatrix& B, const Matrix& C,
                                 const Epilogue& epilogue) {
  const bool packs = C.rows >= (B.row_stride < WIDE ? PACKED_ROWS : PACKED_ROWS_IF_WIDE);
  for (long n = 0, width; n < C.columns; n += width) {
    const long left = C.columns - n, vectors = std::min(3L, (left + LANES - 1) / LANES),
               most = PRODUCT_ROWS[vectors];
    width = std::min(left, vectors * LANES);
    const ConstMatrix columns = B.column_block(n, width), strip = packs ? packed(columns) : columns;
    for (long m = 0, rows; m < C.rows; m += rows) {
      const long below = C.rows - m;
      rows = below <= most ? below : below < 2 * most ? (below + 1) / 2 : most;
      const ProductTile tile = vectors == 3   ? product_tile_of<3>(rows)
                               : vectors == 2 ? product_tile_of<2>(rows)
                                              : product_tile_of<1>(rows);
      tile(A.row_block(m, rows), strip, C.block(m, n, rows, width), epilogue.of_columns(n));
    }
  }
}

// C = A B, with what the epilogue adds. A may lie in memory by rows or by columns, B and C by rows.
static inline void product(const ConstMatrix& A, const ConstMatrix& B, const Matrix& C,
                           const Epilogue& epilogue = {}) {
  assert(A.rows == C.rows && A.columns == B.rows && B.columns == C.columns);
  assert(B.column_stride == 1 && C.column_stride == 1);
  for (long m = 0; m < C.rows; m += ROWS_AT_ONCE)
    for (long k = 0; k < A.columns || k == 0; k += DEPTH) {
      const long rows = std::min(ROWS_AT_ONCE, C.rows - m), depth = std::min(DEPTH, A.columns - k);
      product_block(A.block(m, k, rows, depth), B.row_block(k, depth), C.row_block(m, rows),
                    epilogue.of_terms(k == 0, k + DEPTH >= A.columns));
    }
}

}  // namespace neurona
