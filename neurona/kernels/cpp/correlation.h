// y = activation(image * W + bias) over one to three spatial axes: a convolution, or the gradient of its
// input.
//
// Both are sums over a copy of the image with zeros around it. Lanes are the channels of y. Where these are
// fewer than the lanes, a vector holds `neighbours` outputs of a row, and W becomes a banded matrix: 6
// filters of 5 taps in a row give 12 columns of 6 taps for two neighbours.
#pragma once

#include "image.h"
#include "sums.h"

namespace neurona {

constexpr long PIXELS_AT_ONCE =
    256;  // small images are taken several at a time: the weights are read once for all

// Along an axis: the number of a tap, and where it reads, counted from the first input that any tap of the
// output reads.
struct Tap {
  long tap, offset;
};

// Outputs that see the same taps: all of them or, for the gradient of the input, those a multiple of the
// stride apart.
struct Phase {
  long first[3], count[3];
  std::vector<Tap> taps[3];
};

struct Correlation {
  long batch, groups, inputs, columns;  // channels that come in and go out, per group
  long sizes[3], outputs[3], taps[3];
  long before[3];  // zeros before the image; negative where it is cropped
  long step[3];    // in the image, between neighbouring outputs of a phase
  long spread[3];  // in y, between neighbouring outputs of a phase
  long reach[3];   // inputs from the first to the last that an output of any phase reads
  std::vector<Phase> phases;
  bool mirrored;  // W has its taps in reverse order, and its channels exchanged

  // The most rows of a phase.
  long rows() const {
    long most = 0;
    for (const Phase& phase : phases) most = std::max(most, phase.count[0]);
    return most;
  }
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
    const long stride = c.strides[axis], size = c.sizes[axis], before = c.before[axis];
    const long span = (c.taps[axis] - 1) * c.dilation[axis];
    auto place = [&](long p) { return p >= 0 ? p / stride : -((-p + stride - 1) / stride); };  // rounded down
    const long first = place(before - span);
    f.sizes[axis] = c.outputs[axis];
    f.outputs[axis] = size;
    f.taps[axis] = c.taps[axis];
    f.before[axis] = -first;
    f.step[axis] = 1;
    f.spread[axis] = stride;
    f.reach[axis] = place(std::min(stride, size) - 1 + before) - first + 1;
    std::vector<Phase> phases;
    for (const Phase& phase : f.phases)
      for (long p = 0; p < std::min(stride, size); p++) {
        phases.push_back(phase);
        phases.back().first[axis] = p;
        phases.back().count[axis] = (size - p + stride - 1) / stride;
        for (long tap = c.taps[axis] - 1; tap >= 0; tap--) {
          const long reached = p + before - tap * c.dilation[axis];
          if (place(reached) * stride == reached)
            phases.back().taps[axis].push_back({c.taps[axis] - 1 - tap, place(reached) - first});
        }
      }
    f.phases = phases;
  }
  return f;
}

// The part of the lanes that do something useful where a vector holds n neighbouring outputs of `columns`
// channels, with `taps` along their row.
static inline double use_of_lanes(long n, long columns, long taps, long stride, long outputs) {
  const double lanes = 1.0 * n * columns / up_to_multiple(n * columns, LANES);
  const double band = 1.0 * taps / (taps + (n - 1) * stride);
  return lanes * band * outputs / up_to_multiple(outputs, n);
}

// How many neighbouring outputs make the best use of a vector.
static inline long best_neighbours(long columns, long taps, long stride, long outputs) {
  long best = 1;
  double most = 0;
  for (long n = 1; n <= std::min<long>(LANES, outputs); n++) {
    const double use = use_of_lanes(n, columns, taps, stride, outputs);
    if (use > most * 1.01) {
      most = use;
      best = n;
    }
  }
  return best;
}

// Outputs can share a vector if their channels are neighbours in memory, and the taps of a row are, too.
static inline long neighbours_of(const Correlation& f) {
  const bool dense = f.groups == 1 && f.phases.size() == 1 && f.reach[2] == f.taps[2];
  return dense ? best_neighbours(f.columns, f.taps[2], f.step[2], f.outputs[2]) : 1;
}

// W as B of the sums, for every group (*taps, inputs, columns): a row for each term, banded where outputs are
// neighbours.
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
  // Whether W lies in memory in this order.
  bool is_W(const Correlation& f) const {
    return !f.mirrored && neighbours == 1 && f.groups == 1 && f.columns == stride;
  }
};

static inline void pack(const Correlation& f, const Packed& packed, const float* W, float* to) {
  const long all = f.taps[0] * f.taps[1] * f.taps[2];
  if (packed.stride != f.columns) std::memset(to, 0, f.groups * packed.floats() * sizeof(float));
  for (long group = 0; group < f.groups; group++)
    for (long tap = 0; tap < all; tap++)
      for (long n = 0; n < packed.neighbours; n++) {
        const long row = packed.row(0, tap / f.taps[2], tap % f.taps[2] + n * f.step[2], f);
        const Matrix B{to + group * packed.floats() + row * packed.stride + n * f.columns, f.inputs,
                       f.columns, packed.stride};
        if (f.mirrored) {
          const long stride = f.groups * f.inputs;
          const float* from = W + (all - 1 - tap) * f.columns * stride + group * f.inputs;
          transpose({from, f.columns, f.inputs, stride}, B);
        } else {
          const float* from = W + tap * f.inputs * f.groups * f.columns + group * f.columns;
          for (long i = 0; i < f.inputs; i++)
            std::memcpy(&B.at(i, 0), from + i * f.groups * f.columns, f.columns * sizeof(float));
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

// A box of one sample, with zeros where it hangs over the edge: to[i, j, k] = image[first + (i, j, k)].
static inline void copy_box(const Image& image, long sample, const long sizes[3], long channels,
                            const long first[3], const long box[3], float* to) {
  for (long i = first[0]; i < first[0] + box[0]; i++)
    for (long j = first[1]; j < first[1] + box[1]; j++, to += box[2] * channels) {
      const bool inside = 0 <= i && i < sizes[0] && 0 <= j && j < sizes[1];
      const long begin = inside ? std::clamp(-first[2], 0L, box[2]) : box[2];
      const long end = std::clamp(sizes[2] - first[2], begin, box[2]);
      std::memset(to, 0, begin * channels * sizeof(float));
      if (begin < end) {
        const long from = ((sample * sizes[0] + i) * sizes[1] + j) * sizes[2] + first[2] + begin;
        image.copy(from * channels, (end - begin) * channels, to + begin * channels);
      }
      std::memset(to + end * channels, 0, (box[2] - end) * channels * sizeof(float));
    }
}

// The inputs of a slab: in the image itself if no output reads over its edge, else in a copy with zeros
// around it.
struct Padded {
  bool direct;
  long extent[3];  // of one sample; along the first axis of the longest slab
  long channels;

  Padded(const Correlation& f, const Image& image, long rows, long neighbours)
      : channels(f.groups * f.inputs) {
    direct = image.plain();
    for (int axis = 0; axis < 3; axis++) {
      long most = 0;
      for (const Phase& phase : f.phases) most = std::max(most, phase.count[axis]);
      if (axis == 2) most = up_to_multiple(most, neighbours);
      const long needed = (most - 1) * f.step[axis] + f.reach[axis];
      direct = direct && f.before[axis] == 0 && needed <= f.sizes[axis];
      extent[axis] = axis == 0 ? (rows - 1) * f.step[0] + f.reach[0] : needed;
    }
    if (direct) std::copy(f.sizes, f.sizes + 3, extent);
  }
  long floats() const {
    return direct ? 0 : extent[0] * extent[1] * extent[2] * channels;
  }  // of the copy of a sample
  long place(long i, long j, long k) const { return ((i * extent[1] + j) * extent[2] + k) * channels; }

  // From the first input that the first output of the slab reads.
  const float* inputs(const Correlation& f, const Image& image, const Slab& slab, float* copy) const {
    const long first = slab.first * f.step[0];
    if (direct) return image.data + (slab.sample * extent[0] + first) * extent[1] * extent[2] * channels;
    const long from[3] = {first - f.before[0], -f.before[1], -f.before[2]};
    for (long s = 0; s < slab.samples; s++)
      copy_box(image, slab.sample + s, f.sizes, channels, from, extent, copy + s * floats());
    return copy;
  }
};

static inline long samples_at_once(const Blocks& blocks, const long outputs[3]) {
  return blocks.slabs == 1 ? std::max(1L, PIXELS_AT_ONCE / (outputs[0] * outputs[1] * outputs[2])) : 1;
}

// The sums for the outputs of a phase in a slab: rows are outputs, or `neighbours` of them, and terms are
// taps.
static inline Sums sums_of_phase(const Correlation& f, const Packed& packed, const Padded& padded,
                                 const Phase& phase, const Slab& slab) {
  const long n = packed.neighbours, channels = f.groups * f.columns;
  Sums s;
  s.row_step = n * f.step[2] * padded.channels;
  s.term_step = 1;
  s.B_stride = packed.stride;
  s.C_stride = n * f.spread[2] * channels;
  s.columns = n * f.columns;
  for (const Tap& i : phase.taps[0])
    for (const Tap& j : phase.taps[1])
      if (n > 1) {
        const long row = packed.row(i.tap, j.tap, 0, f);
        s.terms.push_back({padded.place(i.offset, j.offset, 0), row, packed.taps_of_row * f.inputs});
      } else {
        for (const Tap& k : phase.taps[2]) {
          const long row = packed.row(i.tap, j.tap, k.tap, f);
          add_span(s.terms, {padded.place(i.offset, j.offset, k.offset), row, f.inputs}, 1, 1);
        }
      }
  for (long m = 0; m < slab.samples; m++)
    for (long i = slab.first; i < std::min(slab.first + slab.rows, phase.count[0]); i++)
      for (long j = 0; j < phase.count[1]; j++) {
        const long from = padded.place(m * padded.extent[0] + (i - slab.first) * f.step[0], j * f.step[1], 0);
        const long plane = (slab.sample + m) * f.outputs[0] + phase.first[0] + i * f.spread[0];
        const long place =
            (plane * f.outputs[1] + phase.first[1] + j * f.spread[1]) * f.outputs[2] + phase.first[2];
        add_span(s.rows, {from, place * channels, phase.count[2] / n}, s.row_step, s.C_stride);
      }
  return s;
}

template <class Pool>
void correlate(Pool& pool, const Correlation& f, double work, const Image& image, const float* W,
               const float* bias, Activation activation, float* y) {
  long parts = part_count(pool, work, CONVOLUTION_PART);
  const Blocks blocks(f.batch, f.rows(), parts);
  parts = std::min(parts, blocks.count());
  const Packed packed(f);
  const Padded padded(f, image, blocks.longest(), packed.neighbours);
  const long n = packed.neighbours, together = samples_at_once(blocks, f.outputs);
  const long floats_of_W = packed.is_W(f) ? 0 : f.groups * packed.floats();
  const long floats_of_copy = up_to_multiple(together * padded.floats(), LANES);
  Workspace memory(floats_of_W + packed.stride + parts * floats_of_copy);
  float *packed_W = memory.data(), *biases = packed_W + floats_of_W, *copies = biases + packed.stride;
  if (!packed.is_W(f)) pack(f, packed, W, packed_W);
  const float* B = packed.is_W(f) ? W : packed_W;
  if (bias && n > 1)
    for (long i = 0; i < n; i++) std::memcpy(biases + i * f.columns, bias, f.columns * sizeof(float));

  parallel_for(pool, parts, blocks.count(), [&](Part part) {
    blocks.each(part, together, [&](const Slab& slab) {
      const float* A = padded.inputs(f, image, slab, copies + part.number * floats_of_copy);
      for (const Phase& phase : f.phases) {
        Sums s = sums_of_phase(f, packed, padded, phase, slab);
        for (long group = 0; group < f.groups; group++) {
          s.epilogue = {!bias ? nullptr : n > 1 ? biases : bias + group * f.columns, activation};
          sums(s, A + group * f.inputs, B + group * packed.floats(), y + group * f.columns);
        }
        if (const long remainder = phase.count[2] % n) {  // the last outputs of each row
          for (Span& span : s.rows)
            span = {span.a + span.length * s.row_step, span.b + span.length * s.C_stride, 1};
          s.columns = remainder * f.columns;
          sums(s, A, B, y);
        }
      }
    });
  });
}

}  // namespace neurona
