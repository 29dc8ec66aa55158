// Layer normalization of x (rows, C), y = gamma * z + beta with z = (x - mean) / sqrt(variance + epsilon),
// where mean and variance are those of a row, and its gradients.
#pragma once

#include "matrix.h"
#include "parallel.h"

namespace neurona {

namespace plain {

inline void layer_normalization(long rows, long C,
                                const float* x,      // (rows, C)
                                const float* gamma,  // (C)
                                const float* beta,   // (C)
                                double epsilon,
                                double* y,                    // (rows, C)
                                double* mean,                 // (rows)
                                double* inverse_deviation) {  // (rows)
  for (long i = 0; i < rows; i++) {
    const float* row = x + i * C;
    double sum = 0, squares = 0;
    for (long c = 0; c < C; c++) sum += row[c];
    mean[i] = sum / C;
    for (long c = 0; c < C; c++) squares += (row[c] - mean[i]) * (row[c] - mean[i]);
    inverse_deviation[i] = 1 / std::sqrt(squares / C + epsilon);
    for (long c = 0; c < C; c++)
      y[i * C + c] = (row[c] - mean[i]) * inverse_deviation[i] * gamma[c] + beta[c];
  }
}

// Adds to dgamma and dbeta, which begin with 0.
inline void layer_normalization_gradients(long rows, long C,
                                          const float* x,                   // (rows, C)
                                          const float* gamma,               // (C)
                                          const double* mean,               // (rows)
                                          const double* inverse_deviation,  // (rows)
                                          const float* g,                   // (rows, C), the gradient of y
                                          double* dx,                       // (rows, C)
                                          double* dgamma,                   // (C)
                                          double* dbeta) {                  // (C)
  for (long i = 0; i < rows; i++) {
    auto z = [&](long c) { return (x[i * C + c] - mean[i]) * inverse_deviation[i]; };
    double mean_of_dz = 0, mean_of_product = 0;  // of dz = gamma * g, and of dz * z
    for (long c = 0; c < C; c++) {
      dgamma[c] += g[i * C + c] * z(c);
      dbeta[c] += g[i * C + c];
      mean_of_dz += 1.0 * gamma[c] * g[i * C + c] / C;
      mean_of_product += 1.0 * gamma[c] * g[i * C + c] * z(c) / C;
    }
    for (long c = 0; c < C; c++)
      dx[i * C + c] =
          (1.0 * gamma[c] * g[i * C + c] - mean_of_dz - z(c) * mean_of_product) * inverse_deviation[i];
  }
}

}  // namespace plain

constexpr double LAYER_NORMALIZATION_PART = 15e3;  // floats that are worth a thread

// A vector for each of up to LANES rows. To sum them together costs a fraction of one sum after another.
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

// Calls work(first row, how many) for groups of up to LANES rows of C floats that fit into the first-level
// cache.
template <class Work>
NEURONA_INLINE void for_groups(Part rows, long C, const Work& work) {
  constexpr long CACHED = 4096;  // floats
  const long most = std::clamp<long>(CACHED / C, 1, LANES);
  for (long row = rows.begin; row < rows.end; row += most) work(row, std::min(most, rows.end - row));
}

// The sum of value(place, lanes) over the vectors of a row: four sums that do not wait for one another.
template <class Value>
NEURONA_INLINE Vector sum_of_vectors(long C, const Value& value) {
  Vector total[4] = {};
  for_strips(C, [&](auto vectors, long place, long lanes) {
    for (int v = 0; v < vectors; v++) total[v] += value(place + v * LANES, lanes);
  });
  return (total[0] + total[1]) + (total[2] + total[3]);
}

// The mean of each row of a group.
NEURONA_INLINE void row_means(const ConstMatrix& x, RowSums& sums, float* mean) {
  const Vector n = broadcast(static_cast<float>(x.columns));
  for (long i = 0; i < x.rows; i++) {
    const float* row = x.data + i * x.columns;
    store(sums.values[i],
          sum_of_vectors(x.columns, [&](long place, long lanes) { return load(row + place, lanes); }));
  }
  store(mean, sums.totals() / n, x.rows);
}

// 1 / sqrt(variance + epsilon) of each row of a group.
NEURONA_INLINE void row_inverse_deviations(const ConstMatrix& x, const float* mean, float epsilon,
                                           RowSums& sums, float* inverse_deviation) {
  const Vector n = broadcast(static_cast<float>(x.columns));
  for (long i = 0; i < x.rows; i++) {
    const float* row = x.data + i * x.columns;
    const Vector center = broadcast(mean[i]);
    store(sums.values[i], sum_of_vectors(x.columns, [&](long place, long lanes) {
            const Vector difference = first_or(load(row + place, lanes) - center, lanes, 0);
            return difference * difference;
          }));
  }
  store(inverse_deviation, broadcast(1.f) / square_root(sums.totals() / n + broadcast(epsilon)), x.rows);
}

// y = (x - mean) * inverse_deviation * gamma + beta of a row.
NEURONA_INLINE void normalize_row(long C, const float* x, const float* gamma, const float* beta, float mean,
                                  float inverse_deviation, float* y) {
  const Vector center = broadcast(mean), factor = broadcast(inverse_deviation);
  for_strips(C, [&](auto vectors, long place, long lanes) {
    for (long j = place; j < place + vectors * LANES; j += LANES)
      store(y + j, (load(x + j, lanes) - center) * factor * load(gamma + j, lanes) + load(beta + j, lanes),
            lanes);
  });
}

template <class Pool>
void layer_normalization(Pool& pool, const ConstMatrix& x, const float* gamma, const float* beta,
                         float epsilon, float* y, float* mean, float* inverse_deviation) {
  const long C = x.columns, parts = part_count(pool, 1.0 * x.rows * C, LAYER_NORMALIZATION_PART);
  parallel_for(pool, parts, x.rows, [&](Part rows) {
    RowSums sums;
    for_groups(rows, C, [&](long first, long count) {
      const ConstMatrix group = x.row_block(first, count);
      row_means(group, sums, mean + first);
      row_inverse_deviations(group, mean + first, epsilon, sums, inverse_deviation + first);
      for (long i = first; i < first + count; i++)
        normalize_row(C, x.data + i * C, gamma, beta, mean[i], inverse_deviation[i], y + i * C);
    });
  });
}

// From the gradient g of y: those of x, gamma and beta. With dz = gamma * g:
// dx = (dz - mean of dz - z * mean of dz * z) / deviation.
struct LayerNormalizationGradients {
  ConstMatrix x;
  const float *gamma, *mean, *inverse_deviation, *g;

  Vector z(long row, long place, long lanes) const {
    return (load(x.data + row * x.columns + place, lanes) - broadcast(mean[row])) *
           broadcast(inverse_deviation[row]);
  }

  // Adds the gradients of gamma and beta of a group of rows, and collects the sums of dz and of dz * z of
  // each row.
  void add_sums(long first, long count, RowSums& dz_sums, RowSums& product_sums, float* dgamma,
                float* dbeta) const {
    for_strips(x.columns, [&](auto vectors, long place, long lanes) {
      constexpr int V = vectors;
      Vector gamma_total[V] = {}, beta_total[V] = {};
      for (long i = 0; i < count; i++) {
        Vector dz_sum = load(dz_sums.values[i]), product_sum = load(product_sums.values[i]);
        for (int v = 0; v < V; v++) {
          const long j = place + v * LANES;
          const Vector gradient = load(g + (first + i) * x.columns + j, lanes),
                       weight = load(gamma + j, lanes);
          const Vector product = gradient * z(first + i, j, lanes);
          beta_total[v] += gradient;
          gamma_total[v] += product;
          dz_sum += gradient * weight;
          product_sum += product * weight;
        }
        store(dz_sums.values[i], dz_sum);
        store(product_sums.values[i], product_sum);
      }
      for (int v = 0; v < V; v++) {
        const long j = place + v * LANES;
        store(dgamma + j, load(dgamma + j, lanes) + gamma_total[v], lanes);
        store(dbeta + j, load(dbeta + j, lanes) + beta_total[v], lanes);
      }
    });
  }

  void write_dx(long row, float mean_of_dz, float mean_of_product, float* dx) const {
    const float* gradients = g + row * x.columns;
    const Vector offset = broadcast(mean_of_dz), slope = broadcast(mean_of_product);
    const Vector factor = broadcast(inverse_deviation[row]);
    for_strips(x.columns, [&](auto vectors, long place, long lanes) {
      for (long j = place; j < place + vectors * LANES; j += LANES) {
        const Vector dz = load(gradients + j, lanes) * load(gamma + j, lanes);
        store(dx + j, (dz - offset - z(row, j, lanes) * slope) * factor, lanes);
      }
    });
  }

  // The gradients of the rows of a part. dgamma and dbeta are the part's sums.
  void run(Part rows, float* dx, float* dgamma, float* dbeta) const {
    const Vector n = broadcast(static_cast<float>(x.columns));
    for_groups(rows, x.columns, [&](long first, long count) {
      RowSums dz_sums, product_sums;
      add_sums(first, count, dz_sums, product_sums, dgamma, dbeta);
      float means_of_dz[LANES], means_of_product[LANES];
      store(means_of_dz, dz_sums.totals() / n);
      store(means_of_product, product_sums.totals() / n);
      for (long i = 0; i < count; i++)
        write_dx(first + i, means_of_dz[i], means_of_product[i], dx + (first + i) * x.columns);
    });
  }
};

template <class Pool>
void layer_normalization_gradients(Pool& pool, const LayerNormalizationGradients& gradients, float* dx,
                                   float* dgamma, float* dbeta) {
  const long rows = gradients.x.rows, C = gradients.x.columns;
  const long parts = part_count(pool, 1.0 * rows * C, LAYER_NORMALIZATION_PART);
  Workspace memory(2 * parts * C);
  const Matrix dgammas = matrix(memory.data(), parts, C),
               dbetas = matrix(memory.data() + parts * C, parts, C);
  std::memset(memory.data(), 0, 2 * parts * C * sizeof(float));
  parallel_for(pool, parts, rows, [&](Part part) {
    gradients.run(part, dx, dgammas.data + part.number * C, dbetas.data + part.number * C);
  });
  for (long c = 0; c < C; c++) {
    dgamma[c] = dbeta[c] = 0;
    for (long part = 0; part < parts; part++) {
      dgamma[c] += dgammas.at(part, c);
      dbeta[c] += dbetas.at(part, c);
    }
  }
}

}  // namespace neurona
