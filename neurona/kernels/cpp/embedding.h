// Rows of a table chosen by their numbers, and the gradient of the table. A number below 0 stands for a row that does not exist.
#pragma once

#include <limits>

#include "parallel.h"
#include "vector.h"

namespace neurona {

constexpr double EMBEDDING_PART = 30e3;  // floats that are worth a thread of their own

// y[i] = table[numbers[i]], of rows of `width` floats; NaN where there is no such row.
template <class Pool>
void embedding(Pool& pool, long count, long width, const float* table, const int32_t* numbers, float* y) {
  long parts = parts_of(pool, 1.0 * count * width, EMBEDDING_PART);
  parallel_for(pool, parts, [&](long part) {
    long end = first_of(part + 1, parts, count, 1);
    for (long i = first_of(part, parts, count, 1); i < end; i++) {
      float* to = y + i * width;
      if (numbers[i] >= 0) {
        std::memcpy(to, table + numbers[i] * width, width * sizeof(float));
      } else {
        for (long j = 0; j < width; j++) to[j] = std::numeric_limits<float>::quiet_NaN();
      }
    }
  });
}

// dtable[numbers[i]] += g[i], from 0, in the order of i. When adding, a thread owns columns of the table: no two write to the same
// place, each has the same work however often a row is chosen, and the sums don't depend on the number of threads.
template <class Pool>
void embedding_gradient(Pool& pool, long count, long width, long rows, const int32_t* numbers, const float* g, float* dtable) {
  long parts = parts_of(pool, 1.0 * (rows + count) * width, EMBEDDING_PART);
  parallel_for(pool, parts, [&](long part) {
    long first = first_of(part, parts, rows * width, LANES), end = first_of(part + 1, parts, rows * width, LANES);
    std::memset(dtable + first, 0, (end - first) * sizeof(float));
  });
  parallel_for(pool, parts, [&](long part) {
    long first = first_of(part, parts, width, LANES), end = first_of(part + 1, parts, width, LANES);
    for (long i = 0; i < count; i++) {
      if (numbers[i] < 0) continue;
      float* to = dtable + numbers[i] * width;
      const float* from = g + i * width;
      long j = first;
      for (; j + LANES <= end; j += LANES) store(to + j, load(to + j) + load(from + j));
      if (j < end) store(to + j, load(to + j, end - j) + load(from + j, end - j), end - j);
    }
  });
}

}  // namespace neurona
