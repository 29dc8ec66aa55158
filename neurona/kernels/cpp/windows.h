// Pooling by windows of any kind: y (N, *outputs, C) is the largest input, or the mean, of each window of
// x (N, *sizes, C), and its gradients. Windows may overlap, or hang over the edge, where only inputs that
// exist count. They are those of a `Convolution`, whose taps are the inputs of a window.
#pragma once

#include <limits>

#include "depthwise.h"

namespace neurona {

constexpr double WINDOWS_PART = 100e3;  // inputs of windows that are worth a thread

namespace plain {

// The largest input of each window, the first of equal ones, and the mean of the inputs that exist.
inline void windows(const Convolution& c,
                    const float* x,   // (N, *sizes, C)
                    double* largest,  // (N, *outputs, C)
                    double* mean) {   // (N, *outputs, C)
  std::vector<long> counts(c.batch * c.positions());
  each_tap(c, [&](long, long, long output) { counts[output]++; });
  std::fill(largest, largest + c.batch * c.positions() * c.channels,
            -std::numeric_limits<double>::infinity());
  std::fill(mean, mean + c.batch * c.positions() * c.channels, 0);
  each_tap(c, [&](long pixel, long, long output) {
    for (long i = 0; i < c.channels; i++) {
      const double value = x[pixel * c.channels + i], most = largest[output * c.channels + i];
      largest[output * c.channels + i] = std::max(most, value);
      mean[output * c.channels + i] += value / counts[output];
    }
  });
}

// Adds to the gradients of x for both operations, which begin with 0.
inline void windows_gradients(const Convolution& c,
                              const float* x,         // (N, *sizes, C)
                              const double* largest,  // (N, *outputs, C)
                              const float* g,         // (N, *outputs, C), the gradient of y
                              double* of_largest,     // (N, *sizes, C)
                              double* of_mean) {      // (N, *sizes, C)
  std::vector<long> counts(c.batch * c.positions());
  std::vector<bool> has_winner(c.batch * c.positions() * c.channels);
  each_tap(c, [&](long, long, long output) { counts[output]++; });
  each_tap(c, [&](long pixel, long, long output) {
    for (long i = 0; i < c.channels; i++) {
      const long from = output * c.channels + i, to = pixel * c.channels + i;
      of_mean[to] += 1.0 * g[from] / counts[output];
      if (has_winner[from] || x[to] != largest[from]) continue;
      has_winner[from] = true;
      of_largest[to] += g[from];
    }
  });
}

}  // namespace plain

// What is computed of a window: finish(join(...join(start(), input)..., input)). For the gradient, each
// window leaves a note, from which `share` tells the part of the window's gradient that goes to the input of
// a number.
struct Largest {
  static Vector start() { return broadcast(-std::numeric_limits<float>::infinity()); }
  static Vector join(Vector all, Vector v) { return (v > all) | (v != v) ? v : all; }
  static Vector finish(Vector all, float) { return all; }
  // The number of the largest input, the first of equal ones.
  static Vector note(const std::vector<Term>& inputs, const float* x, Vector, long lanes) {
    Vector most = load(x + inputs[0].image, lanes), winner = broadcast(static_cast<float>(inputs[0].row));
    for (std::size_t i = 1; i < inputs.size(); i++) {
      Vector v = load(x + inputs[i].image, lanes);
      Integers stays = most >= v;
      winner = stays ? winner : broadcast(static_cast<float>(inputs[i].row));
      most = stays ? most : v;
    }
    return winner;
  }
  static Vector share(Vector note, Vector g, long number) {
    return note == broadcast(static_cast<float>(number)) ? g : Vector{};
  }
};

struct Mean {
  static Vector start() { return Vector{}; }
  static Vector join(Vector all, Vector v) { return all + v; }
  static Vector finish(Vector all, float count) { return all / broadcast(count); }
  static Vector note(const std::vector<Term>& inputs, const float*, Vector g, long) {
    return finish(g, static_cast<float>(inputs.size()));
  }
  static Vector share(Vector note, Vector, long) { return note; }
};

// The outputs of some rows of a sample.
template <class Operation>
static void pool_window_rows(const Depthwise& d, long first, long rows, const float* x, float* y) {
  d.each(first, rows, [&](const Depthwise::Run& run) {
    const float count = static_cast<float>(run.terms.size());
    for (long window = 0; window < run.count; window++) {
      const float* from = x + run.image + window * d.image_step();
      float* to = y + run.y + window * d.y_step();
      for_strips(run.width, [&](auto vectors, long i, long lanes) {
        Vector all[vectors];
        for (int v = 0; v < vectors; v++) all[v] = Operation::start();
        for (const Term& term : run.terms)
          for (int v = 0; v < vectors; v++)
            all[v] = Operation::join(all[v], load(from + term.image + i + v * LANES, lanes));
        for (int v = 0; v < vectors; v++) store(to + i + v * LANES, Operation::finish(all[v], count), lanes);
      });
    }
  });
}

template <class Operation, class Pool>
void pool_windows(Pool& pool, const Convolution& c, const float* x, float* y) {
  const Depthwise d(forward_of(c), 1);
  long parts = part_count(pool, c.multiplications(), WINDOWS_PART);
  const Blocks blocks(d.f.batch, d.f.rows(), parts);
  parts = std::min(parts, blocks.count());
  parallel_for(pool, parts, blocks.count(), [&](Part part) {
    blocks.each(part, 1, [&](const Slab& slab) {
      pool_window_rows<Operation>(d, slab.first, slab.rows, x + slab.sample * d.inputs() * d.filters,
                                  y + slab.sample * d.outputs() * d.filters);
    });
  });
}

// The notes of all windows of a sample.
template <class Operation>
static void write_notes(const Depthwise& forward, const float* x, const float* g, float* notes) {
  forward.each(0, forward.f.outputs[0], [&](const Depthwise::Run& run) {
    for (long window = 0; window < run.count; window++) {
      const long from = run.image + window * forward.image_step(), to = run.y + window * forward.y_step();
      for (long i = 0; i < run.width; i += LANES) {
        const long lanes = std::min<long>(LANES, run.width - i);
        const Vector note = Operation::note(run.terms, x + from + i, load(g + to + i, lanes), lanes);
        store(notes + to + i, note, lanes);
      }
    }
  });
}

// The gradient of some rows of a sample, from the notes of all windows.
template <class Operation>
static void share_gradients(const Depthwise& backward, const Slab& slab, const float* notes, const float* g,
                            float* dx) {
  backward.each(slab.first, slab.rows, [&](const Depthwise::Run& run) {
    for (long input = 0; input < run.count; input++) {
      const long from = run.image + input * backward.image_step(), to = run.y + input * backward.y_step();
      for (long i = 0; i < run.width; i += LANES) {
        const long lanes = std::min<long>(LANES, run.width - i);
        Vector total{};
        for (const Term& term : run.terms) {
          const long window = from + term.image + i;
          total += Operation::share(load(notes + window, lanes), load(g + window, lanes), term.row);
        }
        store(dx + to + i, total, lanes);
      }
    }
  });
}

// The gradient of x from that of y. `x` is not read for the mean.
template <class Operation, class Pool>
void pool_windows_gradient(Pool& pool, const Convolution& c, const float* x, const float* g, float* dx) {
  const Depthwise forward(forward_of(c), 1), backward(backward_of(c), 1);
  long parts = part_count(pool, c.multiplications(), WINDOWS_PART);
  const Blocks blocks(backward.f.batch, backward.f.rows(), parts);
  parts = std::min(parts, blocks.count());
  const long inputs = forward.inputs() * c.channels, outputs = forward.outputs() * c.channels;
  const long floats = up_to_multiple(outputs, LANES);
  Workspace memory(parts * floats);
  parallel_for(pool, parts, blocks.count(), [&](Part part) {
    float* notes = memory.data() + part.number * floats;
    blocks.each(part, 1, [&](const Slab& slab) {
      const float* gradients = g + slab.sample * outputs;
      write_notes<Operation>(forward, x + slab.sample * inputs, gradients, notes);
      share_gradients<Operation>(backward, slab, notes, gradients, dx + slab.sample * inputs);
    });
  });
}

}  // namespace neurona
