// Layer normalization of x (rows, C): y = gamma * (x - mean) / sqrt(variance + epsilon) + beta with each row's mean and variance over its
// C features, and its gradients.
#pragma once

#include "parallel.h"
#include "vector.h"

namespace neurona {

constexpr double LAYER_NORMALIZATION_PART = 15e3;  // floats that are worth a thread of their own

// A vector for each of up to LANES rows, to be summed together: that costs a fraction of summing one after another.
struct RowSums {
  float values[LANES][LANES] = {};
  // Lane i is the sum of row i.
  Vector totals() const {
    Vector rows[LANES];
    for (int i = 0; i < LANES; i++) rows[i] = load(values[i]);
    sum_rows(rows);
    return rows[0];
  }
};

// work(first row, how many) for groups of up to LANES rows that fit into the first-level cache, the groups of a part one after another.
template <class Work>
NEURONA_INLINE void for_groups(long part, long parts, long rows, long C, const Work& work) {
  constexpr long CACHED = 4096;  // floats
  const long end = first_of(part + 1, parts, rows, 1), fit = CACHED / C < 1 ? 1 : CACHED / C, most = fit < LANES ? fit : LANES;
  for (long row = first_of(part, parts, rows, 1); row < end; row += most) work(row, end - row < most ? end - row : most);
}

// The sum of value(place, lanes) over the vectors of a row; four sums side by side, which do not wait for one another.
template <class Value>
NEURONA_INLINE Vector sum_of_vectors(long C, const Value& value) {
  Vector total[4] = {};
  for_strips(C, [&](auto vectors, long place, long lanes) {
    for (int v = 0; v < vectors; v++) total[v] += value(place + v * LANES, lanes);
  });
  return (total[0] + total[1]) + (total[2] + total[3]);
}

template <class Pool>
void layer_normalization(Pool& pool, long rows, long C, const float* x, const float* gamma, const float* beta, float epsilon, float* y,
                         float* mean, float* inverse_deviation) {
  const Vector n = broadcast(static_cast<float>(C));
  const long parts = parts_of(pool, 1.0 * rows * C, LAYER_NORMALIZATION_PART);
  parallel_for(pool, parts, [&](long part) {
    RowSums sums;
    for_groups(part, parts, rows, C, [&](long first, long count) {
      for (long i = 0; i < count; i++) {
        const float* row = x + (first + i) * C;
        store(sums.values[i], sum_of_vectors(C, [&](long place, long lanes) { return load(row + place, lanes); }));
      }
      store(mean + first, sums.totals() / n, count);
      for (long i = 0; i < count; i++) {
        const float* row = x + (first + i) * C;
        const Vector center = broadcast(mean[first + i]);
        store(sums.values[i], sum_of_vectors(C, [&](long place, long lanes) {
                Vector difference = first_or(load(row + place, lanes) - center, lanes, 0);
                return difference * difference;
              }));
      }
      store(inverse_deviation + first, broadcast(1.f) / square_root(sums.totals() / n + broadcast(epsilon)), count);
      for (long i = 0; i < count; i++) {
        const long row = (first + i) * C;
        const Vector center = broadcast(mean[first + i]), factor = broadcast(inverse_deviation[first + i]);
        for_strips(C, [&](auto vectors, long place, long lanes) {
          for (long j = place; j < place + vectors * LANES; j += LANES)
            store(y + row + j, (load(x + row + j, lanes) - center) * factor * load(gamma + j, lanes) + load(beta + j, lanes), lanes);
        });
      }
    });
  });
}

// From the gradient g of y: those of x, gamma and beta. With z = (x - mean) / deviation,
// dx = (gamma * g - mean of gamma * g - z * mean of gamma * g * z) / deviation.
template <class Pool>
void layer_normalization_gradients(Pool& pool, long rows, long C, const float* x, const float* gamma, const float* mean,
                                   const float* inverse_deviation, const float* g, float* dx, float* dgamma, float* dbeta) {
  const Vector n = broadcast(static_cast<float>(C));
  const long parts = parts_of(pool, 1.0 * rows * C, LAYER_NORMALIZATION_PART);
  Workspace memory(2 * parts * C);
  float *of_gamma = memory.data(), *of_beta = of_gamma + parts * C;  // each part's sums
  std::memset(of_gamma, 0, 2 * parts * C * sizeof(float));
  parallel_for(pool, parts, [&](long part) {
    float *own_gamma = of_gamma + part * C, *own_beta = of_beta + part * C;
    for_groups(part, parts, rows, C, [&](long first, long count) {
      auto z = [&](long row, long place, long lanes) {
        return (load(x + row * C + place, lanes) - broadcast(mean[row])) * broadcast(inverse_deviation[row]);
      };
      RowSums scaled, products;  // gamma * g, and gamma * g * z
      for_strips(C, [&](auto vectors, long place, long lanes) {
        constexpr int V = vectors;
        Vector gamma_total[V] = {}, beta_total[V] = {};
        for (long i = 0; i < count; i++) {
          Vector scaled_total = load(scaled.values[i]), products_total = load(products.values[i]);
          for (int v = 0; v < V; v++) {
            const long j = place + v * LANES;
            Vector gradient = load(g + (first + i) * C + j, lanes), weight = load(gamma + j, lanes);
            Vector product = gradient * z(first + i, j, lanes);
            beta_total[v] += gradient;
            gamma_total[v] += product;
            scaled_total += gradient * weight;
            products_total += product * weight;
          }
          store(scaled.values[i], scaled_total);
          store(products.values[i], products_total);
        }
        for (int v = 0; v < V; v++) {
          const long j = place + v * LANES;
          store(own_gamma + j, load(own_gamma + j, lanes) + gamma_total[v], lanes);
          store(own_beta + j, load(own_beta + j, lanes) + beta_total[v], lanes);
        }
      });
      float offsets[LANES], slopes[LANES];
      store(offsets, scaled.totals() / n);
      store(slopes, products.totals() / n);
      for (long i = 0; i < count; i++) {
        const long row = (first + i) * C;
        const Vector offset = broadcast(offsets[i]), slope = broadcast(slopes[i]), factor = broadcast(inverse_deviation[first + i]);
        for_strips(C, [&](auto vectors, long place, long lanes) {
          for (long j = place; j < place + vectors * LANES; j += LANES) {
            Vector gradient = load(g + row + j, lanes) * load(gamma + j, lanes);
            store(dx + row + j, (gradient - offset - z(first + i, j, lanes) * slope) * factor, lanes);
          }
        });
      }
    });
  });
  for (long i = 0; i < C; i++) {
    float gamma_total = 0, beta_total = 0;
    for (long part = 0; part < parts; part++) {
      gamma_total += of_gamma[part * C + i];
      beta_total += of_beta[part * C + i];
    }
    dgamma[i] = gamma_total;
    dbeta[i] = beta_total;
  }
}

}  // namespace neurona
