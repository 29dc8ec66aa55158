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
constexpr int STRIP_VECTORS = 6;       // of columns of C, whose sums stay in registers
constexpr long STRIP = STRIP_VECTORS * LANES;
constexpr long ROWS_AHEAD = 12;  // of C: the one that is fetched into the cache before its turn

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
  std::vector<int32_t> first;

  explicit Nonzeros(const ConstMatrix& A) : first(A.rows + 1), A_(A) {
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
};

// c = d + rows of a strip of B, each times a number of A.
static __attribute__((noinline)) void sum_of_rows(const Nonzero* begin, const Nonzero* end,
                                                  const float* __restrict B, long columns, const float* d,
                                                  float* c) {
  Vector sums[STRIP_VECTORS] = {};
  for (; begin < end; begin++) {
    const Vector value = broadcast(begin->value);
    const float* row = B + begin->column * STRIP;
#pragma GCC unroll 6
    for (int j = 0; j < STRIP_VECTORS; j++) sums[j] += value * load(row + j * LANES);
  }
  if (columns == STRIP) {
#pragma GCC unroll 6
    for (int j = 0; j < STRIP_VECTORS; j++) store(c + j * LANES, load(d + j * LANES) + sums[j]);
    return;
  }
  for (int j = 0; j * LANES < columns; j++) {
    const long lanes = std::min<long>(LANES, columns - j * LANES);
    store(c + j * LANES, load(d + j * LANES, lanes) + sums[j], lanes);
  }
}

// Copies up to STRIP columns of B, and 0 in the place of others.
static inline void copy_strip(const ConstMatrix& B, const Matrix& to) {
  if (B.columns < STRIP) std::fill(to.data, to.data + B.rows * STRIP, 0.f);
  const Matrix columns = to.column_block(0, B.columns);
  if (B.column_stride != 1) return transpose(B.transposed(), columns);
  for (long k = 0; k < B.rows; k++)
    std::memcpy(&columns.at(k, 0), &B.at(k, 0), B.columns * sizeof(float));
}

// C = A B + D. A and B lie in memory by rows or by columns, C by rows. D may be C; with a row_stride of 0 it
// is one row for all. A number of A that is 0 leaves its row of B out, whatever that holds.
template <class Pool>
void sparse_product(Pool& pool, const ConstMatrix& A, const ConstMatrix& B, const ConstMatrix& D,
                    const Matrix& C) {
  const Nonzeros nonzeros(A);
  const long parts = part_count(pool, 1.0 * nonzeros.count() * C.columns, SPARSE_PART);
  const long strips = B.rows * STRIP * parts;
  Workspace memory(strips + 2 * nonzeros.count());  // a Nonzero takes the room of two floats
  Nonzero* list = reinterpret_cast<Nonzero*>(memory.data() + strips);
  nonzeros.list(list);
  parallel_for(pool, parts, C.columns, STRIP, [&](Part part) {
    const Matrix strip = matrix(memory.data() + B.rows * STRIP * part.number, B.rows, STRIP);
    for (long column = part.begin; column < part.end; column += STRIP) {
      const long columns = std::min(STRIP, part.end - column);
      copy_strip(B.column_block(column, columns), strip);
      for (long i = 0; i < A.rows; i++) {
        if (i + ROWS_AHEAD < A.rows)
          for (long j = 0; j < columns; j += 16) __builtin_prefetch(&C.at(i + ROWS_AHEAD, column + j), 1);
        sum_of_rows(list + nonzeros.first[i], list + nonzeros.first[i + 1], strip.data, columns,
                    &D.at(i, column), &C.at(i, column));
      }
    }
  });
}

}  // namespace neurona
