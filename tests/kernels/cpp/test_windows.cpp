// Pooling by any windows, and its gradients, against the definition: over odd sizes, at the edges, with equal
// maxima.
#include "../../../neurona/kernels/cpp/windows.h"
#include "pool.h"

using namespace neurona;

static void check(Pool& pool, Convolution c) {
  c.filters = c.groups = c.channels;
  for (int axis = 0; axis < 3; axis++) {  // "same" padding
    c.outputs[axis] = (c.sizes[axis] + c.strides[axis] - 1) / c.strides[axis];
    c.before[axis] = std::max(0L, (c.outputs[axis] - 1) * c.strides[axis] + c.taps[axis] - c.sizes[axis]) / 2;
    c.dilation[axis] = 1;
  }
  const long size = c.batch * c.positions() * c.channels;
  Floats x = random_floats(c.batch * c.inputs() * c.channels, 1), g = random_floats(size, 2), y(size);
  for (float& value : x) value = std::round(2 * value);  // several equal maxima in a window
  Floats dx(x.size()), again(x.size());
  Doubles largest(size), mean(size), of_largest(x.size()), of_mean(x.size());
  plain::windows(c, x.data(), largest.data(), mean.data());
  plain::windows_gradients(c, x.data(), largest.data(), g.data(), of_largest.data(), of_mean.data());
  pool_windows<Largest>(pool, c, x.data(), y.data());
  expect_close("largest", y, largest, 0);
  pool_windows_gradient<Largest>(pool, c, x.data(), g.data(), dx.data());
  expect_close("gradient of the largest", dx, of_largest);
  pool_windows_gradient<Largest>(pool, c, x.data(), g.data(), again.data());
  expect_same_bits("gradient of the largest", dx, again);
  pool_windows<Mean>(pool, c, x.data(), y.data());
  expect_close("mean", y, mean);
  pool_windows_gradient<Mean>(pool, c, x.data(), g.data(), dx.data());
  expect_close("gradient of the mean", dx, of_mean);
}

int main() {
  Pool pool(3);
  // batch, channels, (filters, groups), sizes, outputs (from the rest), window, strides
  for (long channels : {1L, 3L, 16L, 17L, 70L})
    for (long stride : {1L, 2L, 3L}) {
      check(pool, {3, channels, 0, 0, {9, 1, 7}, {}, {3, 1, 3}, {stride, 1, stride}});
      check(pool, {2, channels, 0, 0, {5, 4, 6}, {}, {2, 3, 1}, {stride, 1, 2}});
      check(pool, {5, channels, 0, 0, {1, 1, 23}, {}, {1, 1, 4}, {1, 1, stride}});
    }
  check(pool, {1, 8, 0, 0, {40, 1, 40}, {}, {3, 1, 3}, {2, 1, 2}});  // fewer samples than threads
  check(pool, {6, 20, 0, 0, {7, 1, 7}, {}, {7, 1, 7}, {7, 1, 7}});
}
