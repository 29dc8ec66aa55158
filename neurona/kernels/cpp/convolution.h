// Convolutions over one to three spatial axes, y = activation(x * W + bias), and their gradients.
//
// x is (N, *sizes, C), W (*taps, C / groups, F), y (N, *outputs, F), contiguous. All three are sums over a copy of x or of y's gradient
// with zeros around it; lanes are filters, or channels for the gradient of x. Where these are fewer than lanes, a vector holds `neighbours`
// outputs that lie side by side in a row, and the weights become a banded matrix: 6 filters of 5 taps give 12 columns of 6 taps.
#pragma once

#include "few_channels.h"
#include "sums.h"

namespace neurona {

constexpr long PIXELS_AT_ONCE = 256;  // small images are taken several at a time: the weights are read once for all

// A box of one sample, with zeros where it hangs over the edge: to[i, j, k] = image[first + (i, j, k)].
static inline void copy_box(const Image& image, long sample, const long sizes[3], long channels, const long first[3], const long box[3],
                            float* to) {
  for (long i = 0; i < box[0]; i++)
    for (long j = 0; j < box[1]; j++, to += box[2] * channels) {
      long from_i = first[0] + i, from_j = first[1] + j;
      bool inside = 0 <= from_i && from_i < sizes[0] && 0 <= from_j && from_j < sizes[1];
      long begin = inside ? std::clamp(-first[2], 0L, box[2]) : box[2], end = std::clamp(sizes[2] - first[2], begin, box[2]);
      std::memset(to, 0, begin * channels * sizeof(float));
      if (begin < end) {
        long from = ((sample * sizes[0] + from_i) * sizes[1] + from_j) * sizes[2] + first[2] + begin;
        image.copy(from * channels, (end - begin) * channels, to + begin * channels);
      }
      std::memset(to + end * channels, 0, (box[2] - end) * channels * sizeof(float));
    }
}

// The part of the lanes that do something useful where a vector holds n neighbouring outputs, each `columns` wide, of `taps` along its row.
static inline double use_of_lanes(long n, long columns, long taps, long stride, long outputs) {
  double lanes = 1.0 * n * columns / up_to_multiple(n * columns, LANES), band = 1.0 * taps / (taps + (n - 1) * stride);
  return lanes * band * outputs / up_to_multiple(outputs, n);
}

// How many neighbouring outputs make the best use of a vector.
static inline long best_neighbours(long columns, long taps, long stride, long outputs) {
  long best = 1;
  double most = 0;
  for (long n = 1; n <= std::min<long>(LANES, outputs); n++) {
    double use = use_of_lanes(n, columns, taps, stride, outputs);
    if (use > most * 1.01) {
      most = use;
      best = n;
    }
  }
  return best;
}

// Along an axis: a tap, and where it reads, counted from the first input that any tap of the output reads.
struct Tap {
  long tap, offset;
};

// Outputs that see the same taps: all of them or, for the gradient of x, those that lie a multiple of the stride apart.
struct Phase {
  long first[3], count[3];
  std::vector<Tap> taps[3];
};

// What convolution and the gradient of x have in common: y = activation(image * W + bias).
struct Correlation {
  long batch, groups, inputs, columns;  // channels that come in and go out, per group
  long sizes[3], outputs[3], taps[3];
  long before[3];  // zeros before the image; negative where it is cropped
  long step[3];    // in the image, between neighbouring outputs of a phase
  long spread[3];  // in y, between neighbouring outputs of a phase
  long reach[3];   // inputs from the first to the last that an output of any phase reads
  std::vector<Phase> phases;
  bool mirrored;  // W has its taps in reverse order, and its channels exchanged
};

static inline Correlation forward_of(const Convolution& c) {
  Correlation f{c.batch, c.groups, c.inputs_per_group(), c.filters_per_group()};
  Phase all{};
  for (int axis = 0; axis < 3; axis++) {
    f.sizes[axis] = c.sizes[axis];
    f.outputs[axis] = all.count[axis] = c.outputs[axis];
    f.taps[axis] = c.taps[axis];
    f.before[axis] = c.before[axis];
    f.step[axis] = c.strides[axis];
    f.spread[axis] = 1;
    f.reach[axis] = (c.taps[axis] - 1) * c.dilation[axis] + 1;
    for (long tap = 0; tap < c.taps[axis]; tap++) all.taps[axis].push_back({tap, tap * c.dilation[axis]});
  }
  f.phases.push_back(all);
  f.mirrored = false;
  return f;
}

// x[p] reaches y[q] by the tap t where p + before = q * stride + t * dilation.
static inline Correlation backward_of(const Convolution& c) {
  Correlation f{c.batch, c.groups, c.filters_per_group(), c.inputs_per_group()};
  f.phases.push_back({});
  f.mirrored = true;
  for (int axis = 0; axis < 3; axis++) {
    long stride = c.strides[axis], size = c.sizes[axis], low = c.before[axis], span = (c.taps[axis] - 1) * c.dilation[axis];
    auto place = [&](long p) { return p >= 0 ? p / stride : -((-p + stride - 1) / stride); };  // rounded down
    long first = place(low - span);
    f.sizes[axis] = c.outputs[axis];
    f.outputs[axis] = size;
    f.taps[axis] = c.taps[axis];
    f.before[axis] = -first;
    f.step[axis] = 1;
    f.spread[axis] = stride;
    f.reach[axis] = place(std::min(stride, size) - 1 + low) - first + 1;
    std::vector<Phase> phases;
    for (const Phase& phase : f.phases)
      for (long p = 0; p < std::min(stride, size); p++) {
        phases.push_back(phase);
        phases.back().first[axis] = p;
        phases.back().count[axis] = (size - p + stride - 1) / stride;
        for (long tap = c.taps[axis] - 1; tap >= 0; tap--) {
          long reached = p + low - tap * c.dilation[axis];
          if (place(reached) * stride == reached) phases.back().taps[axis].push_back({c.taps[axis] - 1 - tap, place(reached) - first});
        }
      }
    f.phases = phases;
  }
  return f;
}

// Whether outputs can share a vector: their channels are neighbours in memory, and so are the taps of a row.
static inline long neighbours_of(const Correlation& f) {
  bool dense = f.groups == 1 && f.phases.size() == 1 && f.reach[2] == f.taps[2];
  return dense ? best_neighbours(f.columns, f.taps[2], f.step[2], f.outputs[2]) : 1;
}

// Whether samples in the lanes, which few_channels.h needs, use more of them than neighbouring outputs.
static inline bool samples_fill_lanes(const Convolution& c, const Correlation& f) {
  constexpr double TURNED = 0.85;  // the part of the time that is left when samples have been turned into lanes and back
  return few_channels_can(c) && TURNED * c.batch / up_to_multiple(c.batch, LANES) >
                                    use_of_lanes(neighbours_of(f), f.columns, f.taps[2], f.step[2], f.outputs[2]);
}

// W as B of the sums, for every group (*taps, inputs, columns): a row for each term, banded where outputs are neighbours.
struct Packed {
  long neighbours, taps_of_row, stride, rows;  // rows of one group

  explicit Packed(const Correlation& f)
      : neighbours(neighbours_of(f)),
        taps_of_row(f.taps[2] + (neighbours - 1) * f.step[2]),
        stride(up_to_multiple(neighbours * f.columns, LANES)),
        rows(f.taps[0] * f.taps[1] * taps_of_row * f.inputs) {}
  long floats() const { return rows * stride; }  // of one group
  long row(long tap0, long tap1, long tap2, const Correlation& f) const {
    return ((tap0 * f.taps[1] + tap1) * taps_of_row + tap2) * f.inputs;
  }
};

static inline void pack(const Correlation& f, const Packed& packed, const float* W, float* to) {
  long all = f.taps[0] * f.taps[1] * f.taps[2];
  if (packed.stride != f.columns) std::memset(to, 0, f.groups * packed.floats() * sizeof(float));
  for (long group = 0; group < f.groups; group++)
    for (long tap = 0; tap < all; tap++) {
      long tap2 = tap % f.taps[2], leading = tap / f.taps[2];
      for (long n = 0; n < packed.neighbours; n++) {
        float* B = to + group * packed.floats() + packed.row(0, leading, tap2 + n * f.step[2], f) * packed.stride + n * f.columns;
        if (f.mirrored) {
          long row = f.groups * f.inputs;
          transpose(W + (all - 1 - tap) * f.columns * row + group * f.inputs, f.columns, f.inputs, row, B, packed.stride);
        } else {
          long row = f.groups * f.columns;
          for (long i = 0; i < f.inputs; i++)
            std::memcpy(B + i * packed.stride, W + (tap * f.inputs + i) * row + group * f.columns, f.columns * sizeof(float));
        }
      }
    }
}

// Adds a span, to the last one if it continues it.
static inline void add_span(std::vector<Span>& spans, Span span, long a_step, long b_step) {
  if (!spans.empty()) {
    Span& last = spans.back();
    if (last.a + last.length * a_step == span.a && last.b + last.length * b_step == span.b) {
      last.length += span.length;
      return;
    }
  }
  spans.push_back(span);
}

// Where the inputs of a block lie: in the image itself if nothing hangs over its edge, else in a copy with zeros around it.
struct Padded {
  bool direct;
  long extent[3];  // of one sample; along the first axis of the longest block
  long channels;

  Padded(const Correlation& f, const Image& image, long rows, long neighbours) : channels(f.groups * f.inputs) {
    direct = image.plain();
    for (int axis = 0; axis < 3; axis++) {
      long most = 0;
      for (const Phase& phase : f.phases) most = std::max(most, phase.count[axis]);
      if (axis == 2) most = up_to_multiple(most, neighbours);
      long needed = (most - 1) * f.step[axis] + f.reach[axis];
      direct = direct && f.before[axis] == 0 && needed <= f.sizes[axis];
      extent[axis] = axis == 0 ? (rows - 1) * f.step[0] + f.reach[0] : needed;
    }
    if (direct) std::copy(f.sizes, f.sizes + 3, extent);
  }
  long floats() const { return direct ? 0 : extent[0] * extent[1] * extent[2] * channels; }  // of the copy of one sample
  long place(long i, long j, long k) const { return ((i * extent[1] + j) * extent[2] + k) * channels; }

  // The inputs of some rows of some samples, from the first that the first output reads.
  const float* inputs(const Correlation& f, const Image& image, long sample, long samples, long first, float* copy) const {
    if (direct) return image.data + (sample * extent[0] + first * f.step[0]) * extent[1] * extent[2] * channels;
    const long from[3] = {first * f.step[0] - f.before[0], -f.before[1], -f.before[2]};
    for (long s = 0; s < samples; s++) copy_box(image, sample + s, f.sizes, channels, from, extent, copy + s * floats());
    return copy;
  }
};

static inline long samples_at_once(const long outputs[3]) { return std::max(1L, PIXELS_AT_ONCE / (outputs[0] * outputs[1] * outputs[2])); }

template <class Pool>
void correlate(Pool& pool, const Correlation& f, double work, const Image& image, const float* W, const float* bias, Activation activation,
               float* y) {
  long rows = 0, channels = f.groups * f.columns;
  for (const Phase& phase : f.phases) rows = std::max(rows, phase.count[0]);
  long parts = parts_of(pool, work, CONVOLUTION_PART);
  Blocks blocks(f.batch, rows, parts);
  parts = std::min(parts, blocks.count());
  Packed packed(f);
  Padded padded(f, image, blocks.longest(), packed.neighbours);
  long n = packed.neighbours, together = blocks.slabs == 1 ? samples_at_once(f.outputs) : 1;
  bool as_it_is = !f.mirrored && n == 1 && f.groups == 1 && f.columns == packed.stride;  // W is B already
  long floats_of_W = as_it_is ? 0 : f.groups * packed.floats(), floats_of_copy = up_to_multiple(together * padded.floats(), LANES);
  Workspace memory(floats_of_W + packed.stride + parts * floats_of_copy);
  float *B = memory.data(), *biases = B + floats_of_W, *copies = biases + packed.stride;
  if (!as_it_is) pack(f, packed, W, B);
  if (bias && n > 1)
    for (long i = 0; i < n; i++) std::memcpy(biases + i * f.columns, bias, f.columns * sizeof(float));

  parallel_for(pool, parts, [&](long part) {
    float* copy = copies + part * floats_of_copy;
    long begin = first_of(part, parts, blocks.count(), 1), end = first_of(part + 1, parts, blocks.count(), 1);
    blocks.each(begin, end, together, [&](long sample, long samples, long first, long rows) {
      const float* A = padded.inputs(f, image, sample, samples, first, copy);
      for (const Phase& phase : f.phases) {
        Sums s;
        s.row_step = n * f.step[2] * padded.channels;
        s.term_step = 1;
        s.B_stride = packed.stride;
        s.C_stride = n * f.spread[2] * channels;
        s.columns = n * f.columns;
        s.activation = activation;
        for (const Tap& i : phase.taps[0])
          for (const Tap& j : phase.taps[1])
            if (n > 1) {
              s.terms.push_back({padded.place(i.offset, j.offset, 0), packed.row(i.tap, j.tap, 0, f), packed.taps_of_row * f.inputs});
            } else {
              for (const Tap& k : phase.taps[2])
                add_span(s.terms, {padded.place(i.offset, j.offset, k.offset), packed.row(i.tap, j.tap, k.tap, f), f.inputs}, 1, 1);
            }
        for (long m = 0; m < samples; m++)
          for (long i = first; i < std::min(first + rows, phase.count[0]); i++)
            for (long j = 0; j < phase.count[1]; j++) {
              long from = padded.place(m * padded.extent[0] + (i - first) * f.step[0], j * f.step[1], 0);
              long plane = (sample + m) * f.outputs[0] + phase.first[0] + i * f.spread[0];
              long place = (plane * f.outputs[1] + phase.first[1] + j * f.spread[1]) * f.outputs[2] + phase.first[2];
              add_span(s.rows, {from, place * channels, phase.count[2] / n}, s.row_step, s.C_stride);
            }
        for (long group = 0; group < f.groups; group++) {
          s.bias = !bias ? nullptr : n > 1 ? biases : bias + group * f.columns;
          sums(s, A + group * f.inputs, (as_it_is ? W : B) + group * packed.floats(), y + group * f.columns);
        }
        if (long rest = phase.count[2] % n) {  // the last outputs of each row
          for (Span& span : s.rows) span = {span.a + span.length * s.row_step, span.b + span.length * s.C_stride, 1};
          s.columns = rest * f.columns;
          sums(s, A, B, y);
        }
      }
    });
  });
}

// to[column] += the sum of a column of B.
static inline void add_columns(const float* B, long rows, long stride, long columns, float* to) {
  for (long column = 0; column < columns; column += LANES) {
    Vector total[4] = {};
    long row = 0;
    for (; row + 4 <= rows; row += 4)
      for (int i = 0; i < 4; i++) total[i] += load(B + (row + i) * stride + column);
    for (; row < rows; row++) total[0] += load(B + row * stride + column);
    store(to + column, load(to + column) + ((total[0] + total[1]) + (total[2] + total[3])));
  }
}

template <class Pool>
void convolution_forward(Pool& pool, const Convolution& c, const float* x, const float* W, const float* bias, Activation activation,
                         float* y) {
  Correlation f = forward_of(c);
  if (samples_fill_lanes(c, f)) {
    few_channels(pool, few_channels_of(c), inputs_of(c, {x}), W, bias, activation, y, nullptr);
  } else {
    correlate(pool, f, c.multiplications(), {x}, W, bias, activation, y);
  }
}

// From the gradient of y: the gradient of x.
template <class Pool>
void convolution_input_gradient(Pool& pool, const Convolution& c, const Image& g, const float* W, float* dx) {
  Correlation f = backward_of(c);
  if (samples_fill_lanes(c, f)) {
    few_channels_input_gradient(pool, few_channels_of(c), outputs_of(c, g), W, dx);
  } else {
    correlate(pool, f, c.multiplications(), g, W, nullptr, Activation::linear, dx);
  }
}

// From x and the gradient of y: the gradients of W and the bias.
template <class Pool>
void convolution_kernel_gradient(Pool& pool, const Convolution& c, const float* x, const Image& g, float* dW, float* dbias) {
  Correlation f = forward_of(c);
  if (samples_fill_lanes(c, f)) {
    few_channels_kernel_gradient(pool, few_channels_of(c), inputs_of(c, {x}), outputs_of(c, g), dW, dbias);
    return;
  }
  long parts = parts_of(pool, c.multiplications(), CONVOLUTION_PART);
  Blocks blocks(f.batch, f.outputs[0], parts);
  parts = std::min(parts, blocks.count());
  Packed packed(f);
  long n = packed.neighbours, together = blocks.slabs == 1 ? samples_at_once(f.outputs) : 1;
  Image image{x};
  Padded padded(f, image, blocks.longest(), n);
  bool direct = g.plain() && f.outputs[2] % n == 0 && n * f.columns % LANES == 0;  // g can be read in whole vectors where it is
  long width = up_to_multiple(f.outputs[2], n), pixels = width / n, row_of_g = f.outputs[1] * width * c.filters;
  long floats_of_g = direct ? 0 : together * blocks.longest() * row_of_g + LANES;
  long floats_of_dW = f.groups * packed.floats(), floats_of_dbias = up_to_multiple(n * c.filters, LANES);
  long floats_of_copy = up_to_multiple(together * padded.floats(), LANES);
  long floats_of_part = up_to_multiple(floats_of_dW + floats_of_dbias + floats_of_copy + floats_of_g, LANES);
  Workspace memory(parts * floats_of_part);

  parallel_for(pool, parts, [&](long part) {
    float *dW = memory.data() + part * floats_of_part, *dbias = dW + floats_of_dW, *copy = dbias + floats_of_dbias;
    float* copy_of_g = copy + floats_of_copy;
    std::memset(dbias, 0, floats_of_dbias * sizeof(float));
    long begin = first_of(part, parts, blocks.count(), 1), end = first_of(part + 1, parts, blocks.count(), 1);
    bool accumulate = false;
    blocks.each(begin, end, together, [&](long sample, long samples, long first, long rows) {
      const float* A = padded.inputs(f, image, sample, samples, first, copy);
      const float* B = g.data + (sample * f.outputs[0] + first) * row_of_g;
      if (!direct) {
        const long from[3] = {first, 0, 0}, box[3] = {rows, f.outputs[1], width};
        for (long m = 0; m < samples; m++) copy_box(g, sample + m, f.outputs, c.filters, from, box, copy_of_g + m * rows * row_of_g);
        std::memset(copy_of_g + samples * rows * row_of_g, 0, LANES * sizeof(float));
        B = copy_of_g;
      }
      Sums s;
      s.row_step = 1;
      s.term_step = n * f.step[2] * padded.channels;
      s.B_stride = n * c.filters;
      s.C_stride = packed.stride;
      s.columns = n * f.columns;
      s.accumulate = accumulate;
      for (const Tap& i : f.phases[0].taps[0])
        for (const Tap& j : f.phases[0].taps[1])
          for (long k = 0; k < packed.taps_of_row; k++) {
            long offset = n > 1 ? k : f.phases[0].taps[2][k].offset;
            add_span(s.rows, {padded.place(i.offset, j.offset, offset), packed.row(i.tap, j.tap, k, f) * packed.stride, f.inputs}, 1,
                     packed.stride);
          }
      for (long m = 0; m < samples; m++)
        for (long i = 0; i < rows; i++)
          for (long j = 0; j < f.outputs[1]; j++)
            add_span(s.terms,
                     {padded.place(m * padded.extent[0] + i * f.step[0], j * f.step[1], 0), ((m * rows + i) * f.outputs[1] + j) * pixels,
                      pixels},
                     s.term_step, 1);
      for (long group = 0; group < f.groups; group++)
        sums(s, A + group * f.inputs, B + group * f.columns, dW + group * packed.floats());
      add_columns(B, samples * rows * f.outputs[1] * pixels, s.B_stride, s.B_stride, dbias);
      accumulate = true;
    });
  });

  // The sum over the parts and, where outputs were neighbours, over the bands.
  long all = c.all_taps();
  for (long tap = 0; tap < all; tap++)
    for (long i = 0; i < f.inputs; i++)
      for (long group = 0; group < f.groups; group++)
        for (long column = 0; column < f.columns; column += LANES) {
          long lanes = std::min<long>(LANES, f.columns - column);
          Vector total{};
          for (long part = 0; part < parts; part++)
            for (long m = 0; m < n; m++) {
              long row = packed.row(0, tap / f.taps[2], tap % f.taps[2] + m * f.step[2], f) + i;
              total += load(memory.data() + part * floats_of_part + group * packed.floats() + row * packed.stride + m * f.columns + column,
                            lanes);
            }
          store(dW + (tap * f.inputs + i) * c.filters + group * f.columns + column, total, lanes);
        }
  for (long filter = 0; filter < c.filters; filter++) {
    float total = 0;
    for (long part = 0; part < parts; part++)
      for (long m = 0; m < n; m++) total += memory.data()[part * floats_of_part + floats_of_dW + m * c.filters + filter];
    dbias[filter] = total;
  }
}

}  // namespace neurona
