// Batch normalization of x (rows, C): y = (x - mean) / sqrt(variance + epsilon) * gamma + beta with each channel's mean and variance
// over the rows, where asked for with a ReLU and 2x2 maximum pooling behind it; and its gradients, which compute y again rather than read
// it from memory.
#pragma once

#include <algorithm>
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

// One number for each channel: y = x * factor + shift, then perhaps a ReLU.
struct Standardization {
  std::vector<float> factor, shift;
  bool relu_follows;

  Standardization(long C, const float* gamma, const float* beta, const float* mean, const float* variance, float epsilon, bool relu_follows)
      : factor(C), shift(C), relu_follows(relu_follows) {
    for (long c = 0; c < C; c++) {
      factor[c] = gamma[c] / std::sqrt(variance[c] + epsilon);
      shift[c] = beta[c] - mean[c] * factor[c];
    }
  }
};

// The gradient of x, g * of_g + x * of_x + shift, with g that of y before the ReLU.
struct Slopes {
  std::vector<float> of_g, of_x, shift;

  // From the sums of g and of g * (x - mean) over n rows. Also writes the gradients of gamma and beta:
  // dx = gamma / deviation * (g - total / n - (x - mean) * product / (n deviation^2)).
  Slopes(long C, float n, const float* totals, const float* products, const Standardization& s, const float* mean, const float* variance,
         float epsilon, float* dgamma, float* dbeta)
      : of_g(s.factor), of_x(C), shift(C) {
    for (long c = 0; c < C; c++) {
      float deviation = std::sqrt(variance[c] + epsilon);
      dbeta[c] = totals[c];
      dgamma[c] = products[c] / deviation;
      of_x[c] = -of_g[c] * products[c] / (deviation * deviation * n);
      shift[c] = -of_g[c] * totals[c] / n - mean[c] * of_x[c];
    }
  }
};

// Calls row(start, width) for all wide rows, and for what remains.
template <class Pool, class Row>
void each_wide_row(Pool& pool, const WideRows& wide, const Row& row) {
  long parts = wide.parts(pool);
  parallel_for(pool, parts, [&](long part) {
    long end = first_of(part + 1, parts, wide.rows, 1);
    for (long i = first_of(part, parts, wide.rows, 1); i < end; i++) row(i * wide.width, wide.width);
  });
  row(wide.rows * wide.width, wide.rest * wide.C);
}

template <class Pool>
void normalize(Pool& pool, long rows, long C, const float* x, const Standardization& s, float* y) {
  const WideRows wide(rows, C);
  const auto factor = wide.repeated([&](long c) { return s.factor[c]; }), shift = wide.repeated([&](long c) { return s.shift[c]; });
  each_wide_row(pool, wide, [&](long start, long width) {
    for_strips(width, [&](auto vectors, long place, long lanes) {
      for (int v = 0; v < vectors; v++) {
        long i = place + v * LANES;
        Vector value = load(x + start + i, lanes) * load(factor.data() + i, lanes) + load(shift.data() + i, lanes);
        store(y + start + i, s.relu_follows ? relu(value) : value, lanes);
      }
    });
  });
}

// From the gradient of y: those of x, gamma and beta.
template <class Pool>
void normalize_gradients(Pool& pool, long rows_of_x, long C, const float* x, const Standardization& s, const float* mean,
                         const float* variance, float epsilon, const float* g, float* dx, float* dgamma, float* dbeta) {
  const WideRows wide(rows_of_x, C);
  const long width = wide.width, parts = wide.parts(pool);
  auto repeated = [&](const float* values) { return wide.repeated([&](long c) { return values[c]; }); };
  const auto center = repeated(mean), factor = repeated(s.factor.data()), offset = repeated(s.shift.data());
  auto before_relu = [&](Vector gradient, Vector value, long i, long lanes) {
    if (!s.relu_follows) return gradient;
    return value * load(factor.data() + i, lanes) + load(offset.data() + i, lanes) > Vector{} ? gradient : Vector{};
  };
  Workspace memory(2 * parts * width);
  float *totals = memory.data(), *products = totals + parts * width;  // of g, and of g * (x - mean)
  std::memset(totals, 0, 2 * parts * width * sizeof(float));
  auto add = [&](long start, long rows, long filled, float* total_of, float* product_of) {
    for_strips(filled, [&](auto vectors, long place, long lanes) {
      constexpr int V = vectors;
      Vector total[V] = {}, product[V] = {};
      for (long row = 0; row < rows; row++)
        for (int v = 0; v < V; v++) {
          long at = place + v * LANES, i = start + row * width + at;
          Vector value = load(x + i, lanes), gradient = before_relu(load(g + i, lanes), value, at, lanes);
          total[v] += gradient;
          product[v] += gradient * (value - load(center.data() + at, lanes));
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
  std::vector<float> total(C), product(C);
  for (long c = 0; c < C; c++)
    for (long i = c; i < parts * width; i += C) {
      total[c] += totals[i];
      product[c] += products[i];
    }
  const Slopes slopes(C, static_cast<float>(rows_of_x), total.data(), product.data(), s, mean, variance, epsilon, dgamma, dbeta);
  const auto of_g = repeated(slopes.of_g.data()), of_x = repeated(slopes.of_x.data()), shift = repeated(slopes.shift.data());
  each_wide_row(pool, wide, [&](long start, long width) {
    for_strips(width, [&](auto vectors, long place, long lanes) {
      for (int v = 0; v < vectors; v++) {
        long i = place + v * LANES;
        Vector value = load(x + start + i, lanes), gradient = before_relu(load(g + start + i, lanes), value, i, lanes);
        Vector of_value = value * load(of_x.data() + i, lanes) + load(shift.data() + i, lanes);
        store(dx + start + i, of_value + gradient * load(of_g.data() + i, lanes), lanes);
      }
    });
  });
}

// ---------------------------------------------------------------- with 2x2 maximum pooling behind

// Images x (N, height, width, C) of even height and width; y (N, height / 2, width / 2, C).
struct Images {
  long N, height, width, C;

  long rows_of_windows() const { return N * (height / 2); }
  template <class Pool>
  long parts(Pool& pool) const {
    return std::min(rows_of_windows(), parts_of(pool, 1.0 * N * height * width * C, NORMALIZATION_PART));
  }
  // Calls window(place of its first input, its own place) for the channels c, ..., c + lanes - 1 of a row of windows.
  template <class Window>
  void each_window(long row, long c, const Window& window) const {
    for (long j = 0; j < width / 2; j++) window((2 * row * width + 2 * j) * C + c, (row * (width / 2) + j) * C + c);
  }
};

// A window's four inputs, and the largest of their normalized values.
struct NormalizedWindow {
  Vector x[4], largest;
  Integers winner;  // 0 to 3: the first of equal ones

  NEURONA_INLINE NormalizedWindow of(const float* x, long row, long C, Vector factor, Vector shift, long lanes) {
    NormalizedWindow window;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      window.x[i] = load(x + i / 2 * row + i % 2 * C, lanes);
      Vector value = window.x[i] * factor + shift;
      Integers wins = i == 0 ? ~Integers{} : (value > window.largest) | (value != value);
      window.largest = wins ? value : window.largest;
      window.winner = wins ? Integers{} + i : window.winner;
    }
    return window;
  }
  Vector winning_x() const {
    Vector chosen = x[0];
    for (int i = 1; i < 4; i++) chosen = winner == i ? x[i] : chosen;
    return chosen;
  }
};

template <class Pool>
void normalize_max_pool(Pool& pool, const Images& images, const float* x, const Standardization& s, float* y) {
  const long parts = images.parts(pool), C = images.C;
  parallel_for(pool, parts, [&](long part) {
    long end = first_of(part + 1, parts, images.rows_of_windows(), 1);
    for (long row = first_of(part, parts, images.rows_of_windows(), 1); row < end; row++)
      for (long c = 0; c < C; c += LANES) {
        long lanes = std::min<long>(LANES, C - c);
        Vector factor = load(s.factor.data() + c, lanes), shift = load(s.shift.data() + c, lanes);
        images.each_window(row, c, [&](long from, long to) {
          Vector largest = NormalizedWindow::of(x + from, images.width * C, C, factor, shift, lanes).largest;
          store(y + to, s.relu_follows ? relu(largest) : largest, lanes);
        });
      }
  });
}

// From the gradient of the pooled y: those of x, gamma and beta.
template <class Pool>
void normalize_max_pool_gradients(Pool& pool, const Images& images, const float* x, const Standardization& s, const float* mean,
                                  const float* variance, float epsilon, const float* g, float* dx, float* dgamma, float* dbeta) {
  const long parts = images.parts(pool), C = images.C, row_of_x = images.width * C;
  auto before_relu = [&](Vector gradient, Vector largest) {
    return !s.relu_follows ? gradient : largest > Vector{} ? gradient : Vector{};
  };
  Workspace memory(2 * parts * C);
  float* sums = memory.data();  // of each part: of g, and of g * (x - mean)
  std::memset(sums, 0, 2 * parts * C * sizeof(float));
  auto each_strip = [&](const auto& strip) {
    parallel_for(pool, parts, [&](long part) {
      long end = first_of(part + 1, parts, images.rows_of_windows(), 1);
      for (long row = first_of(part, parts, images.rows_of_windows(), 1); row < end; row++)
        for (long c = 0; c < C; c += LANES) strip(part, row, c, std::min<long>(LANES, C - c));
    });
  };
  each_strip([&](long part, long row, long c, long lanes) {
    Vector factor = load(s.factor.data() + c, lanes), shift = load(s.shift.data() + c, lanes), center = load(mean + c, lanes);
    float *total_of = sums + 2 * part * C + c, *product_of = total_of + C;
    Vector total = load(total_of, lanes), product = load(product_of, lanes);
    images.each_window(row, c, [&](long from, long to) {
      NormalizedWindow window = NormalizedWindow::of(x + from, row_of_x, C, factor, shift, lanes);
      Vector gradient = before_relu(load(g + to, lanes), window.largest);
      total += gradient;
      product += gradient * (window.winning_x() - center);
    });
    store(total_of, total, lanes);
    store(product_of, product, lanes);
  });
  for (long part = 1; part < parts; part++)
    for (long i = 0; i < 2 * C; i++) sums[i] += sums[2 * part * C + i];
  const float n = static_cast<float>(images.N * images.height * images.width);
  const Slopes slopes(C, n, sums, sums + C, s, mean, variance, epsilon, dgamma, dbeta);
  each_strip([&](long, long row, long c, long lanes) {
    Vector factor = load(s.factor.data() + c, lanes), offset = load(s.shift.data() + c, lanes);
    Vector of_g = load(slopes.of_g.data() + c, lanes), of_x = load(slopes.of_x.data() + c, lanes);
    Vector shift = load(slopes.shift.data() + c, lanes);
    images.each_window(row, c, [&](long from, long to) {
      NormalizedWindow window = NormalizedWindow::of(x + from, row_of_x, C, factor, offset, lanes);
      Vector gradient = before_relu(load(g + to, lanes), window.largest) * of_g;
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) {
        Vector of_value = window.x[i] * of_x + shift;
        store(dx + from + i / 2 * row_of_x + i % 2 * C, window.winner == i ? of_value + gradient : of_value, lanes);
      }
    });
  });
}

}  // namespace neurona
