// What the forms of the convolution kernels share: the numbers of a convolution, what is convolved, and how the work is cut.
#pragma once

#include <algorithm>
#include <cstring>

#include "parallel.h"
#include "vector.h"

namespace neurona {

constexpr double CONVOLUTION_PART = 200e3;  // multiplications that are worth a thread of their own

struct Convolution {
  long batch, channels, filters, groups;
  long sizes[3], outputs[3], taps[3], strides[3], before[3], dilation[3];

  long inputs_per_group() const { return channels / groups; }
  long filters_per_group() const { return filters / groups; }
  long all_taps() const { return taps[0] * taps[1] * taps[2]; }
  long positions() const { return outputs[0] * outputs[1] * outputs[2]; }
  double multiplications() const { return 1.0 * batch * positions() * all_taps() * inputs_per_group() * filters; }
};

// `axes` holds three numbers each: sizes, outputs, taps, strides, dilation, and zeros before.
template <class Numbers>
static Convolution convolution_of(long batch, long channels, long filters, long groups, const Numbers& axes) {
  Convolution c{batch, channels, filters, groups};
  long(*to[])[3] = {&c.sizes, &c.outputs, &c.taps, &c.strides, &c.dilation, &c.before};
  for (int i = 0; i < 6; i++) std::copy(axes.begin() + 3 * i, axes.begin() + 3 * i + 3, *to[i]);
  return c;
}

// What is convolved: x itself, or the gradient before the activation, from that behind it and y.
struct Image {
  const float* data;
  const float* y = nullptr;
  Activation activation = Activation::linear;

  bool plain() const { return activation == Activation::linear; }
  Vector vector(long from, long lanes) const {
    return plain() ? load(data + from, lanes) : before_activation(activation, load(data + from, lanes), load(y + from, lanes));
  }
  void copy(long from, long count, float* to) const {
    if (plain()) {
      std::memcpy(to, data + from, count * sizeof(float));
      return;
    }
    for (long i = 0; i < count; i += LANES) {
      long lanes = std::min<long>(LANES, count - i);
      store(to + i, vector(from + i, lanes), lanes);
    }
  }
};

static inline long up_to_multiple(long size, long of) { return (size + of - 1) / of * of; }

// Work is cut into blocks: one sample each or, where there are fewer samples than parts, one slab of rows of a sample.
struct Blocks {
  long samples, slabs, rows;
  Blocks(long samples, long rows, long parts) : samples(samples), slabs(std::min(rows, (parts + samples - 1) / samples)), rows(rows) {}
  long count() const { return samples * slabs; }
  long longest() const { return slabs == 1 ? rows : (rows + slabs - 1) / slabs + 1; }
  // Calls work(first sample, samples, first row, rows), several samples at a time where samples are small.
  template <class Work>
  void each(long first, long end, long together, const Work& work) const {
    while (first < end) {
      long sample = first / slabs, slab = first % slabs, taken = slabs == 1 ? std::min(together, end - first) : 1;
      long begin = rows * slab / slabs;
      work(sample, taken, begin, rows * (slab + 1) / slabs - begin);
      first += taken;
    }
  }
};

}  // namespace neurona
