// Depthwise convolution, in which filters c * multiplier, ..., read channel c only,
//
//     y[c * multiplier + m] = activation(x[c] * W[c * multiplier + m] + bias[c * multiplier + m]),
//
// and its gradients. Lanes are filters. Where these would leave many lanes empty, and neighbouring outputs
// read neighbouring inputs, a vector continues into the next pixel of the row. Where a channel has several
// filters, x is first repeated for each of them, and the gradient of x is summed over them at the end.
#pragma once

#include "correlation.h"

namespace neurona {

static inline bool is_depthwise(const Convolution& c) { return c.groups == c.channels && c.channels > 1; }

// A tap of a piece: where it reads, counted from the place of the output, and its row of W.
struct Term {
  long image, row;
};

// A box of outputs of one phase that see the same taps inside the image. The zeros around it need no other
// care.
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
          Piece piece{{a.first, b.first, c.first},
                      {a.count, b.count, c.count},
                      {phase.first[0], phase.first[1], phase.first[2]}};
          for (std::size_t i = a.begin; i < a.end; i++)
            for (std::size_t j = b.begin; j < b.end; j++)
              for (std::size_t k = c.begin; k < c.end; k++) {
                const Tap &at0 = phase.taps[0][i], &at1 = phase.taps[1][j], &at2 = phase.taps[2][k];
                long plane = at0.offset - f.before[0], row = plane * f.sizes[1] + at1.offset - f.before[1];
                long tap = (at0.tap * f.taps[1] + at1.tap) * f.taps[2] + at2.tap;
                piece.terms.push_back({(row * f.sizes[2] + at2.offset - f.before[2]) * filters,
                                       f.mirrored ? all - 1 - tap : tap});
              }
          pieces.push_back(piece);
        }
  return pieces;
}

// How a depthwise convolution, or its gradient, goes through memory: the image and y have one channel for
// each filter.
struct Depthwise {
  // Places of `count` stretches of outputs side by side: `width` floats in the image and in y, and the taps
  // that they see.
  struct Run {
    const std::vector<Term>& terms;
    long image, y, width, count;
  };

  Correlation f;
  long multiplier, filters;
  long pixels;  // that lie side by side in vectors
  std::vector<Piece> pieces;

  Depthwise(const Correlation& of, long multiplier)
      : f(of), multiplier(multiplier), filters(f.groups * multiplier), pieces(pieces_of(f, filters)) {
    const bool neighbours = f.phases.size() == 1 && f.step[2] == 1;
    pixels = neighbours ? best_neighbours(filters, 1, 0, f.outputs[2]) : 1;
  }
  long all_taps() const { return f.taps[0] * f.taps[1] * f.taps[2]; }
  long width() const { return pixels * filters; }
  long inputs() const { return f.sizes[0] * f.sizes[1] * f.sizes[2]; }
  long outputs() const { return f.outputs[0] * f.outputs[1] * f.outputs[2]; }
  long image_step() const { return width() * f.step[2]; }  // from one stretch of a run to the next
  long y_step() const { return width() * f.spread[2]; }

  // Calls work(run) for what lies in some rows of the phases.
  template <class Work>
  void each(long begin, long rows, const Work& work) const {
    for (const Piece& piece : pieces)
      for (long i = std::max(begin, piece.first[0]);
           i < std::min(begin + rows, piece.first[0] + piece.count[0]); i++)
        for (long j = piece.first[1]; j < piece.first[1] + piece.count[1]; j++) {
          const long k = piece.first[2], whole = piece.count[2] / pixels, remainder = piece.count[2] % pixels;
          const long image = (i * f.step[0] * f.sizes[1] + j * f.step[1]) * f.sizes[2] + k * f.step[2];
          const long row =
              (piece.start[0] + i * f.spread[0]) * f.outputs[1] + piece.start[1] + j * f.spread[1];
          const long y = row * f.outputs[2] + piece.start[2] + k * f.spread[2], done = whole * width();
          work(Run{piece.terms, image * filters, y * filters, width(), whole});
          if (remainder)
            work(Run{piece.terms, image * filters + done, y * filters + done, remainder * filters, 1});
        }
  }

  // One sample of an image of `size` pixels: where it lies, or a copy with repeated channels, or a copy of
  // the gradient before the activation.
  bool copies(const Image& image, bool repeats) const {
    return !image.plain() || (repeats && multiplier > 1);
  }
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

// What the outputs of a tile have in common.
struct DepthwiseOutputs {
  const Term *terms, *end;
  long step;  // in the image, from one output to the next
  const float* W;
  long W_stride;
  const float* bias;
  bool relu_follows;
  long y_step, last_lanes;  // `last_lanes` lanes of the last vector exist
};

// OUTPUTS outputs of VECTORS vectors, from `image` on and to y, whose sums stay in registers.
template <int OUTPUTS, int VECTORS>
static __attribute__((noinline)) void depthwise_tile(const DepthwiseOutputs& o, const float* __restrict image,
                                                     float* __restrict y) {
  const long step = o.step, W_stride = o.W_stride, y_step = o.y_step, last_lanes = o.last_lanes;
  const float* __restrict W = o.W;
  Vector total[OUTPUTS][VECTORS];
#pragma GCC unroll 4
  for (int v = 0; v < VECTORS; v++) {
    const Vector start = o.bias ? load(o.bias + v * LANES, v + 1 == VECTORS ? last_lanes : LANES) : Vector{};
#pragma GCC unroll 8
    for (int i = 0; i < OUTPUTS; i++) total[i][v] = start;
  }
  for (const Term* term = o.terms; term < o.end; term++) {
    const float *w = W + term->row * W_stride, *from = image + term->image;
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) {
      const long lanes = v + 1 == VECTORS ? last_lanes : LANES;
      const Vector weights = load(w + v * LANES, lanes);
#pragma GCC unroll 8
      for (int i = 0; i < OUTPUTS; i++) total[i][v] += weights * load(from + i * step + v * LANES, lanes);
    }
  }
  const bool relu_follows = o.relu_follows;
#pragma GCC unroll 8
  for (int i = 0; i < OUTPUTS; i++)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++)
      store(y + i * y_step + v * LANES, relu_follows ? relu(total[i][v]) : total[i][v],
            v + 1 == VECTORS ? last_lanes : LANES);
}

// OUTPUTS outputs at a time, and the remainder by halves.
template <int OUTPUTS, int VECTORS>
static inline void depthwise_outputs(const DepthwiseOutputs& o, long count, const float* image, float* y) {
  for (; count >= OUTPUTS; count -= OUTPUTS, image += OUTPUTS * o.step, y += OUTPUTS * o.y_step)
    depthwise_tile<OUTPUTS, VECTORS>(o, image, y);
  if constexpr (OUTPUTS > 1) depthwise_outputs<OUTPUTS / 2, VECTORS>(o, count, image, y);
}

// W and the bias, repeated for the pixels that lie side by side. They are not copied for one pixel.
struct WideWeights {
  std::vector<float> memory;
  const float *W, *bias;  // bias may be null

  WideWeights(const Depthwise& d, const float* W, const float* bias) : W(W), bias(bias) {
    if (d.pixels == 1) return;
    const long floats_of_W = d.all_taps() * d.width(), floats_of_bias = bias ? d.width() : 0;
    memory.resize(floats_of_W + floats_of_bias);
    for (long i = 0; i < floats_of_W; i++) memory[i] = W[i / d.width() * d.filters + i % d.filters];
    for (long i = 0; i < floats_of_bias; i++) memory[floats_of_W + i] = bias[i % d.filters];
    this->W = memory.data();
    if (bias) this->bias = memory.data() + floats_of_W;
  }
};

// The outputs of some rows of a sample.
static inline void depthwise_rows(const Depthwise& d, const WideWeights& weights, Activation activation,
                                  long first, long rows, const float* image, float* y) {
  const bool relu_follows = activation == Activation::relu;
  d.each(first, rows, [&](const Depthwise::Run& run) {
    const Term *terms = run.terms.data(), *end = terms + run.terms.size();
    for_strips(run.width, [&](auto vectors, long i, long lanes) {
      constexpr int OUTPUTS = vectors == 1 ? 8 : REGISTERS >= 32 ? 4 : 2;
      const float* bias = weights.bias ? weights.bias + i : nullptr;
      const DepthwiseOutputs outputs{terms, end,          d.image_step(), weights.W + i, d.width(),
                                     bias,  relu_follows, d.y_step(),     lanes};
      depthwise_outputs<OUTPUTS, vectors>(outputs, run.count, image + run.image + i, y + run.y + i);
    });
    if (activation == Activation::linear || relu_follows) return;
    const long floats = run.count * run.width;
    for (long i = 0; i < floats; i += LANES) {
      const long lanes = std::min<long>(LANES, floats - i);
      float* at = y + run.y + i;
      store(at, activate(activation, load(at, lanes)), lanes);
    }
  });
}

// y = activation(image * W + bias), or the gradient of x, where the image is the gradient of y.
template <class Pool>
void depthwise_correlate(Pool& pool, const Depthwise& d, double work, const Image& image, const float* W,
                         const float* bias, Activation activation, float* y) {
  long parts = part_count(pool, work, CONVOLUTION_PART);
  const Blocks blocks(d.f.batch, d.f.rows(), parts);
  parts = std::min(parts, blocks.count());
  const bool repeats = !d.f.mirrored, sums = d.f.mirrored && d.multiplier > 1;
  const long floats_of_image = d.copies(image, repeats) ? d.inputs() * d.filters : 0;
  const long floats_of_y = sums ? d.outputs() * d.filters : 0;
  const long floats_of_part = up_to_multiple(floats_of_image + floats_of_y, LANES);
  const WideWeights weights(d, W, bias);
  Workspace memory(parts * floats_of_part);

  parallel_for(pool, parts, blocks.count(), [&](Part part) {
    float *copy = memory.data() + part.number * floats_of_part, *unsummed = copy + floats_of_image;
    blocks.each(part, 1, [&](const Slab& slab) {
      const float* from = d.sample_of(image, slab.sample, d.inputs(), repeats, copy);
      float* y_of_sample = y + slab.sample * d.outputs() * d.filters;
      depthwise_rows(d, weights, activation, slab.first, slab.rows, from, sums ? unsummed : y_of_sample);
      if (!sums) return;
      // The rows of y that were computed: those of all phases.
      const long stride = d.f.spread[0], row = d.f.outputs[1] * d.f.outputs[2] * d.f.groups;
      const long stop = std::min((slab.first + slab.rows) * stride, d.f.outputs[0]) * row;
      for (long i = slab.first * stride * row; i < stop; i++) {
        float total = 0;
        for (long m = 0; m < d.multiplier; m++) total += unsummed[i * d.multiplier + m];
        y[slab.sample * d.outputs() * d.f.groups + i] = total;
      }
    });
  });
}

// What the taps of a tile read, and the rows of W's gradient that they add to.
struct DepthwiseGradients {
  const float* image;
  long step;
  const float* g;
  long g_step, count;
  float* dW;
  long stride, last_lanes;
};

// TAPS rows of W's gradient, VECTORS vectors wide, which stay in registers.
template <int TAPS, int VECTORS>
static __attribute__((noinline)) void depthwise_gradient_tile(const Term* terms,
                                                              const DepthwiseGradients& d) {
  const long step = d.step, g_step = d.g_step, count = d.count, stride = d.stride, last_lanes = d.last_lanes;
  const float* __restrict image = d.image, * __restrict g = d.g;
  float* __restrict dW = d.dW;
  Vector total[TAPS][VECTORS];
#pragma GCC unroll 16
  for (int t = 0; t < TAPS; t++)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++)
      total[t][v] = load(dW + terms[t].row * stride + v * LANES, v + 1 == VECTORS ? last_lanes : LANES);
  const float* from[TAPS];
#pragma GCC unroll 16
  for (int t = 0; t < TAPS; t++) from[t] = image + terms[t].image;
  for (long i = 0; i < count; i++)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++) {
      const long lanes = v + 1 == VECTORS ? last_lanes : LANES;
      const Vector gradient = load(g + i * g_step + v * LANES, lanes);
#pragma GCC unroll 16
      for (int t = 0; t < TAPS; t++) total[t][v] += gradient * load(from[t] + i * step + v * LANES, lanes);
    }
#pragma GCC unroll 16
  for (int t = 0; t < TAPS; t++)
#pragma GCC unroll 4
    for (int v = 0; v < VECTORS; v++)
      store(dW + terms[t].row * stride + v * LANES, total[t][v], v + 1 == VECTORS ? last_lanes : LANES);
}

// TAPS taps at a time, and the remainder by halves.
template <int TAPS, int VECTORS>
static inline void depthwise_gradient_taps(const Term* terms, const Term* end, const DepthwiseGradients& d) {
  for (; end - terms >= TAPS; terms += TAPS) depthwise_gradient_tile<TAPS, VECTORS>(terms, d);
  if constexpr (TAPS > 1) depthwise_gradient_taps<TAPS / 2, VECTORS>(terms, end, d);
}

// Adds the gradient of W from some rows of a sample.
static inline void add_depthwise_kernel(const Depthwise& d, const Slab& slab, const float* inputs,
                                        const float* gradients, float* dW) {
  d.each(slab.first, slab.rows, [&](const Depthwise::Run& run) {
    constexpr int MOST = REGISTERS >= 32 ? 2 : 1;
    for (long i = 0; i < run.width;) {
      auto taps = [&](auto vectors) {
        const long lanes = std::min<long>(LANES, run.width - i - (vectors - 1) * LANES);
        depthwise_gradient_taps<9, vectors>(run.terms.data(), run.terms.data() + run.terms.size(),
                                            {inputs + run.image + i, d.image_step(), gradients + run.y + i,
                                             d.y_step(), run.count, dW + i, d.width(), lanes});
        i += vectors * LANES;
      };
      if (run.width - i > LANES) {
        taps(std::integral_constant<int, MOST>());
      } else {
        taps(std::integral_constant<int, 1>());
      }
    }
  });
}

// dbias[i] += the sum of from[row, i] over the rows, for i < width.
static inline void add_wide_rows(const float* from, long rows, long width, float* dbias) {
  for_strips(width, [&](auto vectors, long i, long lanes) {
    Vector total[vectors] = {};
    for (long row = 0; row < rows; row++)
      for (int v = 0; v < vectors; v++)
        total[v] += load(from + row * width + i + v * LANES, v + 1 == vectors ? lanes : LANES);
    for (int v = 0; v < vectors; v++) {
      const long at = i + v * LANES, of_this = v + 1 == vectors ? lanes : LANES;
      store(dbias + at, load(dbias + at, of_this) + total[v], of_this);
    }
  });
}

template <class Pool>
void depthwise_forward(Pool& pool, const Convolution& c, const float* x, const float* W, const float* bias,
                       Activation activation, float* y) {
  const Depthwise d(forward_of(c), c.filters_per_group());
  depthwise_correlate(pool, d, c.multiplications(), {x}, W, bias, activation, y);
}

template <class Pool>
void depthwise_input_gradient(Pool& pool, const Convolution& c, const Image& g, const float* W, float* dx) {
  const Depthwise d(backward_of(c), c.filters_per_group());
  depthwise_correlate(pool, d, c.multiplications(), g, W, nullptr, Activation::linear, dx);
}

template <class Pool>
void depthwise_kernel_gradient(Pool& pool, const Convolution& c, const float* x, const Image& g, float* dW,
                               float* dbias) {
  const Depthwise d(forward_of(c), c.filters_per_group());
  const Image image{x};
  long parts = part_count(pool, c.multiplications(), CONVOLUTION_PART);
  const Blocks blocks(d.f.batch, d.f.rows(), parts);
  parts = std::min(parts, blocks.count());
  const long weights = d.all_taps() * d.width(),
             sums = weights + d.width();  // the gradients of W, then of the bias
  const long floats_of_x = d.copies(image, true) ? d.inputs() * d.filters : 0;
  const long floats_of_g = d.copies(g, false) ? d.outputs() * d.filters : 0;
  const long floats_of_part = up_to_multiple(sums + floats_of_x + floats_of_g, LANES);
  Workspace memory(parts * floats_of_part);

  parallel_for(pool, parts, blocks.count(), [&](Part part) {
    float* dW = memory.data() + part.number * floats_of_part;
    float *dbias = dW + weights, *copy_of_x = dW + sums, *copy_of_g = copy_of_x + floats_of_x;
    std::memset(dW, 0, sums * sizeof(float));
    blocks.each(part, 1, [&](const Slab& slab) {
      const float* inputs = d.sample_of(image, slab.sample, d.inputs(), true, copy_of_x);
      const float* gradients = d.sample_of(g, slab.sample, d.outputs(), false, copy_of_g);
      add_depthwise_kernel(d, slab, inputs, gradients, dW);
      const long row = d.f.outputs[1] * d.f.outputs[2] * d.filters, whole = slab.rows * row / d.width();
      const float* from = gradients + slab.first * row;
      add_wide_rows(from, whole, d.width(), dbias);
      add_wide_rows(from + whole * d.width(), 1, slab.rows * row % d.width(), dbias);
    });
  });

  // The sum over the parts, and over the pixels side by side.
  for (long i = 0; i < (d.all_taps() + 1) * d.filters; i++) {
    float total = 0;
    for (long part = 0; part < parts; part++)
      for (long pixel = 0; pixel < d.pixels; pixel++) {
        const long place = i / d.filters * d.width() + pixel * d.filters + i % d.filters;
        total += memory.data()[part * floats_of_part + place];
      }
    (i < d.all_taps() * d.filters ? dW[i] : dbias[i - d.all_taps() * d.filters]) = total;
  }
}

}  // namespace neurona
