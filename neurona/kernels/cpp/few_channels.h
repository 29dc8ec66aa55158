// Convolutions of few channels with stride 1 over rows and columns, alone or with the maximum of each 2x2 window behind them.
//
// Channels that are fewer than lanes would leave most of a vector empty. Here LANES samples of the batch lie in the lanes: a block of them
// is turned into (rows, columns, channels, LANES) with zeros around it, and turned back on its way out.
#pragma once

#include <array>
#include <utility>
#include <vector>

#include "image.h"

namespace neurona {

constexpr long SLAB = 256 * 1024;  // floats of a block that are worked on at a time: they stay in the second-level cache
constexpr long FIRST_LEVEL = 8 * 1024;  // floats that stay in the first-level cache with others beside them
constexpr int SAMPLES = 16;        // that lie side by side in a record of winners, whatever the lanes

// y[i, j, f] = sum over taps and channels of x[i + tap0 - before0, j + tap1 - before1, c] * W[tap0, tap1, c, f].
struct FewChannels {
  long batch, channels, filters;
  long sizes[2], outputs[2], taps[2], before[2];

  double multiplications() const { return 1.0 * batch * outputs[0] * outputs[1] * taps[0] * taps[1] * channels * filters; }
  long blocks() const { return (batch + LANES - 1) / LANES; }
  long columns() const { return outputs[1] + taps[1] - 1; }  // of x with the zeros around it
};

static inline bool few_channels_can(const Convolution& c) {
  bool can = c.groups == 1 && c.sizes[1] == 1 && c.outputs[1] == 1 && c.taps[1] == 1;
  for (int axis = 0; axis < 3; axis++) can = can && c.strides[axis] == 1 && c.dilation[axis] == 1;
  return can;
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

// The gradient of x is a convolution of y's, with the taps in reverse order.
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
  long all = f.taps[0] * f.taps[1], floats = f.channels * f.filters;
  for (long tap = 0; tap < all; tap++) transpose(W + (all - 1 - tap) * floats, f.channels, f.filters, f.filters, to + tap * floats, f.channels);
}

// Samples first, ..., first + count - 1, at most LANES.
struct Block {
  long first, count;
};

// Rows and columns of an image, which may hang over its edge.
struct Area {
  long row, column, rows, columns;
};

// Calls write(vector) for `count` neighbouring floats one after another, with samples that are `stride` apart in the vector's lanes.
template <class Write>
NEURONA_INLINE void into_lanes(const Image& image, long from, long stride, long samples, long count, const Write& write) {
  for (long i = 0; i < count; i += LANES) {
    long lanes = std::min<long>(LANES, count - i);
    Vector rows[LANES];
#pragma GCC unroll 16
    for (int sample = 0; sample < LANES; sample++)
      rows[sample] = sample < samples ? image.vector(from + sample * stride + i, lanes) : Vector{};
    turn(rows);
#pragma GCC unroll 16
    for (int j = 0; j < LANES; j++)
      if (j < lanes) write(rows[j]);
  }
}

// to[sample * stride + i] = from[i, sample].
static inline void out_of_lanes(const float* from, long count, float* to, long stride, long samples) {
  for (long i = 0; i < count; i += LANES) {
    long lanes = std::min<long>(LANES, count - i);
    Vector rows[LANES];
#pragma GCC unroll 16
    for (int j = 0; j < LANES; j++) rows[j] = j < lanes ? load(from + (i + j) * LANES) : Vector{};
    turn(rows);
#pragma GCC unroll 16
    for (int sample = 0; sample < LANES; sample++)
      if (sample < samples) store(to + sample * stride + i, rows[sample], lanes);
  }
}

static inline void zero(float* from, long floats) { std::memset(from, 0, floats * sizeof(float)); }

// An image, or a gradient, (N, rows, columns, channels). Pixels are read to places `pixel` floats apart.
struct Plain {
  Image image;
  long sizes[2], channels;

  void read(Block block, Area area, long pixel, float* to) const {
    const long begin = std::clamp(-area.column, 0L, area.columns), end = std::clamp(sizes[1] - area.column, begin, area.columns);
    for (long row = area.row; row < area.row + area.rows; row++, to += area.columns * pixel) {
      if (row < 0 || row >= sizes[0] || begin == end) {
        zero(to, area.columns * pixel);
        continue;
      }
      long from = ((block.first * sizes[0] + row) * sizes[1] + area.column + begin) * channels, channel = 0;
      float* inside = to + begin * pixel;
      zero(to, begin * pixel);
      into_lanes(image, from, sizes[0] * sizes[1] * channels, block.count, (end - begin) * channels, [&](Vector v) {
        store(inside, v);
        inside += LANES;
        if (++channel == channels) {
          channel = 0;
          inside += pixel - channels * LANES;
        }
      });
      zero(to + end * pixel, (area.columns - end) * pixel);
    }
  }
};

static inline Plain inputs_of(const Convolution& c, const Image& x) { return {x, {c.sizes[0], c.sizes[2]}, c.channels}; }
static inline Plain outputs_of(const Convolution& c, const Image& y) { return {y, {c.outputs[0], c.outputs[2]}, c.filters}; }

// The winners of the windows of a block, (windows, filters, SAMPLES) for every SAMPLES samples.
NEURONA_INLINE long place_of_winner(const long windows[2], long channels, long sample, long window) {
  return ((sample / SAMPLES * windows[0] * windows[1] + window) * channels) * SAMPLES + sample % SAMPLES;
}

// A gradient behind 2x2 windows, (N, rows / 2, columns / 2, channels): the winner of each window takes it, the others get 0.
struct Unpooled {
  Image image;
  const int8_t* where;
  long sizes[2], channels;  // before the windows

  void read(Block block, Area area, long pixel, float* to) const {
    const long windows[2] = {sizes[0] / 2, sizes[1] / 2}, row = area.columns * pixel;
    for (long i = 0; i < area.rows; i++) {
      bool inside = 0 <= area.row + i && area.row + i < 2 * windows[0];
      long before = inside ? -area.column : area.columns, after = inside ? 2 * windows[1] - area.column : area.columns;
      zero(to + i * row, before * pixel);
      zero(to + i * row + after * pixel, (area.columns - after) * pixel);
    }
    for (long i = std::max(0L, area.row / 2); i < windows[0] && 2 * i < area.row + area.rows; i++) {
      long from = (block.first * windows[0] + i) * windows[1] * channels, upper = 2 * i - area.row, channel = 0;
      const int8_t* winner = where + place_of_winner(windows, channels, block.first, i * windows[1]);
      float* first = to + upper * row - area.column * pixel;
      bool has[2] = {upper >= 0, upper + 1 < area.rows};
      into_lanes(image, from, windows[0] * windows[1] * channels, block.count, windows[1] * channels, [&](Vector v) {
        Integers wins = load_bytes(winner);
        for (int k = 0; k < 4; k++)
          if (has[k / 2]) store(first + k / 2 * row + k % 2 * pixel, wins == k ? v : Vector{});
        winner += SAMPLES;
        first += LANES;
        if (++channel == channels) {
          channel = 0;
          first += 2 * pixel - channels * LANES;
        }
      });
    }
  }
};

// Four outputs, anywhere in a block, of FILTERS filters: x + place[i] is the first input of output i. A row of the kernel is `run` terms
// that are neighbours in x. Behind 2x2 windows the four are one, and `winner` is where its winner goes.
template <int FILTERS, bool POOLED>
static __attribute__((noinline)) void few_channels_tile(const float* __restrict x, const long place[4], long rows, long row_step, long run,
                                                        const float* __restrict W, long filters, const float* bias, Activation activation,
                                                        float* __restrict y, const long output[4], int8_t* winner) {
  Vector total[4][FILTERS] = {};
  const long second = place[1] - place[0], third = place[2] - place[0], fourth = place[3] - place[0];
  x += place[0];
  for (long row = 0; row < rows; row++, x += row_step) {
    const float* a = x;
    for (long term = 0; term < run; term++, a += LANES, W += filters) {
      const Vector values[4] = {load(a), load(a + second), load(a + third), load(a + fourth)};
#pragma GCC unroll 8
      for (int f = 0; f < FILTERS; f++) {
        Vector weight = broadcast(W[f]);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) total[i][f] += values[i] * weight;
      }
    }
  }
#pragma GCC unroll 8
  for (int f = 0; f < FILTERS; f++)
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
      if (bias) total[i][f] += broadcast(bias[f]);
      if (activation == Activation::relu) total[i][f] = relu(total[i][f]);
    }
  if (activation != Activation::relu && activation != Activation::linear) {
    Vector kept[4 * FILTERS];
#pragma GCC unroll 32
    for (int i = 0; i < 4 * FILTERS; i++) kept[i] = total[i / FILTERS][i % FILTERS];
#pragma GCC unroll 1
    for (int i = 0; i < 4 * FILTERS; i++) kept[i] = activate(activation, kept[i]);
#pragma GCC unroll 32
    for (int i = 0; i < 4 * FILTERS; i++) total[i / FILTERS][i % FILTERS] = kept[i];
  }
#pragma GCC unroll 8
  for (int f = 0; f < FILTERS; f++) {
    if (POOLED) {
      Vector most = total[0][f];
      Integers number{};
#pragma GCC unroll 4
      for (int i = 1; i < 4; i++) {
        Vector v = total[i][f];
        Integers wins = (v > most) | (v != v);
        most = wins ? v : most;
        number = wins ? Integers{} + i : number;
      }
      store(y + output[0] + f * LANES, most);
      store_bytes(winner + f * SAMPLES, number);
    } else {
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) store(y + output[i] + f * LANES, total[i][f]);
    }
  }
}

// How many of `left` filters, or taps, to take next so that all tiles are of about one size.
static inline long next_tile(long left, long most) {
  long tiles = (left + most - 1) / most;
  return (left + tiles - 1) / tiles;
}

using FewChannelsTile = void (*)(const float*, const long[4], long, long, long, const float*, long, const float*, Activation, float*,
                                 const long[4], int8_t*);

template <bool POOLED, std::size_t... I>
static constexpr std::array<FewChannelsTile, sizeof...(I)> few_channels_tiles(std::index_sequence<I...>) {
  return {few_channels_tile<I + 1, POOLED>...};
}

constexpr long TILE_FILTERS = REGISTERS >= 32 ? 6 : 2;  // their sums for four outputs, four vectors of x and a weight fit into the registers

// How many slabs keep a block in the cache, of so many floats for each row.
static inline long slabs_of(long rows, long floats_of_row) { return std::min(rows, 1 + rows * floats_of_row / SLAB); }

// y = activation(x * W + bias), or with `where` the maxima of its 2x2 windows; x is what `source` reads.
template <class Pool, class Source>
void few_channels(Pool& pool, const FewChannels& f, const Source& source, const float* W, const float* bias, Activation activation, float* y,
                  int8_t* where) {
  static constexpr auto plain = few_channels_tiles<false>(std::make_index_sequence<TILE_FILTERS>());
  static constexpr auto pooled = few_channels_tiles<true>(std::make_index_sequence<TILE_FILTERS>());
  const long step = where ? 2 : 1, rows_of_y = f.outputs[0] / step, columns_of_y = f.outputs[1] / step;
  const long row_of_x = f.columns() * f.channels * LANES, row_of_y = columns_of_y * f.filters * LANES;
  long parts = parts_of(pool, f.multiplications(), CONVOLUTION_PART);
  Blocks work(f.blocks(), rows_of_y, std::max(parts, f.blocks() * slabs_of(rows_of_y, step * row_of_x + row_of_y)));
  parts = std::min(parts, work.count());
  const long floats_of_x = (step * work.longest() + f.taps[0] - 1) * row_of_x, floats = floats_of_x + work.longest() * row_of_y;
  const long windows[2] = {rows_of_y, columns_of_y}, sample_of_y = rows_of_y * columns_of_y * f.filters;
  Workspace memory(parts * floats);

  parallel_for(pool, parts, [&](long part) {
    float *x = memory.data() + part * floats, *outputs = x + floats_of_x;
    long begin = first_of(part, parts, work.count(), 1), end = first_of(part + 1, parts, work.count(), 1);
    work.each(begin, end, 1, [&](long number, long, long first, long rows) {
      Block block{number * LANES, std::min<long>(LANES, f.batch - number * LANES)};
      source.read(block, {step * first - f.before[0], -f.before[1], step * rows + f.taps[0] - 1, f.columns()}, f.channels * LANES, x);
      long pixels = rows * columns_of_y;
      for (long pixel = 0; pixel < pixels; pixel += where ? 1 : 4) {
        long place[4], output[4];
        for (long i = 0; i < 4; i++) {
          long at = where ? pixel : std::min(pixel + i, pixels - 1);  // the last outputs may be computed twice
          long row = at / columns_of_y * step, column = at % columns_of_y * step;
          if (where) {
            row += i / 2;
            column += i % 2;
          }
          place[i] = row * row_of_x + column * f.channels * LANES;
          output[i] = at * f.filters * LANES;
        }
        int8_t* winner = where ? where + place_of_winner(windows, f.filters, block.first, first * columns_of_y + pixel) : nullptr;
        for (long filter = 0, taken; filter < f.filters; filter += taken) {
          taken = next_tile(f.filters - filter, TILE_FILTERS);
          (where ? pooled : plain)[taken - 1](x, place, f.taps[0], row_of_x, f.taps[1] * f.channels, W + filter, f.filters,
                                              bias ? bias + filter : nullptr, activation, outputs + filter * LANES, output,
                                              where ? winner + filter * SAMPLES : nullptr);
        }
      }
      out_of_lanes(outputs, pixels * f.filters, y + block.first * sample_of_y + first * columns_of_y * f.filters, sample_of_y, block.count);
    });
  });
}

// The gradient of x, from that of y, which `gradient` reads.
template <class Pool, class Source>
void few_channels_input_gradient(Pool& pool, const FewChannels& f, const Source& gradient, const float* W, float* dx) {
  std::vector<float> turned(f.taps[0] * f.taps[1] * f.channels * f.filters);
  transposed_kernel(f, W, turned.data());
  few_channels(pool, transposed(f), gradient, turned.data(), nullptr, Activation::linear, dx, nullptr);
}

// A tap and channel of the kernel: where the first input lies that it meets, and its place in W.
struct Entry {
  long x, weight;
};

// The sums over rows and columns of x[term + pixel] * g[filter, pixel], for TERMS terms and FILTERS filters, to (or added to) their weights.
template <int TERMS, int FILTERS>
static __attribute__((noinline)) void pixel_sums(const float* __restrict x, long row_of_x, long pixel_of_x, const Entry* entry,
                                                 const float* __restrict g, long row_of_g, long pixel_of_g, long rows, long columns,
                                                 bool accumulate, float* __restrict to) {
  Vector total[TERMS][FILTERS] = {};
  long place[TERMS];
  for (int t = 0; t < TERMS; t++) place[t] = entry[t].x;
  for (long row = 0; row < rows; row++, x += row_of_x, g += row_of_g) {
    const float *a = x, *b = g;
    for (long column = 0; column < columns; column++, a += pixel_of_x, b += pixel_of_g) {
      Vector values[FILTERS];
#pragma GCC unroll 8
      for (int f = 0; f < FILTERS; f++) values[f] = load(b + f * LANES);
#pragma GCC unroll 8
      for (int t = 0; t < TERMS; t++) {
        Vector input = load(a + place[t]);
#pragma GCC unroll 8
        for (int f = 0; f < FILTERS; f++) total[t][f] += input * values[f];
      }
    }
  }
#pragma GCC unroll 8
  for (int t = 0; t < TERMS; t++)
#pragma GCC unroll 8
    for (int f = 0; f < FILTERS; f++) {
      float* at = to + (entry[t].weight + f) * LANES;
      store(at, accumulate ? load(at) + total[t][f] : total[t][f]);
    }
}

using PixelSums = void (*)(const float*, long, long, const Entry*, const float*, long, long, long, long, bool, float*);

constexpr long SUMMED_FILTERS = REGISTERS >= 32 ? 6 : 3, SUMMED_TERMS = 8;

// The most terms whose sums for so many filters fit into the registers, with the filters' gradients and an input.
static constexpr long terms_beside(long filters) { return std::min(SUMMED_TERMS, (REGISTERS - 2 - filters) / filters); }

template <int TERMS, int FILTERS>
static constexpr PixelSums pixel_sums_if_they_fit() {
  if constexpr (TERMS <= terms_beside(FILTERS)) return pixel_sums<TERMS, FILTERS>;
  return nullptr;
}

template <std::size_t... I>
static constexpr std::array<PixelSums, sizeof...(I)> all_pixel_sums(std::index_sequence<I...>) {
  return {pixel_sums_if_they_fit<I / SUMMED_FILTERS + 1, I % SUMMED_FILTERS + 1>()...};
}

// to[i] = the sum of the lanes of from[i].
static inline void sum_lanes(const float* from, long count, float* to) {
  for (long i = 0; i < count; i += LANES) {
    long lanes = std::min<long>(LANES, count - i);
    Vector rows[LANES] = {};
    for (long j = 0; j < lanes; j++) rows[j] = load(from + (i + j) * LANES);
    sum_rows(rows);
    store(to + i, rows[0], lanes);
  }
}

// The gradients of W and the bias, from that of y, which `gradient` reads.
template <class Pool, class Source>
void few_channels_kernel_gradient(Pool& pool, const FewChannels& f, const Plain& inputs, const Source& gradient, float* dW, float* dbias) {
  static constexpr auto tiles = all_pixel_sums(std::make_index_sequence<SUMMED_TERMS * SUMMED_FILTERS>());
  // An odd number of vectors for each pixel: else those that are read together would compete for a few places in the first-level cache.
  const long pixel_of_x = (f.channels | 1) * LANES, pixel_of_g = (f.filters | 1) * LANES;
  const long row_of_x = f.columns() * pixel_of_x, row_of_g = f.outputs[1] * pixel_of_g;
  const long weights = f.taps[0] * f.taps[1] * f.channels * f.filters, sums = weights + f.filters;
  long parts = parts_of(pool, f.multiplications(), CONVOLUTION_PART);
  Blocks work(f.blocks(), f.outputs[0], std::max(parts, f.blocks() * slabs_of(f.outputs[0], row_of_x + row_of_g)));
  parts = std::min(parts, work.count());
  // Rows of y's gradient at a time: in the first-level cache if the sums are few, else so many that the sums are seldom fetched.
  const long rows_at_once = std::clamp(std::max(FIRST_LEVEL, 2 * sums * LANES) / row_of_g / 2 * 2, 2L, work.longest() + 1);
  const long floats_of_x = (work.longest() + f.taps[0] - 1) * row_of_x, floats_of_g = rows_at_once * row_of_g;
  const long floats = sums * LANES + floats_of_x + floats_of_g;
  std::vector<Entry> entries;  // taps of a channel follow one another, because they share most of their inputs
  for (long channel = 0; channel < f.channels; channel++)
    for (long tap = 0; tap < f.taps[0] * f.taps[1]; tap++)
      entries.push_back({tap / f.taps[1] * row_of_x + tap % f.taps[1] * pixel_of_x + channel * LANES, (tap * f.channels + channel) * f.filters});
  const long count = static_cast<long>(entries.size());
  Workspace memory(parts * floats);

  parallel_for(pool, parts, [&](long part) {
    float *total = memory.data() + part * floats, *padded = total + sums * LANES, *g = padded + floats_of_x;
    bool accumulate = false;
    long begin = first_of(part, parts, work.count(), 1), end = first_of(part + 1, parts, work.count(), 1);
    work.each(begin, end, 1, [&](long number, long, long first, long rows) {
      Block block{number * LANES, std::min<long>(LANES, f.batch - number * LANES)};
      inputs.read(block, {first - f.before[0], -f.before[1], rows + f.taps[0] - 1, f.columns()}, pixel_of_x, padded);
      for (long upper = 0, taken; upper < rows; upper += taken, accumulate = true) {
        taken = std::min(rows_at_once, rows - upper);
        gradient.read(block, {first + upper, 0, taken, f.outputs[1]}, pixel_of_g, g);
        for (long filter = 0, wide; filter < f.filters; filter += wide) {
          wide = next_tile(f.filters - filter, SUMMED_FILTERS);
          const long rows_in_cache = std::max(1L, FIRST_LEVEL / (f.outputs[1] * (wide + 1) * LANES));
          for (long row = 0, some; row < taken; row += some) {
            some = next_tile(taken - row, rows_in_cache);
            for (long entry = 0, high; entry < count; entry += high) {
              high = next_tile(count - entry, terms_beside(wide));
              tiles[(high - 1) * SUMMED_FILTERS + wide - 1](padded + (upper + row) * row_of_x, row_of_x, pixel_of_x, &entries[entry],
                                                           g + row * row_of_g + filter * LANES, row_of_g, pixel_of_g, some, f.outputs[1],
                                                           accumulate || row > 0, total + filter * LANES);
            }
          }
        }
        for (long filter = 0; filter < f.filters; filter++) {
          Vector sum[4] = {};
          long pixel = 0;
          for (; pixel + 4 <= taken * f.outputs[1]; pixel += 4)
            for (int i = 0; i < 4; i++) sum[i] += load(g + (pixel + i) * pixel_of_g + filter * LANES);
          for (; pixel < taken * f.outputs[1]; pixel++) sum[0] += load(g + pixel * pixel_of_g + filter * LANES);
          float* to = total + (weights + filter) * LANES;
          Vector all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
          store(to, accumulate ? load(to) + all : all);
        }
      }
    });
    sum_lanes(total, sums, total);  // from LANES floats to one, which never lies before what is still to be read
  });
  for (long i = 0; i < weights; i += LANES) {
    long lanes = std::min<long>(LANES, weights - i);
    Vector sum{};
    for (long part = 0; part < parts; part++) sum += load(memory.data() + part * floats + i, lanes);
    store(dW + i, sum, lanes);
  }
  for (long filter = 0; filter < f.filters; filter++) {
    dbias[filter] = 0;
    for (long part = 0; part < parts; part++) dbias[filter] += memory.data()[part * floats + weights + filter];
  }
}

}  // namespace neurona
