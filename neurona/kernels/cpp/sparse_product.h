// The product of two matrices of which the first has many zeros, such as units of 0 and 1, in the time of
// what is not zero.
#pragma once

#include "matrix.h"
#include "parallel.h"

namespace neurona {

namespace plain {

// C = A B + D.
inline void sparse_product(const ConstMatrix& A, const ConstMatrix& B, const ConstMatrix& D,
                           double* C) {  // (A.rows, B.columns)
  for (long i = 0; i < A.rows; i++)
    for (long j = 0; j < B.columns; j++) {
      double sum = D.at(i, j);
      for (long k = 0; k < A.columns; k++)
        if (A.at(i, k) != 0) sum += static_cast<double>(A.at(i, k)) * B.at(k, j);
      C[i * B.columns + j] = sum;
    }
}

}  // namespace plain

constexpr double SPARSE_PART = 100e3;  // additions and multiplications that are worth a thread
constexpr double MOST_NONZEROS = 0.35; // of A; where more are not 0, `product` is faster
constexpr int SPARSE_VECTORS = 4;      // of columns of C, whose sums stay in registers
constexpr int DENSE_VECTORS = 6;       // two strips of `product`

// A bit for each lane that is not 0.
NEURONA_INLINE uint32_t nonzero_lanes(const float* from) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask((__m512)load(from), _mm512_setzero_ps(), _CMP_NEQ_UQ);
#elif defined(__AVX__)
  return _mm256_movemask_ps(_mm256_cmp_ps((__m256)load(from), _mm256_setzero_ps(), _CMP_NEQ_UQ));
#else
  uint32_t bits = 0;
  for (int i = 0; i < LANES; i++) bits |= static_cast<uint32_t>(from[i] != 0) << i;
  return bits;
#endif
}

// A number of A that is not 0, and its column.
struct Nonzero {
  int32_t column;
  float value;
};

// The numbers of A that are not 0, row after row: those of row i are first[i], ..., first[i + 1] - 1.
class Nonzeros {
 public:
  explicit Nonzeros(const ConstMatrix& A) : A_(A), first(A.rows + 1) {
    const bool by_rows = A.column_stride == 1;
    const ConstMatrix stored = by_rows ? A : A.transposed();
    for (long i = 0; i < stored.rows; i++) {
      const float* row = stored.data + i * stored.row_stride;
      if (by_rows) {
        for (long j = 0; j < stored.columns; j++) first[i + 1] += row[j] != 0;
      } else {
        for (long j = 0; j < stored.columns; j++) first[j + 1] += row[j] != 0;
      }
    }
    for (long i = 0; i < A.rows; i++) first[i + 1] += first[i];
  }
  long count() const { return first.back(); }

  // Writes them.
  void list(Nonzero* to) const {
    const bool by_rows = A_.column_stride == 1;
    const ConstMatrix stored = by_rows ? A_ : A_.transposed();
    std::vector<int32_t> next(first);
    for (long i = 0; i < stored.rows; i++) {
      const float* row = stored.data + i * stored.row_stride;
      auto take = [&](long j) {
        to[next[by_rows ? i : j]++] = {static_cast<int32_t>(by_rows ? j : i), row[j]};
      };
      long j = 0;
      for (; j + LANES <= stored.columns; j += LANES)
        for (uint32_t bits = nonzero_lanes(row + j); bits; bits &= bits - 1) take(j + __builtin_ctz(bits));
      for (; j < stored.columns; j++)
        if (row[j] != 0) take(j);
    }
  }

 private:
  const ConstMatrix A_;

 public:
  std::vector<int32_t> first;
};

// c = the sum of rows of a strip of B, which lies alone in memory.
static __attribute__((noinline)) void sum_of_rows(const Nonzero* begin, const Nonzero* end,
                                                  const float* __restrict B, float* c) {
  Vector sums[2][SPARSE_VECTORS] = {};  // of every other row: an addition waits for the one before it
  auto add = [&](Vector* to, const Nonzero& one) {
    const Vector value = broadcast(one.value);
#pragma GCC unroll 4
    for (int j = 0; j < SPARSE_VECTORS; j++)
      to[j] += value * load(B + (one.column * SPARSE_VECTORS + j) * LANES);
  };
  for (; begin + 1 < end; begin += 2) {
    add(sums[0], begin[0]);
    add(sums[1], begin[1]);
  }
  if (begin < end) add(sums[0], *begin);
#pragma GCC unroll 4
  for (int j = 0; j < SPARSE_VECTORS; j++) store(c + j * LANES, sums[0][j] + sums[1][j]);
}

// Copies up to `width` columns of B, and 0 in the place of others, to rows of `width` floats.
static inline void copy_strip(const ConstMatrix& B, long width, float* to) {
  if (B.columns < width) std::fill(to, to + B.rows * width, 0.f);
  if (B.column_stride != 1) return transpose(B.transposed(), {to, B.rows, B.columns, width});
  for (long k = 0; k < B.rows; k++)
    std::memcpy(to + k * width, B.data + k * B.row_stride, B.columns * sizeof(float));
}

// c = d + sums.
NEURONA_INLINE void store_sum(const float* d, const float* sums, long columns, float* c) {
  for (long j = 0; j < columns; j += LANES) {
    const long lanes = std::min<long>(LANES, columns - j);
    store(c + j, load(d + j, lanes) + load(sums + j, lanes), lanes);
  }
}

// C = A B + D. A and B lie in memory by rows or by columns, C by rows. D may be C; with a row_stride of 0 it is
// one row for all. A number of A that is 0 leaves its row of B out, whatever that holds.
template <class Pool>
void sparse_product(Pool& pool, const ConstMatrix& A, const ConstMatrix& B, const ConstMatrix& D,
                    const Matrix& C) {
  const Nonzeros nonzeros(A);
  const bool is_sparse = nonzeros.count() <= MOST_NONZEROS * A.rows * A.columns;
  const long width = (is_sparse ? SPARSE_VECTORS : DENSE_VECTORS) * LANES;
  const double work = 1.0 * (is_sparse ? nonzeros.count() : A.rows * A.columns) * C.columns;
  const long parts = part_count(pool, work, SPARSE_PART);
  const long strip_size = up_to_multiple(A.columns * width, 16), own = strip_size + (is_sparse ? 0 : A.rows) * width;
  Workspace memory(own * parts + 2 * nonzeros.count());
  Nonzero* list = reinterpret_cast<Nonzero*>(memory.data() + own * parts);
  if (is_sparse) nonzeros.list(list);
  parallel_for(pool, parts, C.columns, width, [&](Part part) {
    float* const strip = memory.data() + own * part.number;
    for (long column = part.begin; column < part.end; column += width) {
      const long columns = std::min(width, part.end - column);
      copy_strip(B.column_block(column, columns), width, strip);
      if (!is_sparse) product(A, matrix<const float>(strip, B.rows, width), matrix(strip + strip_size, A.rows, width));
      for (long i = 0; i < A.rows; i++) {
        float sums[SPARSE_VECTORS * LANES];
        if (is_sparse) sum_of_rows(list + nonzeros.first[i], list + nonzeros.first[i + 1], strip, sums);
        store_sum(&D.at(i, column), is_sparse ? sums : strip + strip_size + i * width, columns, &C.at(i, column));
      }
    }
  });
}

}  // namespace neurona
