// Convolutions over one to three spatial axes, y = activation(x * W + bias), and their gradients.
// plain::convolution in image.h is the definition.
//
// There are two forms, and one for depthwise convolutions in depthwise.h: correlation.h, where lanes are
// channels, and few_channels.h, where lanes are samples.
#pragma once

#include "correlation.h"
#include "few_channels_gradients.h"

namespace neurona {

// Whether samples as lanes, as in few_channels.h, use more of the lanes than neighbouring outputs.
static inline bool samples_fill_lanes(const Convolution& c, const Correlation& f) {
  constexpr double TRANSPOSED =
      0.85;  // the speed that is left when samples are transposed into lanes and back
  return supports_few_channels(c) &&
         TRANSPOSED * c.batch / up_to_multiple(c.batch, LANES) >
             use_of_lanes(neighbours_of(f), f.columns, f.taps[2], f.step[2], f.outputs[2]);
}

template <class Pool>
void convolution_forward(Pool& pool, const Convolution& c, const float* x, const float* W, const float* bias,
                         Activation activation, float* y) {
  const Correlation f = forward_of(c);
  if (samples_fill_lanes(c, f)) {
    few_channels(pool, few_channels_of(c), inputs_of(c, {x}), W, bias, activation, y, nullptr);
  } else {
    correlate(pool, f, c.multiplications(), {x}, W, bias, activation, y);
  }
}

// From the gradient g of y: the gradient of x.
template <class Pool>
void convolution_input_gradient(Pool& pool, const Convolution& c, const Image& g, const float* W, float* dx) {
  const Correlation f = backward_of(c);
  if (samples_fill_lanes(c, f)) {
    few_channels_input_gradient(pool, few_channels_of(c), outputs_of(c, g), W, dx);
  } else {
    correlate(pool, f, c.multiplications(), g, W, nullptr, Activation::linear, dx);
  }
}

// The gradient of y as B of the sums: `pixels` rows of each row of outputs, each of n neighbouring outputs.
// The gradient itself if it can be read in whole vectors, else a copy with zeros at the end of each row.
struct PaddedGradient {
  bool direct;
  long pixels, width, row;  // width: outputs of a row with the zeros; row: floats of a row of the first axis

  PaddedGradient(const Correlation& f, const Image& g, long filters, long n)
      : direct(g.plain() && f.outputs[2] % n == 0 && n * f.columns % LANES == 0),
        pixels((f.outputs[2] + n - 1) / n),
        width(pixels * n),
        row(f.outputs[1] * width * filters) {}
  long floats(long samples, long rows) const { return direct ? 0 : samples * rows * row + LANES; }

  const float* rows(const Correlation& f, const Image& g, long filters, const Slab& slab, float* copy) const {
    if (direct) return g.data + (slab.sample * f.outputs[0] + slab.first) * row;
    const long from[3] = {slab.first, 0, 0}, box[3] = {slab.rows, f.outputs[1], width};
    for (long m = 0; m < slab.samples; m++)
      copy_box(g, slab.sample + m, f.outputs, filters, from, box, copy + m * slab.rows * row);
    std::memset(copy + slab.samples * slab.rows * row, 0, LANES * sizeof(float));
    return copy;
  }
};

// The sums for the gradient of W from a slab: rows are taps and channels, terms are outputs.
static inline Sums sums_of_kernel(const Correlation& f, const Packed& packed, const Padded& padded,
                                  long pixels, const Slab& slab) {
  const long n = packed.neighbours;
  const Phase& phase = f.phases[0];
  Sums s;
  s.row_step = 1;
  s.term_step = n * f.step[2] * padded.channels;
  s.B_stride = n * f.groups * f.columns;
  s.C_stride = packed.stride;
  s.columns = n * f.columns;
  for (const Tap& i : phase.taps[0])
    for (const Tap& j : phase.taps[1])
      for (long k = 0; k < packed.taps_of_row; k++) {
        const long offset = n > 1 ? k : phase.taps[2][k].offset, row = packed.row(i.tap, j.tap, k, f);
        add_span(s.rows, {padded.place(i.offset, j.offset, offset), row * packed.stride, f.inputs}, 1,
                 packed.stride);
      }
  for (long m = 0; m < slab.samples; m++)
    for (long i = 0; i < slab.rows; i++)
      for (long j = 0; j < f.outputs[1]; j++) {
        const long from = padded.place(m * padded.extent[0] + i * f.step[0], j * f.step[1], 0);
        const long row = ((m * slab.rows + i) * f.outputs[1] + j) * pixels;
        add_span(s.terms, {from, row, pixels}, s.term_step, 1);
      }
  return s;
}

// to[column] += the sum of a column of B.
static inline void add_columns(const float* B, long rows, long columns, float* to) {
  for (long column = 0; column < columns; column += LANES) {
    Vector total[4] = {};
    long row = 0;
    for (; row + 4 <= rows; row += 4)
      for (int i = 0; i < 4; i++) total[i] += load(B + (row + i) * columns + column);
    for (; row < rows; row++) total[0] += load(B + row * columns + column);
    store(to + column, load(to + column) + ((total[0] + total[1]) + (total[2] + total[3])));
  }
}

// dW = the sum over `parts` packed gradients, `distance` floats apart, and over the bands of neighbouring
// outputs.
static inline void unpack(const Correlation& f, const Packed& packed, const float* from, long parts,
                          long distance, float* dW) {
  const long all = f.taps[0] * f.taps[1] * f.taps[2], filters = f.groups * f.columns;
  for (long tap = 0; tap < all; tap++)
    for (long i = 0; i < f.inputs; i++)
      for (long group = 0; group < f.groups; group++)
        for (long column = 0; column < f.columns; column += LANES) {
          const long lanes = std::min<long>(LANES, f.columns - column);
          Vector total{};
          for (long part = 0; part < parts; part++)
            for (long m = 0; m < packed.neighbours; m++) {
              const long row = packed.row(0, tap / f.taps[2], tap % f.taps[2] + m * f.step[2], f) + i;
              const long place = group * packed.floats() + row * packed.stride + m * f.columns + column;
              total += load(from + part * distance + place, lanes);
            }
          store(dW + (tap * f.inputs + i) * filters + group * f.columns + column, total, lanes);
        }
}

// dbias = the sum over `parts` gradients, `distance` floats apart, and over n neighbouring outputs.
static inline void sum_biases(const float* from, long parts, long distance, long n, long filters,
                              float* dbias) {
  for (long filter = 0; filter < filters; filter++) {
    float total = 0;
    for (long part = 0; part < parts; part++)
      for (long m = 0; m < n; m++) total += from[part * distance + m * filters + filter];
    dbias[filter] = total;
  }
}

template <class Pool>
void correlate_kernel(Pool& pool, const Correlation& f, double work, const Image& x, const Image& g,
                      float* dW, float* dbias) {
  long parts = part_count(pool, work, CONVOLUTION_PART);
  const Blocks blocks(f.batch, f.outputs[0], parts);
  parts = std::min(parts, blocks.count());
  const Packed packed(f);
  const long n = packed.neighbours, together = samples_at_once(blocks, f.outputs),
             filters = f.groups * f.columns;
  const Padded padded(f, x, blocks.longest(), n);
  const PaddedGradient gradient(f, g, filters, n);
  const long floats_of_dW = f.groups * packed.floats(), floats_of_dbias = up_to_multiple(n * filters, LANES);
  const long floats_of_x = up_to_multiple(together * padded.floats(), LANES);
  const long floats_of_g = gradient.floats(together, blocks.longest());
  const long floats_of_part =
      up_to_multiple(floats_of_dW + floats_of_dbias + floats_of_x + floats_of_g, LANES);
  Workspace memory(parts * floats_of_part);

  parallel_for(pool, parts, blocks.count(), [&](Part part) {
    float *packed_dW = memory.data() + part.number * floats_of_part, *biases = packed_dW + floats_of_dW;
    float *copy_of_x = biases + floats_of_dbias, *copy_of_g = copy_of_x + floats_of_x;
    std::memset(biases, 0, floats_of_dbias * sizeof(float));
    bool accumulate = false;
    blocks.each(part, together, [&](const Slab& slab) {
      const float* A = padded.inputs(f, x, slab, copy_of_x);
      const float* B = gradient.rows(f, g, filters, slab, copy_of_g);
      Sums s = sums_of_kernel(f, packed, padded, gradient.pixels, slab);
      s.epilogue = accumulate_if(accumulate);
      for (long group = 0; group < f.groups; group++)
        sums(s, A + group * f.inputs, B + group * f.columns, packed_dW + group * packed.floats());
      add_columns(B, slab.samples * slab.rows * f.outputs[1] * gradient.pixels, s.B_stride, biases);
      accumulate = true;
    });
  });
  unpack(f, packed, memory.data(), parts, floats_of_part, dW);
  sum_biases(memory.data() + floats_of_dW, parts, floats_of_part, n, filters, dbias);
}

// From x and the gradient g of y: the gradients of W and the bias.
template <class Pool>
void convolution_kernel_gradient(Pool& pool, const Convolution& c, const float* x, const Image& g, float* dW,
                                 float* dbias) {
  const Correlation f = forward_of(c);
  if (samples_fill_lanes(c, f)) {
    few_channels_kernel_gradient(pool, few_channels_of(c), inputs_of(c, {x}), outputs_of(c, g), dW, dbias);
  } else {
    correlate_kernel(pool, f, c.multiplications(), {x}, g, dW, dbias);
  }
}

}  // namespace neurona
