// The gradients of the kernel and the bias of a convolution of few channels, with samples in the lanes.
#pragma once

#include "few_channels.h"

namespace neurona {

// A tap and channel of the kernel: the place of the first input that it meets, and its place in W.
struct Entry {
  long x, weight;
};

// A picture with samples in the lanes, or a part of one.
struct Picture {
  const float* data;
  long row, pixel;  // floats from a row to the next, and from a pixel to the next
};

// The sums over rows and columns of x[entry + pixel] * g[filter, pixel], for TERMS entries and FILTERS
// filters, to (or added to) the LANES floats of each weight.
template <int TERMS, int FILTERS>
static __attribute__((noinline)) void pixel_sums(const Picture& x, const Entry* entry, const Picture& g,
                                                 long rows, long columns, bool accumulate,
                                                 float* __restrict to) {
  const float* __restrict row_of_x = x.data, * __restrict row_of_g = g.data;
  const long x_step = x.row, g_step = g.row, x_pixel = x.pixel, g_pixel = g.pixel;
  Vector total[TERMS][FILTERS] = {};
  long place[TERMS];
  for (int t = 0; t < TERMS; t++) place[t] = entry[t].x;
  for (long row = 0; row < rows; row++, row_of_x += x_step, row_of_g += g_step) {
    const float *a = row_of_x, *b = row_of_g;
    for (long column = 0; column < columns; column++, a += x_pixel, b += g_pixel) {
      Vector values[FILTERS];
#pragma GCC unroll 8
      for (int f = 0; f < FILTERS; f++) values[f] = load(b + f * LANES);
#pragma GCC unroll 8
      for (int t = 0; t < TERMS; t++) {
        const Vector input = load(a + place[t]);
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

using PixelSums = void (*)(const Picture&, const Entry*, const Picture&, long, long, bool, float*);

constexpr long SUMMED_FILTERS = REGISTERS >= 32 ? 6 : 3, SUMMED_TERMS = 8;

// The most entries whose sums for this many filters fit into the registers, with the filters' gradients and
// an input.
static constexpr long terms_with(long filters) {
  return std::min(SUMMED_TERMS, (REGISTERS - 2 - filters) / filters);
}

template <int TERMS, int FILTERS>
static constexpr PixelSums pixel_sums_if_they_fit() {
  if constexpr (TERMS <= terms_with(FILTERS)) return pixel_sums<TERMS, FILTERS>;
  return nullptr;
}

template <std::size_t... I>
static constexpr std::array<PixelSums, sizeof...(I)> all_pixel_sums(std::index_sequence<I...>) {
  return {pixel_sums_if_they_fit<I / SUMMED_FILTERS + 1, I % SUMMED_FILTERS + 1>()...};
}

// to[i] = the sum of the lanes of from[i].
static inline void sum_lanes(const float* from, long count, float* to) {
  for (long i = 0; i < count; i += LANES) {
    const long lanes = std::min<long>(LANES, count - i);
    Vector rows[LANES] = {};
    for (long j = 0; j < lanes; j++) rows[j] = load(from + (i + j) * LANES);
    sum_rows(rows);
    store(to + i, rows[0], lanes);
  }
}

// The gradients of W and of the bias of a part. The sums are (weights, then filters) of LANES floats each.
struct FewChannelsGradients {
  const FewChannels& f;
  // The number of vectors of a pixel is odd: else vectors that are read together would compete for a few
  // places in the first-level cache.
  const long pixel_of_x = (f.channels | 1) * LANES, pixel_of_g = (f.filters | 1) * LANES;
  const long row_of_x = f.columns() * pixel_of_x, row_of_g = f.outputs[1] * pixel_of_g;
  const long weights = f.taps[0] * f.taps[1] * f.channels * f.filters, sums = weights + f.filters;
  std::vector<Entry>
      entries;  // taps of a channel follow one another, because they share most of their inputs

  explicit FewChannelsGradients(const FewChannels& f) : f(f) {
    for (long channel = 0; channel < f.channels; channel++)
      for (long tap = 0; tap < f.taps[0] * f.taps[1]; tap++)
        entries.push_back({tap / f.taps[1] * row_of_x + tap % f.taps[1] * pixel_of_x + channel * LANES,
                           (tap * f.channels + channel) * f.filters});
  }
  // Rows of y's gradient at a time: they fit into the first-level cache if the sums are few, else so many
  // that the sums are seldom fetched.
  long rows_at_once(long longest) const {
    return std::clamp(std::max(FIRST_LEVEL, 2 * sums * LANES) / row_of_g / 2 * 2, 2L, longest + 1);
  }

  // Adds the sums of some rows of x and of y's gradient g, or begins with them.
  void add_weights(const float* x, const float* g, long rows, bool accumulate, float* to) const {
    static constexpr auto tiles = all_pixel_sums(std::make_index_sequence<SUMMED_TERMS * SUMMED_FILTERS>());
    const long count = static_cast<long>(entries.size());
    for (long filter = 0, wide; filter < f.filters; filter += wide) {
      wide = next_tile(f.filters - filter, SUMMED_FILTERS);
      const long rows_in_cache = std::max(1L, FIRST_LEVEL / (f.outputs[1] * (wide + 1) * LANES));
      for (long row = 0, some; row < rows; row += some) {
        some = next_tile(rows - row, rows_in_cache);
        const Picture rows_of_x{x + row * row_of_x, row_of_x, pixel_of_x};
        const Picture rows_of_g{g + row * row_of_g + filter * LANES, row_of_g, pixel_of_g};
        for (long entry = 0, high; entry < count; entry += high) {
          high = next_tile(count - entry, terms_with(wide));
          tiles[(high - 1) * SUMMED_FILTERS + wide - 1](rows_of_x, &entries[entry], rows_of_g, some,
                                                        f.outputs[1], accumulate || row > 0,
                                                        to + filter * LANES);
        }
      }
    }
  }

  void add_biases(const float* g, long rows, bool accumulate, float* to) const {
    const long pixels = rows * f.outputs[1];
    for (long filter = 0; filter < f.filters; filter++) {
      Vector sum[4] = {};
      long pixel = 0;
      for (; pixel + 4 <= pixels; pixel += 4)
        for (int i = 0; i < 4; i++) sum[i] += load(g + (pixel + i) * pixel_of_g + filter * LANES);
      for (; pixel < pixels; pixel++) sum[0] += load(g + pixel * pixel_of_g + filter * LANES);
      const Vector all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
      float* at = to + filter * LANES;
      store(at, accumulate ? load(at) + all : all);
    }
  }
};

// The gradients of W and the bias, from the gradient of y, which `gradient` reads.
template <class Pool, class Source>
void few_channels_kernel_gradient(Pool& pool, const FewChannels& f, const ImageSource& inputs,
                                  const Source& gradient, float* dW, float* dbias) {
  const FewChannelsGradients d(f);
  long parts = part_count(pool, f.multiplications(), CONVOLUTION_PART);
  const long slabs = f.blocks() * slabs_of(f.outputs[0], d.row_of_x + d.row_of_g);
  const Blocks work(f.blocks(), f.outputs[0], std::max(parts, slabs));
  parts = std::min(parts, work.count());
  const long rows_at_once = d.rows_at_once(work.longest());
  const long floats_of_x = (work.longest() + f.taps[0] - 1) * d.row_of_x,
             floats_of_g = rows_at_once * d.row_of_g;
  const long floats = d.sums * LANES + floats_of_x + floats_of_g;
  Workspace memory(parts * floats);

  parallel_for(pool, parts, work.count(), [&](Part part) {
    float *sums = memory.data() + part.number * floats, *x = sums + d.sums * LANES, *g = x + floats_of_x;
    bool accumulate = false;
    work.each(part, 1, [&](const Slab& slab) {
      const Block block{slab.sample * LANES, std::min<long>(LANES, f.batch - slab.sample * LANES)};
      inputs.read(block, {slab.first - f.before[0], -f.before[1], slab.rows + f.taps[0] - 1, f.columns()},
                  d.pixel_of_x, x);
      for (long row = 0, rows; row < slab.rows; row += rows, accumulate = true) {
        rows = std::min(rows_at_once, slab.rows - row);
        gradient.read(block, {slab.first + row, 0, rows, f.outputs[1]}, d.pixel_of_g, g);
        d.add_weights(x + row * d.row_of_x, g, rows, accumulate, sums);
        d.add_biases(g, rows, accumulate, sums + d.weights * LANES);
      }
    });
    sum_lanes(sums, d.sums, sums);  // in place: what is written never lies before what is still to be read
  });
  for (long i = 0; i < d.weights; i += LANES) {
    const long lanes = std::min<long>(LANES, d.weights - i);
    Vector sum{};
    for (long part = 0; part < parts; part++) sum += load(memory.data() + part * floats + i, lanes);
    store(dW + i, sum, lanes);
  }
  for (long filter = 0; filter < f.filters; filter++) {
    dbias[filter] = 0;
    for (long part = 0; part < parts; part++)
      dbias[filter] += memory.data()[part * floats + d.weights + filter];
  }
}

}  // namespace neurona
