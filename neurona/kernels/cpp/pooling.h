// Maximum pooling by windows that tile the input, and its gradient. `where` holds the number of the largest
// input in its window, the first of equal ones.
//
// x is (N, *sizes, C), y and where (N, *outputs, C) with three spatial axes. Inputs that fill no window are
// not read.
#pragma once

#include <algorithm>
#include <cstring>

#include "parallel.h"
#include "vector.h"

namespace neurona {

constexpr double POOLING_PART = 50e3;  // inputs that are worth a thread

NEURONA_INLINE Integers load(const int32_t* from, long count) {
  return (Integers)load(reinterpret_cast<const float*>(from), count);
}

struct Pooling {
  long batch, channels;
  long sizes[3], window[3];

  long outputs(int axis) const { return sizes[axis] / window[axis]; }
  long inputs() const { return batch * sizes[0] * sizes[1] * sizes[2] * channels; }
};

namespace plain {

// Calls work(place in y, place in x, number in the window) for every input of every window.
template <class Work>
void each_input(const Pooling& p, const Work& work) {
  long output = 0;
  for (long n = 0; n < p.batch; n++)
    for (long i = 0; i < p.outputs(0); i++)
      for (long j = 0; j < p.outputs(1); j++)
        for (long k = 0; k < p.outputs(2); k++)
          for (long c = 0; c < p.channels; c++, output++)
            for (long number = 0; number < p.window[0] * p.window[1] * p.window[2]; number++) {
              const long plane = i * p.window[0] + number / p.window[2] / p.window[1];
              const long row = j * p.window[1] + number / p.window[2] % p.window[1];
              const long column = k * p.window[2] + number % p.window[2];
              work(output,
                   (((n * p.sizes[0] + plane) * p.sizes[1] + row) * p.sizes[2] + column) * p.channels + c,
                   number);
            }
}

inline void max_pool(const Pooling& p,
                     const float* x,    // (N, *sizes, C)
                     double* y,         // (N, *outputs, C)
                     int32_t* where) {  // (N, *outputs, C)
  each_input(p, [&](long output, long input, long number) {
    if (number > 0 && x[input] <= y[output]) return;
    y[output] = x[input];
    where[output] = static_cast<int32_t>(number);
  });
}

// Adds to dx, which begins with 0.
inline void max_pool_gradient(const Pooling& p,
                              const int32_t* where,  // (N, *outputs, C)
                              const float* g,        // (N, *outputs, C), the gradient of y
                              double* dx) {          // (N, *sizes, C)
  each_input(p, [&](long output, long input, long number) {
    if (where[output] == number) dx[input] += g[output];
  });
}

}  // namespace plain

// One window, which begins at x, for `lanes` channels. `window` is p.window, or the same as a constant.
NEURONA_INLINE void pool_window(const Pooling& p, const long window[3], const float* x, long lanes, float* y,
                                int32_t* where) {
  const long row = p.sizes[2] * p.channels, plane = p.sizes[1] * row;
  Vector most{};
  Integers winner{}, number{};
  for (long i = 0; i < window[0]; i++)
    for (long j = 0; j < window[1]; j++)
      for (long k = 0; k < window[2]; k++) {
        const Vector v = load(x + i * plane + j * row + k * p.channels, lanes);
        Integers wins = (v > most) | (v != v);
        if (i + j + k == 0) wins = ~Integers{};
        most = wins ? v : most;
        winner = wins ? number : winner;
        number += 1;
      }
  store(y, most, lanes);
  store(reinterpret_cast<float*>(where), (Vector)winner, lanes);
}

// The windows along the first spatial axis that begin at x.
static inline void pool_row(const Pooling& p, const float* x, float* y, int32_t* where) {
  constexpr long TWO_BY_TWO[3] = {2, 1, 2};
  const bool is_two_by_two = std::equal(TWO_BY_TWO, TWO_BY_TWO + 3, p.window);
  const long row = p.sizes[2] * p.channels;
  for (long j = 0; j < p.outputs(1); j++)
    for (long k = 0; k < p.outputs(2); k++, y += p.channels, where += p.channels) {
      const float* from = x + j * p.window[1] * row + k * p.window[2] * p.channels;
      for (long c = 0; c < p.channels; c += LANES) {
        const long lanes = std::min<long>(LANES, p.channels - c);
        if (is_two_by_two) {
          pool_window(p, TWO_BY_TWO, from + c, lanes, y + c, where + c);
        } else {
          pool_window(p, p.window, from + c, lanes, y + c, where + c);
        }
      }
    }
}

// The gradient of the row (i, j) of inputs of a sample: that of the window for the inputs that won, else 0.
static inline void unpool_row(const Pooling& p, const float* g, const int32_t* where, long sample, long i,
                              long j, float* dx) {
  if (i / p.window[0] >= p.outputs(0) || j / p.window[1] >= p.outputs(1)) {
    std::memset(dx, 0, p.sizes[2] * p.channels * sizeof(float));
    return;
  }
  const long row =
      ((sample * p.outputs(0) + i / p.window[0]) * p.outputs(1) + j / p.window[1]) * p.outputs(2);
  // The number in its window of the first input of the row.
  const long first = ((i % p.window[0]) * p.window[1] + j % p.window[1]) * p.window[2];
  for (long k = 0; k < p.outputs(2); k++)
    for (long offset = 0; offset < p.window[2]; offset++, dx += p.channels)
      for (long c = 0; c < p.channels; c += LANES) {
        const long lanes = std::min<long>(LANES, p.channels - c), place = (row + k) * p.channels + c;
        const Integers wins = load(where + place, lanes) == static_cast<int32_t>(first + offset);
        store(dx + c, wins ? load(g + place, lanes) : Vector{}, lanes);
      }
  std::memset(dx, 0, (p.sizes[2] - p.outputs(2) * p.window[2]) * p.channels * sizeof(float));
}

template <class Pool>
void max_pool(Pool& pool, const Pooling& p, const float* x, float* y, int32_t* where) {
  const long outputs = p.outputs(1) * p.outputs(2) * p.channels, plane = p.sizes[1] * p.sizes[2] * p.channels;
  const long parts = part_count(pool, p.inputs(), POOLING_PART);
  parallel_for(pool, parts, p.batch * p.outputs(0), [&](Part part) {
    for (long row = part.begin; row < part.end; row++) {
      const long first = row / p.outputs(0) * p.sizes[0] + row % p.outputs(0) * p.window[0];
      pool_row(p, x + first * plane, y + row * outputs, where + row * outputs);
    }
  });
}

template <class Pool>
void max_pool_gradient(Pool& pool, const Pooling& p, const int32_t* where, const float* g, float* dx) {
  const long parts = part_count(pool, p.inputs(), POOLING_PART);
  parallel_for(pool, parts, p.batch * p.sizes[0] * p.sizes[1], [&](Part part) {
    for (long row = part.begin; row < part.end; row++) {
      const long j = row % p.sizes[1], plane = row / p.sizes[1];
      unpool_row(p, g, where, plane / p.sizes[0], plane % p.sizes[0], j, dx + row * p.sizes[2] * p.channels);
    }
  });
}

}  // namespace neurona
