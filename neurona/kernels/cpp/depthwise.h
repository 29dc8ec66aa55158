// Depthwise convolution, in which every channel c has filters of its own,
//
//     y[c * multiplier + m] = activation(x[c] * W[c * multiplier + m] + bias[c * multiplier + m]),
//
// and its gradients. Lanes are filters; where these would leave many lanes empty, and neighbouring outputs read neighbouring inputs, a
// vector goes on into the next pixel of the row. Where a channel has several filters, x is first repeated for each of them, and the
// gradient of x summed over them in the end.
#pragma once

#include "convolution.h"

namespace neurona {

static inline bool is_depthwise(const Convolution& c) { return c.groups == c.channels && c.channels > 1; }

// A tap of a piece: where it reads, counted from the place of the output, and its row of W.
struct Term {
  long image, row;
};

// A box of outputs of one phase that see the same taps inside the image, so that nothing else tells of the zeros around it.
struct Piece {
  long first[3], count[3];  // numbers in the phase
  long start[3];            // the first output of the phase
  std::vector<Term> terms;
};

// Neighbouring outputs along an axis that see the taps begin, ..., end - 1 of their phase inside the image.
struct Segment {
  long first, count;
  std::size_t begin, end;
};

static inline std::vector<Segment> segments_of(const Correlation& f, const Phase& phase, int axis) {
  std::vector<Segment> segments;
  const auto& taps = phase.taps[axis];
  for (long k = 0; k < phase.count[axis]; k++) {
    auto inside = [&](std::size_t tap) {
      long place = k * f.step[axis] + taps[tap].offset - f.before[axis];
      return 0 <= place && place < f.sizes[axis];
    };
    std::size_t begin = 0;
    while (begin < taps.size() && !inside(begin)) begin++;
    std::size_t end = begin;
    while (end < taps.size() && inside(end)) end++;
    if (!segments.empty() && segments.back().begin == begin && segments.back().end == end) {
      segments.back().count++;
    } else {
      segments.push_back({k, 1, begin, end});
    }
  }
  return segments;
}

static inline std::vector<Piece> pieces_of(const Correlation& f, long filters) {
  std::vector<Piece> pieces;
  const long all = f.taps[0] * f.taps[1] * f.taps[2];
  for (const Phase& phase : f.phases)
    for (const Segment& a : segments_of(f, phase, 0))
      for (const Segment& b : segments_of(f, phase, 1))
        for (const Segment& c : segments_of(f, phase, 2)) {
          Piece piece{{a.first, b.first, c.first}, {a.count, b.count, c.count}, {phase.first[0], phase.first[1], phase.first[2]}};
          for (std::size_t i = a.begin; i < a.end; i++)
            for (std::size_t j = b.begin; j < b.end; j++)
              for (std::size_t k = c.begin; k < c.end; k++) {
                const Tap &at0 = phase.taps[0][i], &at1 = phase.taps[1][j], &at2 = phase.taps[2][k];
                long plane = at0.offset - f.before[0], row = plane * f.sizes[1] + at1.offset - f.before[1];
                long tap = (at0.tap * f.taps[1] + at1.tap) * f.taps[2] + at2.tap;
                piece.terms.push_back({(row * f.sizes[2] + at2.offset - f.before[2]) * filters, f.mirrored ? all - 1 - tap : tap});
              }
          pieces.push_back(piece);
        }
  return pieces;
}

// How a depthwise convolution, or its gradient, runs over memory: `image` and y have one channel for each filter.
struct Depthwise {
  Correlation f;
  long multiplier, filters;
  long pixels;  // that lie side by side in vectors
  std::vector<Piece> pieces;

  Depthwise(const Correlation& of, long multiplier)
      : f(of), multiplier(multiplier), filters(f.groups * multiplier), pieces(pieces_of(f, filters)) {
    bool neighbours = f.phases.size() == 1 && f.step[2] == 1;
    pixels = neighbours ? best_neighbours(filters, 1, 0, f.outputs[2]) : 1;
  }
  long all_taps() const { return f.taps[0] * f.taps[1] * f.taps[2]; }
  long width() const { return pixels * filters; }
  long inputs() const { return f.sizes[0] * f.sizes[1] * f.sizes[2]; }
  long outputs() const { return f.outputs[0] * f.outputs[1] * f.outputs[2]; }
  Blocks blocks(long parts) const {
    long rows = 0;
    for (const Phase& phase : f.phases) rows = std::max(rows, phase.count[0]);
    return Blocks(f.batch, rows, parts);
  }

  // Calls work(terms, place in the image, place in y, width, count) for what lies in some rows of the phases: `count` times, one step
  // apart, `width` outputs of all filters side by side.
  template <class Work>
  void each(long begin, long rows, const Work& work) const {
    for (const Piece& piece : pieces)
      for (long i = std::max(begin, piece.first[0]); i < std::min(begin + rows, piece.first[0] + piece.count[0]); i++)
        for (long j = piece.first[1]; j < piece.first[1] + piece.count[1]; j++) {
          const long k = piece.first[2], whole = piece.count[2] / pixels, rest = piece.count[2] % pixels;
          long image = (i * f.step[0] * f.sizes[1] + j * f.step[1]) * f.sizes[2] + k * f.step[2];
          long row = (piece.start[0] + i * f.spread[0]) * f.outputs[1] + piece.start[1] + j * f.spread[1];
          long y = row * f.outputs[2] + piece.start[2] + k * f.spread[2];
          work(piece.terms, image * filters, y * filters, width(), whole);
          if (rest) work(piece.terms, image * filters + whole * width(), y * filters + whole * width(), rest * filters, 1L);
        }
  }
  long image_step() const { return width() * f.step[2]; }
  long y_step() const { return width() * f.spread[2]; }

  // One sample of an image of `size` pixels: where it is, or a copy of its gradient before the activation, or one with repeated channels.
  bool copies(const Image& image, bool repeats) const { return !image.plain() || (repeats && multiplier > 1); }
  const float* sample_of(const Image& image, long sample, long size, bool repeats, float* copy) const {
    if (!copies(image, repeats)) return image.data + sample * size * filters;
    if (!repeats) {
      image.copy(sample * size * filters, size * filters, copy);
      return copy;
    }
    const float* x = image.data + sample * size * f.groups;
    for (long i = 0; i < size * f.groups; i++)
      for (long m = 0; m < multiplier; m++) copy[i * multiplier + m] = x[i];
    return copy;
  }
};

// OUTPUTS outputs of VECTORS vectors in registers. `last_lanes` lanes of the last vector exist.
template <int OUTPUTS, int VECTORS>
static __attribute__((noinline)) void depthwise_tile(const Term* term, const Term* end, const float* __restrict image, long step,
                                                     const float* __restrict W, long W_stride, const float* __restrict bias,
                                                     bool relu_follows, float* __restrict y, long y_step, long last_lanes) {
  Vector total[OUTPUTS][VECTORS];
#pragma GCC unroll 4
  for (int v = 0; v < VECTORS; v++) {
    Vector start = bias ? load(bias + v * LANES, v + 1 == VECTORS ? last_lanes : LANES) : Vector{};
#pragma GCC unroll 8
    for (int o = 0; o < OUTPUTS; o++) total[o][v] = start;
  }
  for (; term < end; term++) {
    const float *w = W + term->row * W_stride, *from = image + term->image;
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) {
      long lanes = v + 1 == VECTORS ? last_lanes : LANES;
      Vector weights = load(w + v * LANES, lanes);
#pragma GCC unroll 8
      for (int o = 0; o < OUTPUTS; o++) total[o][v] += weights * load(from + o * step + v * LANES, lanes);
    }
  }
#pragma GCC unroll 8
  for (int o = 0; o < OUTPUTS; o++)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++)
      store(y + o * y_step + v * LANES, relu_follows ? relu(total[o][v]) : total[o][v], v + 1 == VECTORS ? last_lanes : LANES);
}

// OUTPUTS outputs at a time, and the rest by halves.
template <int OUTPUTS, int VECTORS>
static inline void depthwise_outputs(const std::vector<Term>& terms, long count, const float* image, long step, const float* W,
                                     long W_stride, const float* bias, bool relu_follows, float* y, long y_step, long last_lanes) {
  const Term *begin = terms.data(), *end = begin + terms.size();
  for (; count >= OUTPUTS; count -= OUTPUTS, image += OUTPUTS * step, y += OUTPUTS * y_step)
    depthwise_tile<OUTPUTS, VECTORS>(begin, end, image, step, W, W_stride, bias, relu_follows, y, y_step, last_lanes);
  if constexpr (OUTPUTS > 1)
    depthwise_outputs<OUTPUTS / 2, VECTORS>(terms, count, image, step, W, W_stride, bias, relu_follows, y, y_step, last_lanes);
}

// y = activation(image * W + bias), or the gradient of x, where `image` is that of y.
template <class Pool>
void depthwise_correlate(Pool& pool, const Depthwise& d, double work, const Image& image, const float* W, const float* bias,
                         Activation activation, float* y) {
  long parts = parts_of(pool, work, CONVOLUTION_PART);
  const Blocks blocks = d.blocks(parts);
  parts = std::min(parts, blocks.count());
  const bool repeats = !d.f.mirrored, sums = d.f.mirrored && d.multiplier > 1, wide = d.pixels > 1;
  const bool relu_follows = activation == Activation::relu;
  const long floats_of_W = wide ? d.all_taps() * d.width() : 0, floats_of_bias = wide && bias ? d.width() : 0;
  const long floats_of_image = d.copies(image, repeats) ? d.inputs() * d.filters : 0, floats_of_y = sums ? d.outputs() * d.filters : 0;
  const long floats_of_part = up_to_multiple(floats_of_image + floats_of_y, LANES);
  Workspace memory(parts * floats_of_part + floats_of_W + floats_of_bias);
  float *wide_W = memory.data() + parts * floats_of_part, *wide_bias = wide_W + floats_of_W;
  for (long i = 0; i < floats_of_W; i++) wide_W[i] = W[i / d.width() * d.filters + i % d.filters];
  for (long i = 0; i < floats_of_bias; i++) wide_bias[i] = bias[i % d.filters];
  if (wide) W = wide_W;
  if (wide && bias) bias = wide_bias;

  parallel_for(pool, parts, [&](long part) {
    float *copy = memory.data() + part * floats_of_part, *unsummed = copy + floats_of_image;
    const long begin = first_of(part, parts, blocks.count(), 1), end = first_of(part + 1, parts, blocks.count(), 1);
    blocks.each(begin, end, 1, [&](long sample, long, long first, long rows) {
      const float* from = d.sample_of(image, sample, d.inputs(), repeats, copy);
      float* to = sums ? unsummed : y + sample * d.outputs() * d.filters;
      d.each(first, rows, [&](const std::vector<Term>& terms, long image_place, long y_place, long width, long count) {
        for_strips(width, [&](auto vectors, long i, long lanes) {
          constexpr int OUTPUTS = vectors == 1 ? 8 : REGISTERS >= 32 ? 4 : 2;
          const float* bias_of = bias ? bias + i : nullptr;
          depthwise_outputs<OUTPUTS, vectors>(terms, count, from + image_place + i, d.image_step(), W + i, d.width(), bias_of, relu_follows,
                                              to + y_place + i, d.y_step(), lanes);
        });
        if (activation == Activation::linear || relu_follows) return;
        for (long i = 0; i < count * width; i += LANES) {
          long lanes = std::min<long>(LANES, count * width - i);
          store(to + y_place + i, activate(activation, load(to + y_place + i, lanes)), lanes);
        }
      });
      if (!sums) return;
      // The rows of y that were computed: those of all phases.
      const long stride = d.f.spread[0], row = d.f.outputs[1] * d.f.outputs[2] * d.f.groups;
      const long stop = std::min((first + rows) * stride, d.f.outputs[0]) * row;
      for (long i = first * stride * row; i < stop; i++) {
        float total = 0;
        for (long m = 0; m < d.multiplier; m++) total += unsummed[i * d.multiplier + m];
        y[sample * d.outputs() * d.f.groups + i] = total;
      }
    });
  });
}

// TAPS rows of W's gradient, VECTORS vectors wide, in registers.
template <int TAPS, int VECTORS>
static __attribute__((noinline)) void depthwise_gradient_tile(const Term* terms, long count, const float* __restrict image, long step,
                                                              const float* __restrict g, long g_step, float* __restrict dW, long stride,
                                                              long last_lanes) {
  Vector total[TAPS][VECTORS];
#pragma GCC unroll 16
  for (int t = 0; t < TAPS; t++)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) total[t][v] = load(dW + terms[t].row * stride + v * LANES, v + 1 == VECTORS ? last_lanes : LANES);
  const float* from[TAPS];
#pragma GCC unroll 16
  for (int t = 0; t < TAPS; t++) from[t] = image + terms[t].image;
  for (long i = 0; i < count; i++)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) {
      long lanes = v + 1 == VECTORS ? last_lanes : LANES;
      Vector gradient = load(g + i * g_step + v * LANES, lanes);
#pragma GCC unroll 16
      for (int t = 0; t < TAPS; t++) total[t][v] += gradient * load(from[t] + i * step + v * LANES, lanes);
    }
#pragma GCC unroll 16
  for (int t = 0; t < TAPS; t++)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) store(dW + terms[t].row * stride + v * LANES, total[t][v], v + 1 == VECTORS ? last_lanes : LANES);
}

// TAPS taps at a time, and the rest by halves.
template <int TAPS, int VECTORS>
static inline void depthwise_gradient_taps(const Term* terms, const Term* end, long count, const float* image, long step, const float* g,
                                           long g_step, float* dW, long stride, long last_lanes) {
  for (; end - terms >= TAPS; terms += TAPS)
    depthwise_gradient_tile<TAPS, VECTORS>(terms, count, image, step, g, g_step, dW, stride, last_lanes);
  if constexpr (TAPS > 1)
    depthwise_gradient_taps<TAPS / 2, VECTORS>(terms, end, count, image, step, g, g_step, dW, stride, last_lanes);
}

template <class Pool>
void depthwise_forward(Pool& pool, const Convolution& c, const float* x, const float* W, const float* bias, Activation activation,
                       float* y) {
  const Depthwise d(forward_of(c), c.filters_per_group());
  depthwise_correlate(pool, d, c.multiplications(), {x}, W, bias, activation, y);
}

template <class Pool>
void depthwise_input_gradient(Pool& pool, const Convolution& c, const Image& g, const float* W, float* dx) {
  const Depthwise d(backward_of(c), c.filters_per_group());
  depthwise_correlate(pool, d, c.multiplications(), g, W, nullptr, Activation::linear, dx);
}

template <class Pool>
void depthwise_kernel_gradient(Pool& pool, const Convolution& c, const float* x, const Image& g, float* dW, float* dbias) {
  const Depthwise d(forward_of(c), c.filters_per_group());
  const Image image{x};
  long parts = parts_of(pool, c.multiplications(), CONVOLUTION_PART);
  const Blocks blocks = d.blocks(parts);
  parts = std::min(parts, blocks.count());
  const long floats_of_dW = (d.all_taps() + 1) * d.width();  // and dbias
  const long floats_of_x = d.copies(image, true) ? d.inputs() * d.filters : 0;
  const long floats_of_g = d.copies(g, false) ? d.outputs() * d.filters : 0;
  const long floats_of_part = up_to_multiple(floats_of_dW + floats_of_x + floats_of_g, LANES);
  Workspace memory(parts * floats_of_part);

  parallel_for(pool, parts, [&](long part) {
    float *dW = memory.data() + part * floats_of_part, *dbias = dW + d.all_taps() * d.width();
    float *copy_of_x = dW + floats_of_dW, *copy_of_g = copy_of_x + floats_of_x;
    std::memset(dW, 0, floats_of_dW * sizeof(float));
    const long begin = first_of(part, parts, blocks.count(), 1), end = first_of(part + 1, parts, blocks.count(), 1);
    blocks.each(begin, end, 1, [&](long sample, long, long first, long rows) {
      const float* inputs = d.sample_of(image, sample, d.inputs(), true, copy_of_x);
      const float* gradients = d.sample_of(g, sample, d.outputs(), false, copy_of_g);
      d.each(first, rows, [&](const std::vector<Term>& terms, long x_place, long g_place, long width, long count) {
        constexpr int MOST = REGISTERS >= 32 ? 2 : 1;
        for (long i = 0; i < width;) {
          auto taps = [&](auto vectors) {
            long lanes = std::min<long>(LANES, width - i - (vectors - 1) * LANES);
            depthwise_gradient_taps<9, vectors>(terms.data(), terms.data() + terms.size(), count, inputs + x_place + i, d.image_step(),
                                                gradients + g_place + i, d.y_step(), dW + i, d.width(), lanes);
            i += vectors * LANES;
          };
          if (width - i > LANES) {
            taps(std::integral_constant<int, MOST>());
          } else {
            taps(std::integral_constant<int, 1>());
          }
        }
      });
      auto add_to_bias = [&](const float* from, long wide_rows, long width) {
        for_strips(width, [&](auto vectors, long i, long lanes) {
          Vector total[vectors] = {};
          for (long row = 0; row < wide_rows; row++)
            for (int v = 0; v < vectors; v++) total[v] += load(from + row * width + i + v * LANES, v + 1 == vectors ? lanes : LANES);
          for (int v = 0; v < vectors; v++) {
            long at = i + v * LANES, of_this = v + 1 == vectors ? lanes : LANES;
            store(dbias + at, load(dbias + at, of_this) + total[v], of_this);
          }
        });
      };
      const long row = d.f.outputs[1] * d.f.outputs[2] * d.filters, whole = rows * row / d.width();
      add_to_bias(gradients + first * row, whole, d.width());
      add_to_bias(gradients + first * row + whole * d.width(), 1, rows * row % d.width());
    });
  });

  // The sum over the parts, and over the pixels side by side.
  for (long i = 0; i < (d.all_taps() + 1) * d.filters; i++) {
    float total = 0;
    for (long part = 0; part < parts; part++)
      for (long pixel = 0; pixel < d.pixels; pixel++)
        total += memory.data()[part * floats_of_part + i / d.filters * d.width() + pixel * d.filters + i % d.filters];
    (i < d.all_taps() * d.filters ? dW[i] : dbias[i - d.all_taps() * d.filters]) = total;
  }
}

}  // namespace neurona
