// Images with samples in the lanes of vectors: a block of LANES samples becomes (rows, columns, channels,
// LANES), with zeros around it, and is transposed back on its way out.
#pragma once

#include <utility>

#include "image.h"

namespace neurona {

constexpr int SAMPLES = 16;  // that lie side by side in a record of winners, whatever the number of lanes

// Samples first, ..., first + count - 1, at most LANES.
struct Block {
  long first, count;
};

// Rows and columns of an image, which may hang over its edge.
struct Area {
  long row, column, rows, columns;
};

// Calls write(vector) for `count` neighbouring floats, one after another, with samples that are `stride`
// apart in the lanes of the vector.
template <class Write>
NEURONA_INLINE void into_lanes(const Image& image, long from, long stride, long samples, long count,
                               const Write& write) {
  for (long i = 0; i < count; i += LANES) {
    const long lanes = std::min<long>(LANES, count - i);
    Vector rows[LANES];
#pragma GCC unroll 16
    for (int sample = 0; sample < LANES; sample++)
      rows[sample] = sample < samples ? image.vector(from + sample * stride + i, lanes) : Vector{};
    transpose_lanes(rows);
#pragma GCC unroll 16
    for (int j = 0; j < LANES; j++)
      if (j < lanes) write(rows[j]);
  }
}

// to[sample * stride + i] = from[i, sample].
static inline void out_of_lanes(const float* from, long count, float* to, long stride, long samples) {
  for (long i = 0; i < count; i += LANES) {
    const long lanes = std::min<long>(LANES, count - i);
    Vector rows[LANES];
#pragma GCC unroll 16
    for (int j = 0; j < LANES; j++) rows[j] = j < lanes ? load(from + (i + j) * LANES) : Vector{};
    transpose_lanes(rows);
#pragma GCC unroll 16
    for (int sample = 0; sample < LANES; sample++)
      if (sample < samples) store(to + sample * stride + i, rows[sample], lanes);
  }
}

static inline void zero(float* from, long floats) { std::memset(from, 0, floats * sizeof(float)); }

// Reads an image, or a gradient, (N, rows, columns, channels). Pixels are read to places `pixel` floats
// apart.
struct ImageSource {
  Image image;
  long sizes[2], channels;

  void read(Block block, Area area, long pixel, float* to) const {
    const long begin = std::clamp(-area.column, 0L, area.columns);
    const long end = std::clamp(sizes[1] - area.column, begin, area.columns);
    for (long row = area.row; row < area.row + area.rows; row++, to += area.columns * pixel) {
      if (row < 0 || row >= sizes[0] || begin == end) {
        zero(to, area.columns * pixel);
        continue;
      }
      const long from = ((block.first * sizes[0] + row) * sizes[1] + area.column + begin) * channels;
      long channel = 0;
      float* inside = to + begin * pixel;
      zero(to, begin * pixel);
      into_lanes(image, from, sizes[0] * sizes[1] * channels, block.count, (end - begin) * channels,
                 [&](Vector v) {
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

static inline ImageSource inputs_of(const Convolution& c, const Image& x) {
  return {x, {c.sizes[0], c.sizes[2]}, c.channels};
}
static inline ImageSource outputs_of(const Convolution& c, const Image& y) {
  return {y, {c.outputs[0], c.outputs[2]}, c.filters};
}

// The place of a winner in the record of a convolution with pooling: (windows, filters, SAMPLES) for every
// SAMPLES samples.
NEURONA_INLINE long place_of_winner(const long windows[2], long channels, long sample, long window) {
  return ((sample / SAMPLES * windows[0] * windows[1] + window) * channels) * SAMPLES + sample % SAMPLES;
}

// Reads the gradient before 2x2 windows, from the gradient of the maxima (N, rows / 2, columns / 2,
// channels): the winner of each window takes it, the others get 0.
struct UnpooledSource {
  Image image;
  const int8_t* where;
  long sizes[2], channels;  // before the windows

  void read(Block block, Area area, long pixel, float* to) const {
    const long windows[2] = {sizes[0] / 2, sizes[1] / 2}, row = area.columns * pixel;
    for (long i = 0; i < area.rows; i++) {
      const bool inside = 0 <= area.row + i && area.row + i < 2 * windows[0];
      const long before = inside ? -area.column : area.columns,
                 after = inside ? 2 * windows[1] - area.column : area.columns;
      zero(to + i * row, before * pixel);
      zero(to + i * row + after * pixel, (area.columns - after) * pixel);
    }
    for (long i = std::max(0L, area.row / 2); i < windows[0] && 2 * i < area.row + area.rows; i++) {
      const long from = (block.first * windows[0] + i) * windows[1] * channels, upper = 2 * i - area.row;
      long channel = 0;
      const int8_t* winner = where + place_of_winner(windows, channels, block.first, i * windows[1]);
      float* first = to + upper * row - area.column * pixel;
      const bool has[2] = {upper >= 0, upper + 1 < area.rows};
      into_lanes(image, from, windows[0] * windows[1] * channels, block.count, windows[1] * channels,
                 [&](Vector v) {
                   const Integers wins = load_bytes(winner);
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

}  // namespace neurona
