// The inner loop of convolutions: a matrix product C = A B whose rows and terms lie in pieces all over A.
#pragma once

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "matrix.h"

namespace neurona {

// Consecutive rows of A and C, or consecutive terms of every sum.
struct Span {
  long a;       // the place of the first one in A
  long b;       // for rows the place of the first one in C, for terms its row in B
  long length;  // how many
};

// C[row, column] = sum over the terms of A[row + term] * B[term, column], and the epilogue.
struct Sums {
  std::vector<Span> rows, terms;
  long row_step, term_step;  // in A, between neighbouring rows or terms of a span. One of them is 1
  long B_stride, C_stride;
  long columns;  // of C. B is read up to the next multiple of LANES
  Epilogue epilogue;
};

// Some terms of every sum.
struct Terms {
  const Span *begin, *end;
};

// ROWS rows and VECTORS vectors of C, whose sums stay in registers. The step that is 1 is known when this is
// compiled: NEIGHBOURING_ROWS tells whether neighbouring rows, else neighbouring terms, are neighbours in A.
// `step` is the other one.
template <int ROWS, int VECTORS, bool NEIGHBOURING_ROWS>
static __attribute__((noinline)) void sums_tile(Terms terms, const float* __restrict A, long step,
                                                ConstMatrix B, Matrix C, Epilogue epilogue) {
  // Four terms at a time: the address of a row, for which there may be no register, is fetched once for all
  // four.
  constexpr int TOGETHER = VECTORS == 1 && !NEIGHBOURING_ROWS ? 4 : 1;
  const long row_step = NEIGHBOURING_ROWS ? 1 : step, term_step = NEIGHBOURING_ROWS ? step : 1;
  const long B_stride = B.row_stride;
  Vector sums[ROWS][VECTORS] = {};
  for (const Span* term = terms.begin; term < terms.end; term++) {
    const float* a = A + term->a;
    const float* __restrict b = B.data + term->b * B_stride;
    long left = term->length;
    for (; left >= TOGETHER; left -= TOGETHER, a += TOGETHER * term_step, b += TOGETHER * B_stride) {
      Vector rows_of_B[TOGETHER][VECTORS];
#pragma GCC unroll 4
      for (int k = 0; k < TOGETHER; k++)
#pragma GCC unroll 4
        for (int j = 0; j < VECTORS; j++) rows_of_B[k][j] = load(b + k * B_stride + LANES * j);
#pragma GCC unroll 16
      for (int i = 0; i < ROWS; i++) {
        const float* row = a + i * row_step;
        if (TOGETHER > 1)
          asm("" : "+r"(row));  // else the compiler keeps an address for each of the four terms
#pragma GCC unroll 4
        for (int k = 0; k < TOGETHER; k++) {
          const Vector value = broadcast(row[k * term_step]);
#pragma GCC unroll 4
          for (int j = 0; j < VECTORS; j++) sums[i][j] += value * rows_of_B[k][j];
        }
      }
    }
    for (; TOGETHER > 1 && left > 0; left--, a++, b += B_stride)
#pragma GCC unroll 16
      for (int i = 0; i < ROWS; i++) sums[i][0] += broadcast(a[i * row_step]) * load(b);
  }
  finish_tile(sums, C, epilogue);
}

using SumsTile = void (*)(Terms, const float*, long, ConstMatrix, Matrix, Epilogue);

// The most rows of a tile with this many vectors. Registers per tile: ROWS x VECTORS sums, VECTORS columns of
// B and one broadcast.
constexpr int SUMS_ROWS[] = {0, REGISTERS >= 32 ? 16 : 12, REGISTERS >= 32 ? 14 : 6, REGISTERS >= 32 ? 9 : 4,
                             REGISTERS >= 32 ? 6 : 2};

template <int VECTORS, bool NEIGHBOURING_ROWS, std::size_t... I>
static constexpr std::array<SumsTile, sizeof...(I)> sums_tiles(std::index_sequence<I...>) {
  return {sums_tile<I + 1, VECTORS, NEIGHBOURING_ROWS>...};
}

template <int VECTORS>
static SumsTile sums_tile_of(long rows, bool neighbouring_rows) {
  using Rows = std::make_index_sequence<SUMS_ROWS[VECTORS]>;
  static constexpr auto of_rows = sums_tiles<VECTORS, true>(Rows()),
                        of_terms = sums_tiles<VECTORS, false>(Rows());
  return neighbouring_rows ? of_rows[rows - 1] : of_terms[rows - 1];
}

static inline SumsTile sums_tile_of(long rows, long vectors, bool neighbouring_rows) {
  return vectors == 4   ? sums_tile_of<4>(rows, neighbouring_rows)
         : vectors == 3 ? sums_tile_of<3>(rows, neighbouring_rows)
         : vectors == 2 ? sums_tile_of<2>(rows, neighbouring_rows)
                        : sums_tile_of<1>(rows, neighbouring_rows);
}

// The vectors of the next strip of columns: four where spans of rows are short; else three, but no strip of
// one vector remains after it, because a single vector waits for A.
static inline long vectors_of_strip(long left, long longest_row) {
  if (left >= 4 && longest_row <= SUMS_ROWS[4]) return 4;
  return left == 4 ? 2 : left < 3 ? left : 3;
}

// The terms of all sums in blocks of about DEPTH terms.
class TermBlocks {
 public:
  explicit TermBlocks(const Sums& s) {
    long total = 0;
    for (const Span& term : s.terms) total += term.length;
    const long blocks = std::max(1L, (total + DEPTH - 1) / DEPTH), depth = (total + blocks - 1) / blocks;
    long room = depth;
    for (Span term : s.terms)
      while (term.length > 0) {
        const long taken = std::min(room, term.length);
        terms_.push_back({term.a, term.b, taken});
        term = {term.a + taken * s.term_step, term.b + taken, term.length - taken};
        room -= taken;
        if (room == 0) {
          ends_.push_back(terms_.size());
          room = depth;
        }
      }
    if (ends_.back() != terms_.size() || terms_.empty()) ends_.push_back(terms_.size());
  }
  std::size_t count() const { return ends_.size() - 1; }
  Terms operator[](std::size_t block) const {
    return {terms_.data() + ends_[block], terms_.data() + ends_[block + 1]};
  }

 private:
  std::vector<Span> terms_;           // spans, cut where a block ends
  std::vector<std::size_t> ends_{0};  // where each block ends in terms_
};

static inline void sums(const Sums& s, const float* A, const float* B, float* C) {
  const bool neighbouring_rows = s.row_step == 1;
  const long step = neighbouring_rows ? s.term_step : s.row_step;
  const TermBlocks blocks(s);
  long longest_row = 0;
  for (const Span& row : s.rows) longest_row = std::max(longest_row, row.length);
  for (long column = 0, width; column < s.columns; column += width) {
    const long left = s.columns - column, vectors = vectors_of_strip((left + LANES - 1) / LANES, longest_row);
    width = std::min(left, vectors * LANES);
    const ConstMatrix strip{B + column, 0, width, s.B_stride};
    for (std::size_t block = 0; block < blocks.count(); block++) {
      const bool is_last = block + 1 == blocks.count();
      const Epilogue epilogue = s.epilogue.of_terms(block == 0, is_last).of_columns(column);
      for (const Span& span : s.rows)
        for (long row = 0, rows; row < span.length; row += rows) {
          const long remaining = span.length - row,
                     tiles = (remaining + SUMS_ROWS[vectors] - 1) / SUMS_ROWS[vectors];
          rows = (remaining + tiles - 1) / tiles;
          const SumsTile tile = sums_tile_of(rows, vectors, neighbouring_rows);
          tile(blocks[block], A + span.a + row * s.row_step, step, strip,
               {C + span.b + row * s.C_stride + column, rows, width, s.C_stride}, epilogue);
        }
    }
  }
}

}  // namespace neurona
