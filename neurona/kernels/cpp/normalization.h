// Batch normalization of x (rows, C): y = (x - mean) / sqrt(variance + epsilon) * gamma + beta with each channel's mean and variance
// over the rows, and its gradients.
#pragma once

#include <cmath>
#include <vector>

#include "parallel.h"
#include "vector.h"

namespace neurona {

constexpr double NORMALIZATION_PART = 30e3;  // floats that are worth a thread of their own
constexpr long BLOCK = 4096;                 // floats that are read a second time while the cache holds them

// x seen as rows of several rows side by side, so that few channels fill the lanes too: `rows` of `width` floats, then `rest` rows of x.
struct WideRows {
  long C, side_by_side, width, rows, rest;
  WideRows(long rows_of_x, long C)
      : C(C), side_by_side((4 * LANES + C - 1) / C), width(side_by_side * C), rows(rows_of_x / side_by_side), rest(rows_of_x % side_by_side) {}
  long block() const { return BLOCK / width > 8 ? BLOCK / width : 8; }
  // values(c) for each place in a wide row.
  template <class Values>
  std::vector<float> repeated(const Values& values) const {
    std::vector<float> all(width);
    for (long i = 0; i < width; i++) all[i] = i < C ? values(i) : all[i - C];
    return all;
  }
  template <class Pool>
  long parts(Pool& pool) const {
    long parts = parts_of(pool, 1.0 * rows * width, NORMALIZATION_PART);
    return parts < rows ? parts : rows > 1 ? rows : 1;
  }
};

// The sum of a group of rows, and that of the squared differences from the group's mean.
struct Spread {
  long count = 0;
  Vector total{}, squares{};
  // The spread of both groups together (Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample
  // variances, 1979).
  void join(const Spread& other) {
    if (other.count == 0) return;
    if (count == 0) {
      *this = other;
      return;
    }
    float n = static_cast<float>(count), more = static_cast<float>(other.count);
    Vector difference = other.total * broadcast(1 / more) - total * broadcast(1 / n);
    squares += other.squares + difference * difference * broadcast(n * more / (n + more));
    total += other.total;
    count += other.count;
  }
};

// The mean and the variance of each channel, as exact as by reading x twice: every block of rows is, while the cache holds it, and blocks
// and threads are put together in their order.
template <class Pool>
void moments(Pool& pool, long rows_of_x, long C, const float* x, float* mean, float* variance) {
  const WideRows wide(rows_of_x, C);
  const long width = wide.width, parts = wide.parts(pool);
  Workspace memory(2 * parts * width);
  float *totals = memory.data(), *squares = totals + parts * width;
  parallel_for(pool, parts, [&](long part) {
    long first = first_of(part, parts, wide.rows, 1), end = first_of(part + 1, parts, wide.rows, 1), block = wide.block();
    for (long begin = first; begin < end; begin += block) {
      long stop = begin + block < end ? begin + block : end;
      for_strips(width, [&](auto vectors, long place, long lanes) {
        constexpr int V = vectors;
        Vector total[V] = {}, center[V], square[V] = {};
        for (long row = begin; row < stop; row++)
          for (int v = 0; v < V; v++) total[v] += load(x + row * width + place + v * LANES, lanes);
        for (int v = 0; v < V; v++) center[v] = total[v] * broadcast(1.f / static_cast<float>(stop - begin));
        for (long row = begin; row < stop; row++)
          for (int v = 0; v < V; v++) {
            Vector d = load(x + row * width + place + v * LANES, lanes) - center[v];
            square[v] += d * d;
          }
        for (int v = 0; v < V; v++) {
          float *own_totals = totals + part * width + place + v * LANES, *own_squares = squares + part * width + place + v * LANES;
          Spread all;
          if (begin > first) all = {begin - first, load(own_totals, lanes), load(own_squares, lanes)};
          all.join({stop - begin, total[v], square[v]});
          store(own_totals, all.total, lanes);
          store(own_squares, all.squares, lanes);
        }
      });
    }
  });
  for (long c = 0; c < C; c += LANES) {
    long lanes = C - c < LANES ? C - c : LANES;
    Spread all;
    for (long part = 0; part < parts; part++) {
      long count = first_of(part + 1, parts, wide.rows, 1) - first_of(part, parts, wide.rows, 1);
      for (long i = part * width + c; count > 0 && i < (part + 1) * width; i += C)
        all.join({count, load(totals + i, lanes), load(squares + i, lanes)});
    }
    for (long row = rows_of_x - wide.rest; row < rows_of_x; row++) all.join({1, load(x + row * C + c, lanes), Vector{}});
    store(mean + c, all.total * broadcast(1.f / static_cast<float>(rows_of_x)), lanes);
    store(variance + c, all.squares * broadcast(1.f / static_cast<float>(rows_of_x)), lanes);
  }
}

// y = x * x_factor + shift, or where g is given, y = g * g_factor + x * x_factor + shift; factors and shift repeated for a wide row.
template <class Pool>
void scale_and_shift(Pool& pool, const WideRows& wide, const float* x, const std::vector<float>& x_factor, const std::vector<float>& shift,
                     const float* g, const std::vector<float>& g_factor, float* y) {
  long parts = wide.parts(pool);
  auto row = [&](long start, long width) {
    for_strips(width, [&](auto vectors, long place, long lanes) {
      for (int v = 0; v < vectors; v++) {
        long i = place + v * LANES;
        Vector value = load(x + start + i, lanes) * load(x_factor.data() + i, lanes) + load(shift.data() + i, lanes);
        if (g) value += load(g + start + i, lanes) * load(g_factor.data() + i, lanes);
        store(y + start + i, value, lanes);
      }
    });
  };
  parallel_for(pool, parts, [&](long part) {
    long end = first_of(part + 1, parts, wide.rows, 1);
    for (long i = first_of(part, parts, wide.rows, 1); i < end; i++) row(i * wide.width, wide.width);
  });
  row(wide.rows * wide.width, wide.rest * wide.C);
}

template <class Pool>
void batch_normalization(Pool& pool, long rows, long C, const float* x, const float* gamma, const float* beta, float epsilon, float* y,
                         float* mean, float* variance) {
  moments(pool, rows, C, x, mean, variance);
  const WideRows wide(rows, C);
  auto factor = wide.repeated([&](long c) { return gamma[c] / std::sqrt(variance[c] + epsilon); });
  auto shift = wide.repeated([&](long c) { return beta[c] - mean[c] * factor[c]; });
  scale_and_shift(pool, wide, x, factor, shift, nullptr, {}, y);
}

// From the gradients of y, of the mean and of the variance: those of x, gamma and beta.
template <class Pool>
void batch_normalization_gradients(Pool& pool, long rows_of_x, long C, const float* x, const float* gamma, const float* mean,
                                   const float* variance, const float* g, const float* g_mean, const float* g_variance, float epsilon,
                                   float* dx, float* dgamma, float* dbeta) {
  const WideRows wide(rows_of_x, C);
  const long width = wide.width, parts = wide.parts(pool);
  auto center = wide.repeated([&](long c) { return mean[c]; });
  Workspace memory(2 * parts * width);
  float *totals = memory.data(), *products = totals + parts * width;  // of g, and of g * (x - mean)
  std::memset(totals, 0, 2 * parts * width * sizeof(float));
  auto add = [&](long start, long rows, long filled, float* total_of, float* product_of) {
    for_strips(filled, [&](auto vectors, long place, long lanes) {
      constexpr int V = vectors;
      Vector total[V] = {}, product[V] = {}, middle[V];
      for (int v = 0; v < V; v++) middle[v] = load(center.data() + place + v * LANES, lanes);
      for (long row = 0; row < rows; row++)
        for (int v = 0; v < V; v++) {
          long i = start + row * width + place + v * LANES;
          Vector gradient = load(g + i, lanes);
          total[v] += gradient;
          product[v] += gradient * (load(x + i, lanes) - middle[v]);
        }
      for (int v = 0; v < V; v++) {
        long i = place + v * LANES;
        store(total_of + i, load(total_of + i, lanes) + total[v], lanes);
        store(product_of + i, load(product_of + i, lanes) + product[v], lanes);
      }
    });
  };
  parallel_for(pool, parts, [&](long part) {
    long first = first_of(part, parts, wide.rows, 1), end = first_of(part + 1, parts, wide.rows, 1), block = wide.block();
    for (long begin = first; begin < end; begin += block)
      add(begin * width, begin + block < end ? block : end - begin, width, totals + part * width, products + part * width);
  });
  add(wide.rows * width, 1, wide.rest * C, totals, products);
  const float n = static_cast<float>(rows_of_x);
  std::vector<float> of_g(C), of_x(C), shift(C);
  for (long c = 0; c < C; c++) {
    float total = 0, product = 0, deviation = std::sqrt(variance[c] + epsilon);
    for (long i = c; i < parts * width; i += C) {
      total += totals[i];
      product += products[i];
    }
    dbeta[c] = total;
    dgamma[c] = product / deviation;
    // dx = gamma / deviation * (g - total / n - (x - mean) * product / (n deviation^2)) + g_mean / n + g_variance * 2 (x - mean) / n
    of_g[c] = gamma[c] / deviation;
    of_x[c] = (2 * g_variance[c] - of_g[c] * product / (deviation * deviation)) / n;
    shift[c] = (g_mean[c] - of_g[c] * total) / n - mean[c] * of_x[c];
  }
  auto of = [&](const std::vector<float>& values) { return wide.repeated([&](long c) { return values[c]; }); };
  scale_and_shift(pool, wide, x, of(of_x), of(shift), g, of(of_g), dx);
}

}  // namespace neurona
