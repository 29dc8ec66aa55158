// What the forms of the convolution kernels share: the numbers of a convolution, what is convolved, and how
// the work is divided.
#pragma once

#include <algorithm>
#include <cstring>

#include "parallel.h"
#include "vector.h"

namespace neurona {

constexpr double CONVOLUTION_PART = 200e3;  // multiplications that are worth a thread

// x is (N, *sizes, C), W (*taps, C / groups, F), y (N, *outputs, F), with three spatial axes.
struct Convolution {
  long batch, channels, filters, groups;
  long sizes[3], outputs[3], taps[3], strides[3], before[3],
      dilation[3];  // `before` counts zeros before the image

  long inputs_per_group() const { return channels / groups; }
  long filters_per_group() const { return filters / groups; }
  long all_taps() const { return taps[0] * taps[1] * taps[2]; }
  long inputs() const { return sizes[0] * sizes[1] * sizes[2]; }
  long positions() const { return outputs[0] * outputs[1] * outputs[2]; }
  double multiplications() const {
    return 1.0 * batch * positions() * all_taps() * inputs_per_group() * filters;
  }
};

// `axes` holds three numbers each: sizes, outputs, taps, strides, dilation and zeros before.
template <class Numbers>
static Convolution convolution_of(long batch, long channels, long filters, long groups, const Numbers& axes) {
  Convolution c{batch, channels, filters, groups};
  long (*to[])[3] = {&c.sizes, &c.outputs, &c.taps, &c.strides, &c.dilation, &c.before};
  for (int i = 0; i < 6; i++) std::copy(axes.begin() + 3 * i, axes.begin() + 3 * i + 3, *to[i]);
  return c;
}

namespace plain {

// Calls work(the pixel of x, the tap, the pixel of y) for every tap of every output that lies inside the
// image. Pixels are counted over the whole batch.
template <class Work>
void each_tap(const Convolution& c, const Work& work) {
  for (long output = 0; output < c.batch * c.positions(); output++)
    for (long tap = 0; tap < c.all_taps(); tap++) {
      const long n = output / c.positions(), position = output % c.positions();
      const long at[] = {position / c.outputs[2] / c.outputs[1], position / c.outputs[2] % c.outputs[1],
                         position % c.outputs[2]};
      const long taps[] = {tap / c.taps[2] / c.taps[1], tap / c.taps[2] % c.taps[1], tap % c.taps[2]};
      long pixel = n;
      bool inside = true;
      for (int axis = 0; axis < 3; axis++) {
        const long place = at[axis] * c.strides[axis] + taps[axis] * c.dilation[axis] - c.before[axis];
        inside = inside && 0 <= place && place < c.sizes[axis];
        pixel = pixel * c.sizes[axis] + place;
      }
      if (inside) work(pixel, tap, output);
    }
}

// Calls work(the place in x, the place in W, the place in y) for every product of a convolution.
template <class Work>
void each_product(const Convolution& c, const Work& work) {
  const long inputs = c.inputs_per_group(), filters = c.filters_per_group();
  each_tap(c, [&](long pixel, long tap, long output) {
    for (long g = 0; g < c.groups; g++)
      for (long i = 0; i < inputs; i++)
        for (long f = g * filters; f < (g + 1) * filters; f++)
          work(pixel * c.channels + g * inputs + i, (tap * inputs + i) * c.filters + f,
               output * c.filters + f);
  });
}

inline void convolution(const Convolution& c,
                        const float* x,     // (N, *sizes, C)
                        const float* W,     // (*taps, C / groups, F)
                        const float* bias,  // (F)
                        Activation activation,
                        double* y) {  // (N, *outputs, F)
  const long size = c.batch * c.positions() * c.filters;
  for (long i = 0; i < size; i++) y[i] = bias[i % c.filters];
  each_product(c, [&](long i, long j, long k) { y[k] += 1.0 * x[i] * W[j]; });
  for (long i = 0; i < size; i++) y[i] = activate(activation, y[i]);
}

// Adds to dx, dW and dbias, which begin with 0.
inline void convolution_gradients(const Convolution& c,
                                  const float* x,  // (N, *sizes, C)
                                  const float* W,  // (*taps, C / groups, F)
                                  const float* y,  // (N, *outputs, F)
                                  const float* g,  // (N, *outputs, F), the gradient of y
                                  Activation activation,
                                  double* dx,       // (N, *sizes, C)
                                  double* dW,       // (*taps, C / groups, F)
                                  double* dbias) {  // (F)
  auto z = [&](long k) { return before_activation(activation, 1.0 * g[k], 1.0 * y[k]); };
  for (long k = 0; k < c.batch * c.positions() * c.filters; k++) dbias[k % c.filters] += z(k);
  each_product(c, [&](long i, long j, long k) {
    dx[i] += z(k) * W[j];
    dW[j] += z(k) * x[i];
  });
}

}  // namespace plain

// What is convolved: x, or the gradient before the activation, which is computed from y and its gradient
// `data`.
struct Image {
  const float* data;
  const float* y = nullptr;
  Activation activation = Activation::linear;

  bool plain() const { return activation == Activation::linear; }
  Vector vector(long from, long lanes) const {
    return plain() ? load(data + from, lanes)
                   : before_activation(activation, load(data + from, lanes), load(y + from, lanes));
  }
  void copy(long from, long count, float* to) const {
    if (plain()) {
      std::memcpy(to, data + from, count * sizeof(float));
      return;
    }
    for (long i = 0; i < count; i += LANES) {
      const long lanes = std::min<long>(LANES, count - i);
      store(to + i, vector(from + i, lanes), lanes);
    }
  }
};

// Some rows of some samples.
struct Slab {
  long sample, samples, first, rows;
};

// The work in blocks: one sample each or, where there are fewer samples than parts, one slab of rows of a
// sample.
struct Blocks {
  long samples, slabs, rows;

  Blocks(long samples, long rows, long parts)
      : samples(samples), slabs(std::min(rows, (parts + samples - 1) / samples)), rows(rows) {}
  long count() const { return samples * slabs; }
  long longest() const { return slabs == 1 ? rows : (rows + slabs - 1) / slabs + 1; }
  // Calls work(slab) for the blocks of a part, up to `together` whole samples at a time.
  template <class Work>
  void each(Part part, long together, const Work& work) const {
    for (long block = part.begin; block < part.end;) {
      const long slab = block % slabs, samples = slabs == 1 ? std::min(together, part.end - block) : 1;
      const long first = rows * slab / slabs;
      work(Slab{block / slabs, samples, first, rows * (slab + 1) / slabs - first});
      block += samples;
    }
  }
};

}  // namespace neurona
