// Batch normalization of x (rows, C), y = (x - mean) / sqrt(variance + epsilon) * gamma + beta with the mean
// and the variance of each channel over the rows, and its gradients. A ReLU may follow. The gradients compute
// y again rather than read it from memory.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "parallel.h"
#include "vector.h"

namespace neurona {

namespace plain {

inline void moments(long rows, long C,
                    const float* x,      // (rows, C)
                    double* mean,        // (C)
                    double* variance) {  // (C)
  for (long c = 0; c < C; c++) {
    double sum = 0, squares = 0;
    for (long i = 0; i < rows; i++) sum += x[i * C + c];
    mean[c] = sum / rows;
    for (long i = 0; i < rows; i++) squares += (x[i * C + c] - mean[c]) * (x[i * C + c] - mean[c]);
    variance[c] = squares / rows;
  }
}

inline void normalize(long rows, long C,
                      const float* x,          // (rows, C)
                      const float* gamma,      // (C)
                      const float* beta,       // (C)
                      const double* mean,      // (C)
                      const double* variance,  // (C)
                      double epsilon,
                      double* y) {  // (rows, C)
  for (long i = 0; i < rows; i++)
    for (long c = 0; c < C; c++)
      y[i * C + c] = (x[i * C + c] - mean[c]) / std::sqrt(variance[c] + epsilon) * gamma[c] + beta[c];
}

// Mean and variance are those of x, and their gradients are part of dx.
inline void normalize_gradients(long rows, long C,
                                const float* x,          // (rows, C)
                                const float* gamma,      // (C)
                                const double* mean,      // (C)
                                const double* variance,  // (C)
                                double epsilon,
                                const double* g,  // (rows, C), the gradient of y
                                double* dx,       // (rows, C)
                                double* dgamma,   // (C)
                                double* dbeta) {  // (C)
  for (long c = 0; c < C; c++) {
    const double deviation = std::sqrt(variance[c] + epsilon);
    dgamma[c] = dbeta[c] = 0;
    for (long i = 0; i < rows; i++) {
      dbeta[c] += g[i * C + c];
      dgamma[c] += g[i * C + c] * (x[i * C + c] - mean[c]) / deviation;
    }
    for (long i = 0; i < rows; i++) {
      const double z = (x[i * C + c] - mean[c]) / deviation;
      dx[i * C + c] = gamma[c] / deviation * (g[i * C + c] - dbeta[c] / rows - z * dgamma[c] / rows);
    }
  }
}

}  // namespace plain

constexpr double NORMALIZATION_PART = 30e3;  // floats that are worth a thread
constexpr long BLOCK = 4096;                 // floats that are read a second time while the cache holds them

// x (rows of x, C) as wide rows: `side_by_side` rows of x are one row, so that few channels fill the lanes
// too. The `remainder` rows of x at the end fill no wide row.
struct WideRows {
  long C, side_by_side, width, rows, remainder;

  WideRows(long rows_of_x, long C)
      : C(C),
        side_by_side((4 * LANES + C - 1) / C),
        width(side_by_side * C),
        rows(rows_of_x / side_by_side),
        remainder(rows_of_x % side_by_side) {}
  long block() const { return std::max(BLOCK / width, 8L); }
  // The values of the C channels for each place in a wide row.
  std::vector<float> repeated(const float* values) const {
    std::vector<float> all(width);
    for (long i = 0; i < width; i++) all[i] = values[i % C];
    return all;
  }
  template <class Pool>
  long parts(Pool& pool) const {
    const long parts = part_count(pool, 1.0 * rows * width, NORMALIZATION_PART);
    return std::max(1L, std::min(parts, rows));
  }
};

// The sum of a group of rows, and the sum of the squared differences from the group's mean.
struct Spread {
  long count = 0;
  Vector total{}, squares{};

  // The spread of both groups together.
  // Source: Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample
  // variances, 1979.
  void join(const Spread& other) {
    if (other.count == 0) return;
    if (count == 0) {
      *this = other;
      return;
    }
    const float n = static_cast<float>(count), more = static_cast<float>(other.count);
    const Vector difference = other.total * broadcast(1 / more) - total * broadcast(1 / n);
    squares += other.squares + difference * difference * broadcast(n * more / (n + more));
    total += other.total;
    count += other.count;
  }
};

// Joins the spread of the rows `begin` to `end` of x to that of the `before` rows so far, whose totals and
// squares are those of each place in a wide row. The rows are read twice, the second time from the cache.
static inline void join_rows(const WideRows& wide, const float* x, long begin, long end, long before,
                             float* totals, float* squares) {
  const long width = wide.width;
  for_strips(width, [&](auto vectors, long place, long lanes) {
    constexpr int V = vectors;
    Vector total[V] = {}, center[V], square[V] = {};
    for (long row = begin; row < end; row++)
      for (int v = 0; v < V; v++) total[v] += load(x + row * width + place + v * LANES, lanes);
    for (int v = 0; v < V; v++) center[v] = total[v] * broadcast(1.f / static_cast<float>(end - begin));
    for (long row = begin; row < end; row++)
      for (int v = 0; v < V; v++) {
        const Vector d = load(x + row * width + place + v * LANES, lanes) - center[v];
        square[v] += d * d;
      }
    for (int v = 0; v < V; v++) {
      float *own_totals = totals + place + v * LANES, *own_squares = squares + place + v * LANES;
      Spread all;
      if (before > 0) all = {before, load(own_totals, lanes), load(own_squares, lanes)};
      all.join({end - begin, total[v], square[v]});
      store(own_totals, all.total, lanes);
      store(own_squares, all.squares, lanes);
    }
  });
}

// The mean and the variance of each channel, as exact as by reading x twice. Blocks and parts are joined in
// their order.
template <class Pool>
void moments(Pool& pool, long rows_of_x, long C, const float* x, float* mean, float* variance) {
  const WideRows wide(rows_of_x, C);
  const long width = wide.width, parts = wide.parts(pool);
  Workspace memory(2 * parts * width);
  float *totals = memory.data(), *squares = totals + parts * width;
  parallel_for(pool, parts, wide.rows, [&](Part part) {
    for (long begin = part.begin; begin < part.end; begin += wide.block())
      join_rows(wide, x, begin, std::min(begin + wide.block(), part.end), begin - part.begin,
                totals + part.number * width, squares + part.number * width);
  });
  for (long c = 0; c < C; c += LANES) {
    const long lanes = std::min<long>(LANES, C - c);
    Spread all;
    for (long part = 0; part < parts; part++) {
      const long count = part_range(part, parts, wide.rows, 1).size();
      for (long i = part * width + c; count > 0 && i < (part + 1) * width; i += C)
        all.join({count, load(totals + i, lanes), load(squares + i, lanes)});
    }
    for (long row = rows_of_x - wide.remainder; row < rows_of_x; row++)
      all.join({1, load(x + row * C + c, lanes), Vector{}});
    store(mean + c, all.total * broadcast(1.f / static_cast<float>(rows_of_x)), lanes);
    store(variance + c, all.squares * broadcast(1.f / static_cast<float>(rows_of_x)), lanes);
  }
}

// y = x * factor + shift for each channel, then perhaps a ReLU.
struct Standardization {
  const float *mean, *variance;
  float epsilon;
  bool relu_follows;
  std::vector<float> factor, shift;

  Standardization(long C, const float* gamma, const float* beta, const float* mean, const float* variance,
                  float epsilon, bool relu_follows)
      : mean(mean), variance(variance), epsilon(epsilon), relu_follows(relu_follows), factor(C), shift(C) {
    for (long c = 0; c < C; c++) {
      factor[c] = gamma[c] / std::sqrt(variance[c] + epsilon);
      shift[c] = beta[c] - mean[c] * factor[c];
    }
  }
  Vector activated(Vector value) const { return relu_follows ? relu(value) : value; }
  // The gradient before the ReLU, from the gradient after it and the value before it.
  Vector before_relu(Vector gradient, Vector value) const {
    return !relu_follows ? gradient : value > Vector{} ? gradient : Vector{};
  }
};

struct NormalizationGradients {
  float *dx, *dgamma, *dbeta;
};

// dx = g * of_g + x * of_x + shift for each channel, where g is the gradient of y before the ReLU.
struct Slopes {
  std::vector<float> of_g, of_x, shift;

  // From the sums of g and of g * (x - mean) over n rows. It also writes the gradients of gamma and beta.
  // dx = gamma / deviation * (g - total / n - (x - mean) * product / (n * deviation^2)).
  Slopes(long C, float n, const float* totals, const float* products, const Standardization& s, float* dgamma,
         float* dbeta)
      : of_g(s.factor), of_x(C), shift(C) {
    for (long c = 0; c < C; c++) {
      const float deviation = std::sqrt(s.variance[c] + s.epsilon);
      dbeta[c] = totals[c];
      dgamma[c] = products[c] / deviation;
      of_x[c] = -of_g[c] * products[c] / (deviation * deviation * n);
      shift[c] = -of_g[c] * totals[c] / n - s.mean[c] * of_x[c];
    }
  }
};

// Calls row(start, width) for each wide row, and for the remainder.
template <class Pool, class Row>
void each_wide_row(Pool& pool, const WideRows& wide, const Row& row) {
  parallel_for(pool, wide.parts(pool), wide.rows, [&](Part part) {
    for (long i = part.begin; i < part.end; i++) row(i * wide.width, wide.width);
  });
  row(wide.rows * wide.width, wide.remainder * wide.C);
}

template <class Pool>
void normalize(Pool& pool, long rows, long C, const float* x, const Standardization& s, float* y) {
  const WideRows wide(rows, C);
  const auto factor = wide.repeated(s.factor.data()), shift = wide.repeated(s.shift.data());
  each_wide_row(pool, wide, [&](long start, long width) {
    for_strips(width, [&](auto vectors, long place, long lanes) {
      for (int v = 0; v < vectors; v++) {
        const long i = place + v * LANES;
        const Vector value =
            load(x + start + i, lanes) * load(factor.data() + i, lanes) + load(shift.data() + i, lanes);
        store(y + start + i, s.activated(value), lanes);
      }
    });
  });
}

// What normalize_gradients reads, with the numbers of a channel repeated for each place in a wide row.
struct WideNormalization {
  const WideRows& wide;
  const Standardization& s;
  const float *x, *g;
  std::vector<float> center, factor, shift;

  WideNormalization(const WideRows& wide, const Standardization& s, const float* x, const float* g)
      : wide(wide),
        s(s),
        x(x),
        g(g),
        center(wide.repeated(s.mean)),
        factor(wide.repeated(s.factor.data())),
        shift(wide.repeated(s.shift.data())) {}

  // The gradient before the ReLU, of a vector of x that lies at `place` in its wide row.
  Vector gradient(Vector value, long start, long place, long lanes) const {
    const Vector gradient = load(g + start + place, lanes);
    if (!s.relu_follows) return gradient;
    const Vector y = value * load(factor.data() + place, lanes) + load(shift.data() + place, lanes);
    return s.before_relu(gradient, y);
  }

  // Adds the gradients g of some rows, of which `filled` places exist, to totals, and g * (x - mean) to
  // products. Always inlined: whether the compiler fuses x * y + z, and so the last bit, depends on the
  // copies it makes of this.
  __attribute__((always_inline)) void add_sums(long start, long rows, long filled, float* totals,
                                               float* products) const {
    for_strips(filled, [&](auto vectors, long first, long lanes) {
      constexpr int V = vectors;
      Vector total[V] = {}, product[V] = {};
      for (long row = 0; row < rows; row++)
        for (int v = 0; v < V; v++) {
          const long place = first + v * LANES, row_start = start + row * wide.width;
          const Vector value = load(x + row_start + place, lanes),
                       g = gradient(value, row_start, place, lanes);
          total[v] += g;
          product[v] += g * (value - load(center.data() + place, lanes));
        }
      for (int v = 0; v < V; v++) {
        const long i = first + v * LANES;
        store(totals + i, load(totals + i, lanes) + total[v], lanes);
        store(products + i, load(products + i, lanes) + product[v], lanes);
      }
    });
  }

  template <class Pool>
  void write_dx(Pool& pool, const Slopes& slopes, float* dx) const {
    const auto of_g = wide.repeated(slopes.of_g.data()), of_x = wide.repeated(slopes.of_x.data());
    const auto offset = wide.repeated(slopes.shift.data());
    each_wide_row(pool, wide, [&](long start, long width) {
      for_strips(width, [&](auto vectors, long first, long lanes) {
        for (int v = 0; v < vectors; v++) {
          const long i = first + v * LANES;
          const Vector value = load(x + start + i, lanes), g = gradient(value, start, i, lanes);
          const Vector of_value = value * load(of_x.data() + i, lanes) + load(offset.data() + i, lanes);
          store(dx + start + i, of_value + g * load(of_g.data() + i, lanes), lanes);
        }
      });
    });
  }
};

// From the gradient g of y: those of x, gamma and beta.
template <class Pool>
void normalize_gradients(Pool& pool, long rows_of_x, long C, const float* x, const Standardization& s,
                         const float* g, const NormalizationGradients& to) {
  const WideRows wide(rows_of_x, C);
  const WideNormalization normalization(wide, s, x, g);
  const long width = wide.width, parts = wide.parts(pool);
  Workspace memory(2 * parts * width);
  float *totals = memory.data(), *products = totals + parts * width;
  std::memset(totals, 0, 2 * parts * width * sizeof(float));
  auto add_sums = [&](long start, long rows, long filled, long part) {
    normalization.add_sums(start, rows, filled, totals + part * width, products + part * width);
  };
  parallel_for(pool, parts, wide.rows, [&](Part part) {
    for (long begin = part.begin; begin < part.end; begin += wide.block())
      add_sums(begin * width, std::min(wide.block(), part.end - begin), width, part.number);
  });
  add_sums(wide.rows * width, 1, wide.remainder * C, 0);
  std::vector<float> total(C), product(C);
  for (long c = 0; c < C; c++)
    for (long i = c; i < parts * width; i += C) {
      total[c] += totals[i];
      product[c] += products[i];
    }
  const Slopes slopes(C, static_cast<float>(rows_of_x), total.data(), product.data(), s, to.dgamma, to.dbeta);
  normalization.write_dx(pool, slopes, to.dx);
}

}  // namespace neurona
