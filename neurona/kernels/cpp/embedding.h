// Rows of a table, chosen by their numbers, and the gradient of the table. A number below 0 means a row that
// does not exist.
#pragma once

#include <limits>

#include "parallel.h"
#include "vector.h"

namespace neurona {

namespace plain {

inline void embedding(long count, long width,
                      const float* table,      // (rows, width)
                      const int32_t* numbers,  // (count)
                      double* y) {             // (count, width)
  for (long i = 0; i < count; i++)
    for (long j = 0; j < width; j++)
      y[i * width + j] =
          numbers[i] < 0 ? std::numeric_limits<double>::quiet_NaN() : table[numbers[i] * width + j];
}

// Adds to dtable, which begins with 0.
inline void embedding_gradient(long count, long width,
                               const int32_t* numbers,  // (count)
                               const float* g,          // (count, width), the gradient of y
                               double* dtable) {        // (rows, width)
  for (long i = 0; i < count; i++)
    for (long j = 0; j < width; j++)
      if (numbers[i] >= 0) dtable[numbers[i] * width + j] += g[i * width + j];
}

}  // namespace plain

constexpr double EMBEDDING_PART = 30e3;  // floats that are worth a thread

// y[i] = table[numbers[i]], rows of `width` floats, which are NaN where there is no such row.
template <class Pool>
void embedding(Pool& pool, long count, long width, const float* table, const int32_t* numbers, float* y) {
  parallel_for(pool, part_count(pool, 1.0 * count * width, EMBEDDING_PART), count, [&](Part part) {
    for (long i = part.begin; i < part.end; i++) {
      float* to = y + i * width;
      if (numbers[i] >= 0) {
        std::memcpy(to, table + numbers[i] * width, width * sizeof(float));
      } else {
        for (long j = 0; j < width; j++) to[j] = std::numeric_limits<float>::quiet_NaN();
      }
    }
  });
}

// dtable[numbers[i]] += g[i], from 0, in the order of i. When adding, a thread owns columns of the table: no
// two threads write to the same place, each has the same work even if one row is chosen often, and the sums
// do not depend on the number of threads.
template <class Pool>
void embedding_gradient(Pool& pool, long count, long width, long rows, const int32_t* numbers, const float* g,
                        float* dtable) {
  const long parts = part_count(pool, 1.0 * (rows + count) * width, EMBEDDING_PART);
  parallel_for(pool, parts, rows * width, LANES,
               [&](Part part) { std::memset(dtable + part.begin, 0, part.size() * sizeof(float)); });
  parallel_for(pool, parts, width, LANES, [&](Part columns) {
    for (long i = 0; i < count; i++) {
      if (numbers[i] < 0) continue;
      float* to = dtable + numbers[i] * width;
      const float* from = g + i * width;
      long j = columns.begin;
      for (; j + LANES <= columns.end; j += LANES) store(to + j, load(to + j) + load(from + j));
      const long remainder = columns.end - j;
      if (remainder > 0) store(to + j, load(to + j, remainder) + load(from + j, remainder), remainder);
    }
  });
}

}  // namespace neurona
