// Maximum pooling and its gradient against the definition, over odd sizes and several windows.
#include "../../../neurona/kernels/cpp/pooling.h"

#include "pool.h"

using namespace neurona;

static void check(Pool& pool, const Pooling& p) {
  long rows[] = {p.outputs(0), p.outputs(1), p.outputs(2)}, windows = p.batch * rows[0] * rows[1] * rows[2];
  Floats x = random_floats(p.inputs(), 1), g = random_floats(windows * p.channels, 2), y(windows * p.channels), dx(p.inputs());
  for (float& value : x) value = std::round(2 * value);  // several equal maxima in a window
  std::vector<int32_t> where(windows * p.channels);
  std::vector<double> expected_y(windows * p.channels, -1e9), expected_dx(p.inputs());
  for (long o = 0; o < windows * p.channels; o++) {
    long c = o % p.channels, k = o / p.channels % rows[2], j = o / p.channels / rows[2] % rows[1];
    long i = o / p.channels / rows[2] / rows[1] % rows[0], n = o / p.channels / rows[2] / rows[1] / rows[0], winner = 0;
    for (long a = 0; a < p.window[0]; a++)
      for (long b = 0; b < p.window[1]; b++)
        for (long d = 0; d < p.window[2]; d++) {
          long plane = n * p.sizes[0] + i * p.window[0] + a, row = plane * p.sizes[1] + j * p.window[1] + b;
          long place = (row * p.sizes[2] + k * p.window[2] + d) * p.channels + c;
          if (x[place] > expected_y[o]) {
            expected_y[o] = x[place];
            winner = place;
          }
        }
    expected_dx[winner] = g[o];
  }
  max_pool(pool, p, x.data(), y.data(), where.data());
  expect_close("y", y, expected_y, 0);
  max_pool_gradient(pool, p, where.data(), g.data(), dx.data());
  expect_close("dx", dx, expected_dx, 0);
}

int main() {
  Pool pool(3);
  for (long channels : {1L, 6L, 16L, 17L, 40L}) {
    check(pool, {3, channels, {28, 1, 28}, {2, 1, 2}});
    check(pool, {2, channels, {9, 1, 7}, {2, 1, 3}});
    check(pool, {2, channels, {1, 1, 11}, {1, 1, 2}});
    check(pool, {2, channels, {5, 4, 6}, {2, 2, 2}});
  }
  check(pool, {32, 32, {32, 1, 32}, {2, 1, 2}});
}
