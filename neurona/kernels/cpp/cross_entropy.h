// Cross-entropy of softmax(z) for logits z (rows, C), and its gradient. The targets are the numbers of the
// classes
// ("sparse"), or a number for each class ("dense").
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "parallel.h"
#include "vector.h"

namespace neurona {

namespace plain {

// log(sum of exp(z)) of a row. softmax(z) is exp(z - this).
inline double log_sum_of_exponentials(long C, const float* z) {
  const double most = *std::max_element(z, z + C);
  double sum = 0;
  for (long j = 0; j < C; j++) sum += std::exp(z[j] - most);
  return most + std::log(sum);
}

inline void sparse_cross_entropy(
    long rows, long C,
    const float* z,          // (rows, C)
    const int32_t* classes,  // (rows); the error is 0 where there is no such class
    const float* g,          // (rows), the gradient of the errors
    double* errors,          // (rows)
    double* dz) {            // (rows, C)
  for (long i = 0; i < rows; i++) {
    const bool exists = classes[i] >= 0 && classes[i] < C;
    const double log_sum = log_sum_of_exponentials(C, z + i * C);
    errors[i] = exists ? log_sum - z[i * C + classes[i]] : 0;
    for (long j = 0; j < C; j++)
      dz[i * C + j] = exists ? g[i] * (std::exp(z[i * C + j] - log_sum) - (j == classes[i])) : 0;
  }
}

inline void dense_cross_entropy(long rows, long C,
                                const float* z,        // (rows, C)
                                const float* targets,  // (rows, C)
                                const float* g,        // (rows), the gradient of the errors
                                double* errors,        // (rows)
                                double* dz) {          // (rows, C)
  for (long i = 0; i < rows; i++) {
    const double log_sum = log_sum_of_exponentials(C, z + i * C);
    double total = 0;
    errors[i] = 0;
    for (long j = 0; j < C; j++) {
      total += targets[i * C + j];
      errors[i] -= targets[i * C + j] * (z[i * C + j] - log_sum);
    }
    for (long j = 0; j < C; j++)
      dz[i * C + j] = g[i] * (std::exp(z[i * C + j] - log_sum) * total - targets[i * C + j]);
  }
}

}  // namespace plain

constexpr double CROSS_ENTROPY_PART = 8e3;  // logits that are worth a thread

// The two numbers of a row that the gradient needs: log softmax(z) = z - maximum - log_sum.
struct Scale {
  float maximum, log_sum;
};

// Calls work(j, lanes) for each vector of a row. For whole vectors `lanes` is a constant.
template <class Work>
NEURONA_INLINE void for_vectors(long C, const Work& work) {
  long j = 0;
  for (; j + LANES <= C; j += LANES) work(j, static_cast<long>(LANES));
  if (j < C) work(j, C - j);
}

static inline Scale scale_of(const float* z, long C) {
  const float lowest = -std::numeric_limits<float>::infinity();
  Vector most = broadcast(lowest), total{};
  for_vectors(C,
              [&](long j, long lanes) { most = maximum(most, first_or(load(z + j, lanes), lanes, lowest)); });
  float values[LANES], largest = lowest;
  store(values, most);
  for (float value : values) largest = value < largest ? largest : value;
  Vector shift = broadcast(largest);
  for_vectors(C, [&](long j, long lanes) {
    total += exponential(first_or(load(z + j, lanes) - shift, lanes, lowest));
  });
  return {largest, std::log(sum(total))};
}

// Calls work(i) for each row. The threads share the rows.
template <class Pool, class Work>
void for_rows(Pool& pool, long rows, long C, const Work& work) {
  parallel_for(pool, part_count(pool, 1.0 * rows * C, CROSS_ENTROPY_PART), rows, [&](Part part) {
    for (long i = part.begin; i < part.end; i++) work(i);
  });
}

// errors[i] = -log softmax(z[i])[classes[i]], and 0 where there is no such class.
template <class Pool>
void sparse_cross_entropy(Pool& pool, long rows, long C, const float* z, const int32_t* classes,
                          float* errors, Scale* scales) {
  for_rows(pool, rows, C, [&](long i) {
    Scale scale = scales[i] = scale_of(z + i * C, C);
    bool exists = classes[i] >= 0 && classes[i] < C;
    errors[i] = exists ? scale.log_sum - (z[i * C + classes[i]] - scale.maximum) : 0;
  });
}

// dz[i] = g[i] * (softmax(z[i]) - 1 at the class), and 0 where there is no such class.
template <class Pool>
void sparse_cross_entropy_gradient(Pool& pool, long rows, long C, const float* z, const int32_t* classes,
                                   const Scale* scales, const float* g, float* dz) {
  for_rows(pool, rows, C, [&](long i) {
    float *row = dz + i * C, maximum = scales[i].maximum, log_sum = scales[i].log_sum;
    if (classes[i] < 0 || classes[i] >= C) {
      std::memset(row, 0, C * sizeof(float));
      return;
    }
    for_vectors(C, [&](long j, long lanes) {
      store(
          row + j,
          broadcast(g[i]) * exponential(load(z + i * C + j, lanes) - broadcast(maximum) - broadcast(log_sum)),
          lanes);
    });
    row[classes[i]] -= g[i];
  });
}

// errors[i] = -sum over j of targets[i][j] * log softmax(z[i])[j].
template <class Pool>
void dense_cross_entropy(Pool& pool, long rows, long C, const float* z, const float* targets, float* errors,
                         Scale* scales) {
  for_rows(pool, rows, C, [&](long i) {
    Scale scale = scales[i] = scale_of(z + i * C, C);
    Vector total{};
    for_vectors(C, [&](long j, long lanes) {
      Vector error = broadcast(scale.log_sum) - (load(z + i * C + j, lanes) - broadcast(scale.maximum));
      total += first_or(load(targets + i * C + j, lanes) * error, lanes, 0);
    });
    errors[i] = sum(total);
  });
}

// dz[i] = g[i] * (softmax(z[i]) * sum of the targets - targets[i]).
template <class Pool>
void dense_cross_entropy_gradient(Pool& pool, long rows, long C, const float* z, const float* targets,
                                  const Scale* scales, const float* g, float* dz) {
  for_rows(pool, rows, C, [&](long i) {
    Vector total{};
    for_vectors(C, [&](long j, long lanes) { total += load(targets + i * C + j, lanes); });
    Vector weight = broadcast(sum(total)), maximum = broadcast(scales[i].maximum),
           log_sum = broadcast(scales[i].log_sum);
    for_vectors(C, [&](long j, long lanes) {
      Vector p = exponential(load(z + i * C + j, lanes) - maximum - log_sum);
      store(dz + i * C + j, broadcast(g[i]) * (p * weight - load(targets + i * C + j, lanes)), lanes);
    });
  });
}

}  // namespace neurona
