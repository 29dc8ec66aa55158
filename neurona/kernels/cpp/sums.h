// The loop behind convolutions: a matrix product whose rows and terms lie in pieces all over A.
#pragma once

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "vector.h"

namespace neurona {

// Consecutive rows of A and C, or consecutive terms of every sum.
struct Span {
  long a;       // the place of the first in A
  long b;       // for rows the place of the first in C, for terms its row in B
  long length;  // how many
};

// C[row, column] = activation(bias[column] + sum over the terms of A[row + term] * B[term, column]).
struct Sums {
  std::vector<Span> rows, terms;
  long row_step, term_step;  // in A, between neighbouring rows or terms of a span; one of them is 1
  long B_stride, C_stride;
  long columns;  // of C; B is read up to the next multiple of LANES
  const float* bias = nullptr;
  Activation activation = Activation::linear;
  bool accumulate = false;  // add to what C holds
};

// ROWS rows and VECTORS vectors of C in registers, over some terms. `last_lanes` columns of the last vector exist. Of the two steps the one
// that is 1 is known here: neighbouring rows, or neighbouring terms, are neighbours in A.
template <int ROWS, int VECTORS, bool NEIGHBOURING_ROWS>
static __attribute__((noinline)) void sums_tile(const Span* term, const Span* end, const float* __restrict A, long step,
                                                const float* __restrict B, long B_stride, float* __restrict C, long C_stride,
                                                long last_lanes, bool accumulate, const float* bias, Activation activation) {
  // Four terms at a time, so that the address of a row, for which there may be no register, is fetched once for all four.
  constexpr int TOGETHER = VECTORS == 1 && !NEIGHBOURING_ROWS ? 4 : 1;
  const long row_step = NEIGHBOURING_ROWS ? 1 : step, term_step = NEIGHBOURING_ROWS ? step : 1;
  Vector total[ROWS][VECTORS];
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < VECTORS; j++) total[i][j] = Vector{};
  for (; term < end; term++) {
    const float* a = A + term->a;
    const float* b = B + term->b * B_stride;
    long left = term->length;
    for (; left >= TOGETHER; left -= TOGETHER, a += TOGETHER * term_step, b += TOGETHER * B_stride) {
      Vector columns[TOGETHER][VECTORS];
#pragma GCC unroll 4
      for (int k = 0; k < TOGETHER; k++)
#pragma GCC unroll 4
        for (int j = 0; j < VECTORS; j++) columns[k][j] = load(b + k * B_stride + LANES * j);
#pragma GCC unroll 16
      for (int i = 0; i < ROWS; i++) {
        const float* row = a + i * row_step;
        if (TOGETHER > 1) asm("" : "+r"(row));  // in a register: else the compiler keeps an address for each of the terms
#pragma GCC unroll 4
        for (int k = 0; k < TOGETHER; k++) {
          Vector value = broadcast(row[k * term_step]);
#pragma GCC unroll 4
          for (int j = 0; j < VECTORS; j++) total[i][j] += value * columns[k][j];
        }
      }
    }
    for (; TOGETHER > 1 && left > 0; left--, a++, b += B_stride)
#pragma GCC unroll 16
      for (int i = 0; i < ROWS; i++) total[i][0] += broadcast(a[i * row_step]) * load(b);
  }
  bool relu_follows = activation == Activation::relu;
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
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

using SumsTile = void (*)(const Span*, const Span*, const float*, long, const float*, long, float*, long, long, bool, const float*, Activation);

// The most rows of a tile with so many vectors: its sums, the columns of B and a broadcast fit into the registers.
constexpr int SUMS_ROWS[] = {0, REGISTERS >= 32 ? 16 : 12, REGISTERS >= 32 ? 14 : 6, REGISTERS >= 32 ? 9 : 4, REGISTERS >= 32 ? 6 : 2};

template <int VECTORS, bool NEIGHBOURING_ROWS, std::size_t... I>
static constexpr std::array<SumsTile, sizeof...(I)> sums_tiles(std::index_sequence<I...>) {
  return {sums_tile<I + 1, VECTORS, NEIGHBOURING_ROWS>...};
}

template <int VECTORS>
static SumsTile sums_tile_of(long rows, bool neighbouring_rows) {
  using Rows = std::make_index_sequence<SUMS_ROWS[VECTORS]>;
  static constexpr auto of_rows = sums_tiles<VECTORS, true>(Rows()), of_terms = sums_tiles<VECTORS, false>(Rows());
  return neighbouring_rows ? of_rows[rows - 1] : of_terms[rows - 1];
}

// The vectors of the next strip of columns: four where rows are few, else no strip is left with one vector, which would wait for A.
static inline long vectors_of_strip(long left, long longest_row) {
  if (left >= 4 && longest_row <= SUMS_ROWS[4]) return 4;
  return left == 4 ? 2 : left < 3 ? left : 3;
}

static inline void sums(const Sums& s, const float* A, const float* B, float* C) {
  constexpr long DEPTH = 192;  // terms between visits to C: a strip of B of this depth stays in the first-level cache
  const bool neighbouring_rows = s.row_step == 1;
  long total = 0, longest_row = 0;
  for (const Span& term : s.terms) total += term.length;
  for (const Span& row : s.rows) longest_row = std::max(longest_row, row.length);
  long blocks = std::max(1L, (total + DEPTH - 1) / DEPTH), depth = (total + blocks - 1) / blocks;
  std::vector<Span> terms;           // cut where blocks end
  std::vector<std::size_t> ends{0};  // of the blocks, in `terms`
  long room = depth;
  for (Span term : s.terms)
    while (term.length > 0) {
      long taken = std::min(room, term.length);
      terms.push_back({term.a, term.b, taken});
      term = {term.a + taken * s.term_step, term.b + taken, term.length - taken};
      room -= taken;
      if (room == 0) {
        ends.push_back(terms.size());
        room = depth;
      }
    }
  if (ends.back() != terms.size() || terms.empty()) ends.push_back(terms.size());

  for (long column = 0; column < s.columns;) {
    long left = s.columns - column, vectors = vectors_of_strip((left + LANES - 1) / LANES, longest_row);
    long width = std::min(left, vectors * LANES), last_lanes = width - (vectors - 1) * LANES;
    for (std::size_t block = 1; block < ends.size(); block++) {
      bool first = block == 1, last = block + 1 == ends.size();
      for (const Span& span : s.rows)
        for (long row = 0; row < span.length;) {
          long tiles = (span.length - row + SUMS_ROWS[vectors] - 1) / SUMS_ROWS[vectors], rows = (span.length - row + tiles - 1) / tiles;
          SumsTile tile = vectors == 4   ? sums_tile_of<4>(rows, neighbouring_rows)
                          : vectors == 3 ? sums_tile_of<3>(rows, neighbouring_rows)
                          : vectors == 2 ? sums_tile_of<2>(rows, neighbouring_rows)
                                         : sums_tile_of<1>(rows, neighbouring_rows);
          tile(terms.data() + ends[block - 1], terms.data() + ends[block], A + span.a + row * s.row_step,
               neighbouring_rows ? s.term_step : s.row_step, B + column, s.B_stride, C + span.b + row * s.C_stride + column, s.C_stride,
               last_lanes, s.accumulate || !first, last && s.bias ? s.bias + column : nullptr, last ? s.activation : Activation::linear);
          row += rows;
        }
    }
    column += width;
  }
}

}  // namespace neurona
