// The convolution kernels, depthwise ones included, against the definition: over odd sizes, unaligned memory
// and several callers at once.
#include "../../../neurona/kernels/cpp/convolution.h"
#include "../../../neurona/kernels/cpp/depthwise.h"
#include "pool.h"

using namespace neurona;

// Samples in the lanes, at every size.
static void check_few_channels(Pool& pool, const Convolution& c, const float* x, const float* W,
                               const float* b, const Image& g, const Doubles& y, const Doubles& dx,
                               const Doubles& dW, const Doubles& db) {
  FewChannels f = few_channels_of(c);
  Floats y1(y.size()), dx1(dx.size()), dW1(dW.size()), db1(db.size());
  few_channels(pool, f, inputs_of(c, {x}), W, b, g.activation, y1.data(), nullptr);
  expect_close("y", y1, y, 1e-5);
  few_channels_input_gradient(pool, f, outputs_of(c, g), W, dx1.data());
  expect_close("dx", dx1, dx, 1e-5);
  few_channels_kernel_gradient(pool, f, inputs_of(c, {x}), outputs_of(c, g), dW1.data(), db1.data());
  expect_close("dW", dW1, dW, 1e-5);
  expect_close("db", db1, db, 1e-5);
}

// Followed by 2x2 windows: against the unpooled numbers of the same kernels.
static void check_windows(Pool& pool, const Convolution& c, const float* x, const float* W, const float* b,
                          Activation activation) {
  FewChannels f = few_channels_of(c);
  long windows[] = {f.outputs[0] / 2, f.outputs[1] / 2},
       pooled = c.batch * windows[0] * windows[1] * c.filters;
  if (pooled == 0) return;
  long positions = f.outputs[0] * f.outputs[1], size_of_x = c.batch * f.sizes[0] * f.sizes[1] * c.channels,
       size_of_W = f.taps[0] * f.taps[1] * c.channels * c.filters;
  Floats full(c.batch * positions * c.filters), y(pooled), g = random_floats(pooled, 5), spread(full.size());
  std::vector<int8_t> where((c.batch + SAMPLES - 1) / SAMPLES * SAMPLES * windows[0] * windows[1] *
                            c.filters);
  few_channels(pool, f, inputs_of(c, {x}), W, b, activation, full.data(), nullptr);
  few_channels(pool, f, inputs_of(c, {x}), W, b, activation, y.data(), where.data());
  Doubles expected(pooled, -1e9);
  for (long o = 0; o < pooled; o++) {
    long filter = o % c.filters, window = o / c.filters % (windows[0] * windows[1]),
         n = o / c.filters / (windows[0] * windows[1]), winner = 0;
    for (int k = 0; k < 4; k++) {
      long row = window / windows[1] * 2 + k / 2, column = window % windows[1] * 2 + k % 2;
      long place = (n * positions + row * f.outputs[1] + column) * c.filters + filter;
      if (full[place] > expected[o]) {
        expected[o] = full[place];
        winner = place;
      }
    }
    spread[winner] = static_cast<float>(plain::before_activation(activation, 1.0 * g[o], 1.0 * y[o]));
  }
  expect_close("maxima", y, expected, 1e-6);
  Floats dx(size_of_x), dx1(size_of_x), dW(size_of_W), dW1(size_of_W), db(c.filters), db1(c.filters);
  UnpooledSource unpooled{
      {g.data(), y.data(), activation}, where.data(), {f.outputs[0], f.outputs[1]}, c.filters};
  few_channels_input_gradient(pool, f, outputs_of(c, {spread.data()}), W, dx.data());
  few_channels_input_gradient(pool, f, unpooled, W, dx1.data());
  expect_close("dx of maxima", dx1, Doubles(dx.begin(), dx.end()), 1e-5);
  few_channels_kernel_gradient(pool, f, inputs_of(c, {x}), outputs_of(c, {spread.data()}), dW.data(),
                               db.data());
  few_channels_kernel_gradient(pool, f, inputs_of(c, {x}), unpooled, dW1.data(), db1.data());
  expect_close("dW of maxima", dW1, Doubles(dW.begin(), dW.end()), 1e-5);
  expect_close("db of maxima", db1, Doubles(db.begin(), db.end()), 1e-5);
}

static void check(Pool& pool, Convolution c, Activation activation) {
  long after[3];
  for (int axis = 0; axis < 3; axis++) {  // as many zeros after the image as before it
    after[axis] = c.before[axis];
    long span = (c.taps[axis] - 1) * c.dilation[axis] + 1;
    c.outputs[axis] = (c.sizes[axis] + c.before[axis] + after[axis] - span) / c.strides[axis] + 1;
    if (c.sizes[axis] + c.before[axis] + after[axis] < span) return;
  }
  const long size_of_x = c.batch * c.inputs() * c.channels, size_of_y = c.batch * c.positions() * c.filters;
  const long size_of_W = c.all_taps() * c.inputs_per_group() * c.filters;
  Floats x = random_floats(size_of_x + 1, 1), W = random_floats(size_of_W + 1, 2),
         b = random_floats(c.filters, 3);
  Floats g = random_floats(size_of_y + 1, 4), y1(size_of_y + 1);
  const float *px = x.data() + 1, *pW = W.data() + 1, *pg = g.data() + 1;  // unaligned
  Doubles y(size_of_y), dx(size_of_x), dW(size_of_W), db(c.filters);
  plain::convolution(c, px, pW, b.data(), activation, y.data());
  auto forward = is_depthwise(c) ? depthwise_forward<Pool> : convolution_forward<Pool>;
  forward(pool, c, px, pW, b.data(), activation, y1.data() + 1);
  expect_close("y", Floats(y1.begin() + 1, y1.end()), y, 1e-5);

  plain::convolution_gradients(c, px, pW, y1.data() + 1, pg, activation, dx.data(), dW.data(), db.data());
  Image image{pg, y1.data() + 1, activation};
  Floats dx1(size_of_x), dW1(size_of_W), db1(c.filters), again(size_of_W);
  auto input_gradient = is_depthwise(c) ? depthwise_input_gradient<Pool> : convolution_input_gradient<Pool>;
  input_gradient(pool, c, image, pW, dx1.data());
  expect_close("dx", dx1, dx, 1e-5);
  auto kernel_gradient =
      is_depthwise(c) ? depthwise_kernel_gradient<Pool> : convolution_kernel_gradient<Pool>;
  kernel_gradient(pool, c, px, image, dW1.data(), db1.data());
  expect_close("dW", dW1, dW, 1e-5);
  expect_close("db", db1, db, 1e-5);
  kernel_gradient(pool, c, px, image, again.data(), db1.data());
  expect_same_bits("dW", dW1, again);
  if (supports_few_channels(c)) {
    check_few_channels(pool, c, px, pW, b.data(), image, y, dx, dW, db);
    bool inside = c.before[0] >= 0 && c.before[2] >= 0 && c.before[0] < c.taps[0] && c.before[2] < c.taps[2];
    if (inside) check_windows(pool, c, px, pW, b.data(), activation);
  }
}

int main() {
  Pool pool(3);
  // batch, channels, filters, groups, sizes, outputs (from the rest), taps, strides, before, dilation
  for (Activation activation :
       values({Activation::linear, Activation::tanh, Activation::sigmoid, Activation::relu})) {
    check(pool, {5, 1, 6, 1, {28, 1, 27}, {}, {5, 1, 5}, {1, 1, 1}, {2, 0, 2}, {1, 1, 1}}, activation);
    check(pool, {3, 6, 16, 1, {14, 1, 13}, {}, {5, 1, 5}, {1, 1, 1}, {2, 0, 2}, {1, 1, 1}}, activation);
    check(pool, {16, 3, 7, 1, {8, 1, 9}, {}, {3, 1, 2}, {1, 1, 1}, {1, 0, 0}, {1, 1, 1}}, activation);
    check(pool, {17, 5, 3, 1, {40, 1, 60}, {}, {3, 1, 3}, {1, 1, 1}, {1, 0, 1}, {1, 1, 1}},
          activation);  // several slabs
    check(pool, {35, 2, 9, 1, {1, 1, 20}, {}, {1, 1, 7}, {1, 1, 1}, {0, 0, 4}, {1, 1, 1}}, activation);
  }
  for (long channels : values({1L, 3L, 16L, 17L}))
    for (long filters : values({1L, 5L, 16L, 33L, 70L}))
      for (long stride : values({1L, 2L}))
        for (long dilation : values({1L, 2L}))
          check(pool,
                {2,
                 channels,
                 filters,
                 1,
                 {9, 1, 7},
                 {},
                 {3, 1, 3},
                 {stride, 1, stride},
                 {1, 0, 1},
                 {dilation, 1, dilation}},
                Activation::relu);
  check(pool, {1, 8, 16, 1, {20, 1, 9}, {}, {3, 1, 3}, {1, 1, 1}, {1, 0, 1}, {1, 1, 1}},
        Activation::relu);  // fewer samples than threads
  check(pool, {2, 12, 40, 4, {6, 1, 7}, {}, {3, 1, 2}, {1, 1, 1}, {1, 0, 1}, {1, 1, 1}}, Activation::relu);
  check(pool, {2, 5, 7, 1, {4, 5, 6}, {}, {2, 3, 3}, {2, 1, 3}, {0, 1, 2}, {1, 2, 1}}, Activation::tanh);
  check(pool, {4, 20, 24, 1, {1, 1, 50}, {}, {1, 1, 5}, {1, 1, 1}, {0, 0, 4}, {1, 1, 1}}, Activation::relu);
  check(pool, {3, 20, 24, 1, {6, 1, 6}, {}, {2, 1, 2}, {3, 1, 3}, {-1, 0, -1}, {1, 1, 1}},
        Activation::relu);  // cropped
  check(pool, {9, 50, 35, 1, {4, 1, 4}, {}, {1, 1, 1}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}}, Activation::relu);
  for (long channels : values({2L, 3L, 8L, 16L, 17L, 40L}))  // depthwise
    for (long multiplier : values({1L, 2L, 5L}))
      for (long stride : values({1L, 2L}))
        for (long dilation : values({1L, 2L}))
          check(pool,
                {2,
                 channels,
                 channels * multiplier,
                 channels,
                 {9, 1, 7},
                 {},
                 {3, 1, 3},
                 {stride, 1, stride},
                 {1, 0, 2},
                 {dilation, 1, dilation}},
                dilation == 1 ? Activation::relu : Activation::tanh);
  check(pool, {1, 6, 6, 6, {20, 1, 9}, {}, {3, 1, 4}, {1, 1, 1}, {1, 0, 1}, {1, 1, 1}}, Activation::relu);
  check(pool, {1, 6, 12, 6, {20, 1, 9}, {}, {3, 1, 5}, {3, 1, 2}, {1, 0, 1}, {1, 1, 1}}, Activation::relu);
  check(pool, {2, 5, 10, 5, {4, 5, 6}, {}, {2, 3, 3}, {2, 1, 3}, {0, 1, 2}, {1, 2, 1}}, Activation::tanh);
  check(pool, {4, 20, 20, 20, {1, 1, 50}, {}, {1, 1, 5}, {1, 1, 1}, {0, 0, 4}, {1, 1, 1}},
        Activation::linear);
  check(pool, {3, 7, 7, 7, {6, 1, 6}, {}, {2, 1, 2}, {3, 1, 3}, {-1, 0, -1}, {1, 1, 1}},
        Activation::relu);           // cropped
  std::vector<std::thread> callers;  // several models in training, on one pool
  for (int i = 0; i < 4; i++)
    callers.emplace_back([&pool] {
      check(pool, {8, 4, 20, 1, {9, 1, 9}, {}, {3, 1, 3}, {1, 1, 1}, {1, 0, 1}, {1, 1, 1}}, Activation::relu);
    });
  for (auto& caller : callers) caller.join();
}
