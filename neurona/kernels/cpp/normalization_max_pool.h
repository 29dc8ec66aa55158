// Batch normalization of images followed by 2x2 maximum pooling, and perhaps by a ReLU, and its gradients.
#pragma once

#include "normalization.h"

namespace neurona {

// Images x (N, height, width, C), pooled to (N, height / 2, width / 2, C); height and width are even.
struct Images {
  long N, height, width, C;

  long rows_of_windows() const { return N * (height / 2); }
  // Calls window(the place of its first input, its place) for the windows of a row, from channel c on.
  template <class Window>
  void each_window(long row, long c, const Window& window) const {
    for (long j = 0; j < width / 2; j++)
      window((2 * row * width + 2 * j) * C + c, (row * (width / 2) + j) * C + c);
  }
};

namespace plain {

// The place of the largest of the four inputs of a window, the first of equal ones. `place` is that of the
// output.
inline long winner_of_window(const Images& images, const double* x, long place) {
  const long c = place % images.C, j = place / images.C % (images.width / 2);
  const long row = place / images.C / (images.width / 2);  // of windows
  long winner = ((2 * row) * images.width + 2 * j) * images.C + c;
  for (long k = 1; k < 4; k++) {
    const long other = ((2 * row + k / 2) * images.width + 2 * j + k % 2) * images.C + c;
    if (x[other] > x[winner]) winner = other;
  }
  return winner;
}

}  // namespace plain

// Calls strip(part, row of windows, channel, lanes) for all vectors of channels of all rows.
template <class Pool, class Strip>
void each_strip(Pool& pool, long parts, const Images& images, const Strip& strip) {
  parallel_for(pool, parts, images.rows_of_windows(), [&](Part part) {
    for (long row = part.begin; row < part.end; row++)
      for (long c = 0; c < images.C; c += LANES)
        strip(part.number, row, c, std::min<long>(LANES, images.C - c));
  });
}

template <class Pool>
long part_count(Pool& pool, const Images& images) {
  const double floats = 1.0 * images.N * images.height * images.width * images.C;
  return std::min(images.rows_of_windows(), part_count(pool, floats, NORMALIZATION_PART));
}

// The four inputs of a window, and the largest of their normalized values.
struct NormalizedWindow {
  Vector x[4], largest;
  Integers winner;  // 0 to 3, the first of equal ones

  NEURONA_INLINE NormalizedWindow of(const float* x, long row, long C, Vector factor, Vector shift,
                                     long lanes) {
    NormalizedWindow window;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      window.x[i] = load(x + i / 2 * row + i % 2 * C, lanes);
      const Vector value = window.x[i] * factor + shift;
      const Integers wins = i == 0 ? ~Integers{} : (value > window.largest) | (value != value);
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
void normalize_max_pool(Pool& pool, const Images& images, const float* x, const Standardization& s,
                        float* y) {
  each_strip(pool, part_count(pool, images), images, [&](long, long row, long c, long lanes) {
    const Vector factor = load(s.factor.data() + c, lanes), shift = load(s.shift.data() + c, lanes);
    images.each_window(row, c, [&](long from, long to) {
      const auto window =
          NormalizedWindow::of(x + from, images.width * images.C, images.C, factor, shift, lanes);
      store(y + to, s.activated(window.largest), lanes);
    });
  });
}

// From the gradient g of the pooled y: those of x, gamma and beta.
template <class Pool>
void normalize_max_pool_gradients(Pool& pool, const Images& images, const float* x, const Standardization& s,
                                  const float* g, const NormalizationGradients& to) {
  const long parts = part_count(pool, images), C = images.C, row_of_x = images.width * C;
  Workspace memory(2 * parts * C);
  float* sums = memory.data();  // of each part: the sums of g, then those of g * (x - mean)
  std::memset(sums, 0, 2 * parts * C * sizeof(float));
  each_strip(pool, parts, images, [&](long part, long row, long c, long lanes) {
    const Vector factor = load(s.factor.data() + c, lanes), shift = load(s.shift.data() + c, lanes);
    const Vector center = load(s.mean + c, lanes);
    float *totals = sums + 2 * part * C + c, *products = totals + C;
    Vector total = load(totals, lanes), product = load(products, lanes);
    images.each_window(row, c, [&](long from, long to) {
      const auto window = NormalizedWindow::of(x + from, row_of_x, C, factor, shift, lanes);
      const Vector gradient = s.before_relu(load(g + to, lanes), window.largest);
      total += gradient;
      product += gradient * (window.winning_x() - center);
    });
    store(totals, total, lanes);
    store(products, product, lanes);
  });
  for (long part = 1; part < parts; part++)
    for (long i = 0; i < 2 * C; i++) sums[i] += sums[2 * part * C + i];
  const float n = static_cast<float>(images.N * images.height * images.width);
  const Slopes slopes(C, n, sums, sums + C, s, to.dgamma, to.dbeta);
  each_strip(pool, parts, images, [&](long, long row, long c, long lanes) {
    const Vector factor = load(s.factor.data() + c, lanes), shift = load(s.shift.data() + c, lanes);
    const Vector of_g = load(slopes.of_g.data() + c, lanes), of_x = load(slopes.of_x.data() + c, lanes);
    const Vector offset = load(slopes.shift.data() + c, lanes);
    images.each_window(row, c, [&](long from, long place) {
      const auto window = NormalizedWindow::of(x + from, row_of_x, C, factor, shift, lanes);
      const Vector gradient = s.before_relu(load(g + place, lanes), window.largest) * of_g;
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) {
        const Vector of_value = window.x[i] * of_x + offset;
        store(to.dx + from + i / 2 * row_of_x + i % 2 * C,
              window.winner == i ? of_value + gradient : of_value, lanes);
      }
    });
  });
}

}  // namespace neurona
