// Maximum pooling by windows side by side, and its gradient. `where` tells which input of its window won, the first of equal ones.
#pragma once

#include <algorithm>
#include <cstring>

#include "parallel.h"
#include "vector.h"

namespace neurona {

constexpr double POOLING_PART = 50e3;  // inputs that are worth a thread of their own

NEURONA_INLINE Integers load(const int32_t* from, long count) {
  return (Integers)load(reinterpret_cast<const float*>(from), count);
}

struct Pooling {
  long batch, channels;
  long sizes[3], window[3];

  long outputs(int axis) const { return sizes[axis] / window[axis]; }
  long inputs() const { return batch * sizes[0] * sizes[1] * sizes[2] * channels; }
};

// One window, of rows that lie so many floats apart. `lanes` channels exist.
NEURONA_INLINE void pool_window(const float* x, const long window[3], long plane, long row, long channels, long lanes, float* y,
                                int32_t* where) {
  Vector most{};
  Integers winner{}, number{};
  for (long i = 0; i < window[0]; i++)
    for (long j = 0; j < window[1]; j++)
      for (long k = 0; k < window[2]; k++) {
        Vector v = load(x + i * plane + j * row + k * channels, lanes);
        Integers wins = (v > most) | (v != v);
        if (i + j + k == 0) wins = ~Integers{};
        most = wins ? v : most;
        winner = wins ? number : winner;
        number += 1;
      }
  store(y, most, lanes);
  store(reinterpret_cast<float*>(where), (Vector)winner, lanes);
}

// Some rows of windows, from the inputs of the first one on, which lie in rows of so many floats, `rows_of_plane` to a plane.
static inline void pool_rows(const Pooling& p, const float* x, long rows, float* y, int32_t* where) {
  const long row = p.sizes[2] * p.channels, plane = p.sizes[1] * row, two_by_two[3] = {2, 1, 2};
  bool is_two_by_two = std::equal(two_by_two, two_by_two + 3, p.window);
  for (long i = 0; i < rows; i++)
    for (long j = 0; j < p.outputs(1); j++)
      for (long k = 0; k < p.outputs(2); k++, y += p.channels, where += p.channels) {
        const float* from = x + i * p.window[0] * plane + j * p.window[1] * row + k * p.window[2] * p.channels;
        for (long c = 0; c < p.channels; c += LANES) {
          long lanes = std::min<long>(LANES, p.channels - c);
          if (is_two_by_two) {
            pool_window(from + c, two_by_two, plane, row, p.channels, lanes, y + c, where + c);
          } else {
            pool_window(from + c, p.window, plane, row, p.channels, lanes, y + c, where + c);
          }
        }
      }
}

// The gradient of a row of inputs: those that won have that of their window.
static inline void unpool_row(const Pooling& p, const float* g, const int32_t* where, long sample, long i, long j, float* to) {
  if (i / p.window[0] >= p.outputs(0) || j / p.window[1] >= p.outputs(1)) {
    std::memset(to, 0, p.sizes[2] * p.channels * sizeof(float));
    return;
  }
  long row = ((sample * p.outputs(0) + i / p.window[0]) * p.outputs(1) + j / p.window[1]) * p.outputs(2);
  long first = ((i % p.window[0]) * p.window[1] + j % p.window[1]) * p.window[2];  // the number in the window of the row's first input
  for (long k = 0; k < p.outputs(2); k++)
    for (long offset = 0; offset < p.window[2]; offset++, to += p.channels)
      for (long c = 0; c < p.channels; c += LANES) {
        long lanes = std::min<long>(LANES, p.channels - c), at = (row + k) * p.channels + c;
        Integers wins = load(where + at, lanes) == static_cast<int32_t>(first + offset);
        store(to + c, wins ? load(g + at, lanes) : Vector{}, lanes);
      }
  std::memset(to, 0, (p.sizes[2] - p.outputs(2) * p.window[2]) * p.channels * sizeof(float));
}

template <class Pool>
void max_pool(Pool& pool, const Pooling& p, const float* x, float* y, int32_t* where) {
  long parts = parts_of(pool, p.inputs(), POOLING_PART), rows = p.batch * p.outputs(0);
  long outputs = p.outputs(1) * p.outputs(2) * p.channels;
  parallel_for(pool, parts, [&](long part) {
    for (long row = first_of(part, parts, rows, 1); row < first_of(part + 1, parts, rows, 1); row++) {
      long plane = row / p.outputs(0) * p.sizes[0] + row % p.outputs(0) * p.window[0];
      pool_rows(p, x + plane * p.sizes[1] * p.sizes[2] * p.channels, 1, y + row * outputs, where + row * outputs);
    }
  });
}

template <class Pool>
void max_pool_gradient(Pool& pool, const Pooling& p, const int32_t* where, const float* g, float* dx) {
  long parts = parts_of(pool, p.inputs(), POOLING_PART), rows = p.batch * p.sizes[0] * p.sizes[1];
  parallel_for(pool, parts, [&](long part) {
    for (long row = first_of(part, parts, rows, 1); row < first_of(part + 1, parts, rows, 1); row++) {
      long j = row % p.sizes[1], plane = row / p.sizes[1];
      unpool_row(p, g, where, plane / p.sizes[0], plane % p.sizes[0], j, dx + row * p.sizes[2] * p.channels);
    }
  });
}

}  // namespace neurona
