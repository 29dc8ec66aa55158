// Convolutions of few channels with stride 1 over rows and columns, alone or followed by the maximum of each
// 2x2 window.
//
// Fewer channels than lanes would leave most of a vector empty, so LANES samples of the batch lie in the
// lanes.
#pragma once

#include <array>
#include <vector>

#include "matrix.h"
#include "samples_in_lanes.h"

namespace neurona {

constexpr long SLAB =
    256 * 1024;  // floats of a block that are worked on at a time: they stay in the second-level cache
constexpr long FIRST_LEVEL = 8 * 1024;  // floats that stay in the first-level cache

// y[i, j, f] = sum over taps and channels of x[i + tap0 - before0, j + tap1 - before1, c] * W[tap0, tap1, c,
// f].
struct FewChannels {
  long batch, channels, filters;
  long sizes[2], outputs[2], taps[2], before[2];

  double multiplications() const {
    return 1.0 * batch * outputs[0] * outputs[1] * taps[0] * taps[1] * channels * filters;
  }
  long blocks() const { return (batch + LANES - 1) / LANES; }
  long columns() const { return outputs[1] + taps[1] - 1; }  // of x with the zeros around it
};

static inline bool supports_few_channels(const Convolution& c) {
  bool supports = c.groups == 1 && c.sizes[1] == 1 && c.outputs[1] == 1 && c.taps[1] == 1;
  for (int axis = 0; axis < 3; axis++) supports = supports && c.strides[axis] == 1 && c.dilation[axis] == 1;
  return supports;
}

static inline FewChannels few_channels_of(const Convolution& c) {
  return {c.batch,
          c.channels,
          c.filters,
          {c.sizes[0], c.sizes[2]},
          {c.outputs[0], c.outputs[2]},
          {c.taps[0], c.taps[2]},
          {c.before[0], c.before[2]}};
}

// The gradient of x is a convolution of y's gradient, with the taps in reverse order.
static inline FewChannels transposed(const FewChannels& f) {
  return {f.batch,
          f.filters,
          f.channels,
          {f.outputs[0], f.outputs[1]},
          {f.sizes[0], f.sizes[1]},
          {f.taps[0], f.taps[1]},
          {f.taps[0] - 1 - f.before[0], f.taps[1] - 1 - f.before[1]}};
}

static inline void transposed_kernel(const FewChannels& f, const float* W, float* to) {
  const long all = f.taps[0] * f.taps[1], floats = f.channels * f.filters;
  for (long tap = 0; tap < all; tap++)
    transpose(matrix(W + (all - 1 - tap) * floats, f.channels, f.filters),
              matrix(to + tap * floats, f.filters, f.channels));
}

// Four outputs, anywhere in a block: output i begins at input x + place[i] and goes to y + output[i]. A row
// of the kernel is `run` terms that are neighbours in x. Before 2x2 windows the four are one output, and
// `winner` is where the number of the largest goes.
struct FourOutputs {
  const float* x;
  long place[4], rows, row_step, run;
  const float* W;
  long filters;
  const float* bias;
  Activation activation;
  float* y;
  long output[4];
  int8_t* winner;
};

// sums = activation(sums + bias), where the long activations are not unrolled.
template <int FILTERS>
NEURONA_INLINE void activate_four(Vector (&sums)[4][FILTERS], const float* bias, Activation activation) {
#pragma GCC unroll 8
  for (int f = 0; f < FILTERS; f++)
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      if (bias) sums[i][f] += broadcast(bias[f]);
      if (activation == Activation::relu) sums[i][f] = relu(sums[i][f]);
    }
  if (activation == Activation::relu || activation == Activation::linear) return;
  Vector kept[4 * FILTERS];
#pragma GCC unroll 32
  for (int i = 0; i < 4 * FILTERS; i++) kept[i] = sums[i / FILTERS][i % FILTERS];
#pragma GCC unroll 1
  for (int i = 0; i < 4 * FILTERS; i++) kept[i] = activate(activation, kept[i]);
#pragma GCC unroll 32
  for (int i = 0; i < 4 * FILTERS; i++) sums[i / FILTERS][i % FILTERS] = kept[i];
}

template <int FILTERS, bool POOLED>
static __attribute__((noinline)) void few_channels_tile(const FourOutputs& o) {
  Vector sums[4][FILTERS] = {};
  const long second = o.place[1] - o.place[0], third = o.place[2] - o.place[0],
             fourth = o.place[3] - o.place[0];
  const long rows = o.rows, row_step = o.row_step, run = o.run, filters = o.filters;
  const float* __restrict x = o.x + o.place[0], * __restrict W = o.W;
  for (long row = 0; row < rows; row++, x += row_step) {
    const float* a = x;
    for (long term = 0; term < run; term++, a += LANES, W += filters) {
      const Vector values[4] = {load(a), load(a + second), load(a + third), load(a + fourth)};
#pragma GCC unroll 8
      for (int f = 0; f < FILTERS; f++) {
        const Vector weight = broadcast(W[f]);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) sums[i][f] += values[i] * weight;
      }
    }
  }
  activate_four(sums, o.bias, o.activation);
#pragma GCC unroll 8
  for (int f = 0; f < FILTERS; f++) {
    if (POOLED) {
      Vector most = sums[0][f];
      Integers number{};
#pragma GCC unroll 4
      for (int i = 1; i < 4; i++) {
        const Vector v = sums[i][f];
        const Integers wins = (v > most) | (v != v);
        most = wins ? v : most;
        number = wins ? Integers{} + i : number;
      }
      store(o.y + o.output[0] + f * LANES, most);
      store_bytes(o.winner + f * SAMPLES, number);
    } else {
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) store(o.y + o.output[i] + f * LANES, sums[i][f]);
    }
  }
}

// How many of `left` filters, or taps, to take next, so that all tiles are of about one size.
static inline long next_tile(long left, long most) {
  const long tiles = (left + most - 1) / most;
  return (left + tiles - 1) / tiles;
}

using FewChannelsTile = void (*)(const FourOutputs&);

template <bool POOLED, std::size_t... I>
static constexpr std::array<FewChannelsTile, sizeof...(I)> few_channels_tiles(std::index_sequence<I...>) {
  return {few_channels_tile<I + 1, POOLED>...};
}

// Registers per tile: the sums of these filters for four outputs, four vectors of x and one weight.
constexpr long TILE_FILTERS = REGISTERS >= 32 ? 6 : 2;

// How many slabs keep a block of rows in the cache.
static inline long slabs_of(long rows, long floats_of_row) {
  return std::min(rows, 1 + rows * floats_of_row / SLAB);
}

// The outputs of a slab of a block of samples, from x to y, both with samples in the lanes. With a record of
// winners, y holds the maxima of 2x2 windows.
struct FewChannelsSlab {
  const FewChannels& f;
  const float *W, *bias;
  Activation activation;
  long columns_of_y;

  void run(const float* x, long rows, float* y, int8_t* winners) const {
    static constexpr auto single = few_channels_tiles<false>(std::make_index_sequence<TILE_FILTERS>());
    static constexpr auto pooled = few_channels_tiles<true>(std::make_index_sequence<TILE_FILTERS>());
    const long pixels = rows * columns_of_y;
    FourOutputs o{x, {}, f.taps[0], f.columns() * f.channels * LANES, f.taps[1] * f.channels};
    o.filters = f.filters;
    o.activation = activation;
    for (long pixel = 0; pixel < pixels; pixel += winners ? 1 : 4) {
      for (long i = 0; i < 4; i++) set_output(o, i, pixel, pixels, winners != nullptr);
      for (long filter = 0, taken; filter < f.filters; filter += taken) {
        taken = next_tile(f.filters - filter, TILE_FILTERS);
        o.W = W + filter;
        o.bias = bias ? bias + filter : nullptr;
        o.y = y + filter * LANES;
        o.winner = winners ? winners + (pixel * f.filters + filter) * SAMPLES : nullptr;
        (winners ? pooled : single)[taken - 1](o);
      }
    }
  }

  // The places of output i of the four from `pixel` on, or of the window `pixel`. The last outputs may be
  // computed twice.
  void set_output(FourOutputs& o, long i, long pixel, long pixels, bool pools) const {
    const long at = pools ? pixel : std::min(pixel + i, pixels - 1), step = pools ? 2 : 1;
    const long row = at / columns_of_y * step + (pools ? i / 2 : 0);
    const long column = at % columns_of_y * step + (pools ? i % 2 : 0);
    o.place[i] = row * o.row_step + column * f.channels * LANES;
    o.output[i] = at * f.filters * LANES;
  }
};

// y = activation(x * W + bias), or with `where` the maxima of its 2x2 windows; x is what `source` reads.
template <class Pool, class Source>
void few_channels(Pool& pool, const FewChannels& f, const Source& source, const float* W, const float* bias,
                  Activation activation, float* y, int8_t* where) {
  const long step = where ? 2 : 1, rows_of_y = f.outputs[0] / step, columns_of_y = f.outputs[1] / step;
  const long row_of_x = f.columns() * f.channels * LANES, row_of_y = columns_of_y * f.filters * LANES;
  long parts = part_count(pool, f.multiplications(), CONVOLUTION_PART);
  const long slabs = f.blocks() * slabs_of(rows_of_y, step * row_of_x + row_of_y);
  const Blocks work(f.blocks(), rows_of_y, std::max(parts, slabs));
  parts = std::min(parts, work.count());
  const long floats_of_x = (step * work.longest() + f.taps[0] - 1) * row_of_x;
  const long floats = floats_of_x + work.longest() * row_of_y;
  const long windows[2] = {rows_of_y, columns_of_y}, sample_of_y = rows_of_y * columns_of_y * f.filters;
  const FewChannelsSlab outputs_of_slab{f, W, bias, activation, columns_of_y};
  Workspace memory(parts * floats);

  parallel_for(pool, parts, work.count(), [&](Part part) {
    float *x = memory.data() + part.number * floats, *outputs = x + floats_of_x;
    work.each(part, 1, [&](const Slab& slab) {
      const Block block{slab.sample * LANES, std::min<long>(LANES, f.batch - slab.sample * LANES)};
      const Area area{step * slab.first - f.before[0], -f.before[1], step * slab.rows + f.taps[0] - 1,
                      f.columns()};
      source.read(block, area, f.channels * LANES, x);
      int8_t* winners =
          where ? where + place_of_winner(windows, f.filters, block.first, slab.first * columns_of_y)
                : nullptr;
      outputs_of_slab.run(x, slab.rows, outputs, winners);
      const long pixels = slab.rows * columns_of_y, first = slab.first * columns_of_y * f.filters;
      out_of_lanes(outputs, pixels * f.filters, y + block.first * sample_of_y + first, sample_of_y,
                   block.count);
    });
  });
}

// The gradient of x, from the gradient of y, which `gradient` reads.
template <class Pool, class Source>
void few_channels_input_gradient(Pool& pool, const FewChannels& f, const Source& gradient, const float* W,
                                 float* dx) {
  std::vector<float> W_transposed(f.taps[0] * f.taps[1] * f.channels * f.filters);
  transposed_kernel(f, W, W_transposed.data());
  few_channels(pool, transposed(f), gradient, W_transposed.data(), nullptr, Activation::linear, dx, nullptr);
}

}  // namespace neurona
