// Pooling by windows of any kind: y (N, *outputs, C) is the largest input, or the mean, of each window of x (N, *sizes, C). Windows may
// overlap, or hang over the edge, where only inputs that exist count. `Convolution` tells the windows: taps are their inputs.
#pragma once

#include <limits>

#include "depthwise.h"

namespace neurona {

constexpr double WINDOWS_PART = 100e3;  // inputs of windows that are worth a thread of their own

// What is computed of a window: join(join(start(), input), input)..., then finish. For the gradient, each window leaves a note, which tells
// what share of the window's gradient goes to its input of a number.
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
  static Vector share(Vector note, Vector g, long number) { return note == broadcast(static_cast<float>(number)) ? g : Vector{}; }
};

struct Mean {
  static Vector start() { return Vector{}; }
  static Vector join(Vector all, Vector v) { return all + v; }
  static Vector finish(Vector all, float count) { return all / broadcast(count); }
  static Vector note(const std::vector<Term>& inputs, const float*, Vector g, long) { return finish(g, static_cast<float>(inputs.size())); }
  static Vector share(Vector note, Vector, long) { return note; }
};

template <class Operation, class Pool>
void pool_windows(Pool& pool, const Convolution& c, const float* x, float* y) {
  const Depthwise d(forward_of(c), 1);
  long parts = parts_of(pool, c.multiplications(), WINDOWS_PART);
  const Blocks blocks = d.blocks(parts);
  parts = std::min(parts, blocks.count());
  parallel_for(pool, parts, [&](long part) {
    const long begin = first_of(part, parts, blocks.count(), 1), end = first_of(part + 1, parts, blocks.count(), 1);
    blocks.each(begin, end, 1, [&](long sample, long, long first, long rows) {
      const float* inputs = x + sample * d.inputs() * d.filters;
      float* outputs = y + sample * d.outputs() * d.filters;
      d.each(first, rows, [&](const std::vector<Term>& terms, long from, long to, long width, long count) {
        for (long window = 0; window < count; window++, from += d.image_step(), to += d.y_step())
          for_strips(width, [&](auto vectors, long i, long lanes) {
            Vector all[vectors];
            for (int v = 0; v < vectors; v++) all[v] = Operation::start();
            for (const Term& term : terms)
              for (int v = 0; v < vectors; v++) all[v] = Operation::join(all[v], load(inputs + from + term.image + i + v * LANES, lanes));
            for (int v = 0; v < vectors; v++)
              store(outputs + to + i + v * LANES, Operation::finish(all[v], static_cast<float>(terms.size())), lanes);
          });
      });
    });
  });
}

// The gradient of x from that of y. `x` is not read for the mean.
template <class Operation, class Pool>
void pool_windows_gradient(Pool& pool, const Convolution& c, const float* x, const float* g, float* dx) {
  const Depthwise forward(forward_of(c), 1), backward(backward_of(c), 1);
  long parts = parts_of(pool, c.multiplications(), WINDOWS_PART);
  const Blocks blocks = backward.blocks(parts);
  parts = std::min(parts, blocks.count());
  const long windows = up_to_multiple(forward.outputs() * c.channels, LANES);
  Workspace memory(parts * windows);
  parallel_for(pool, parts, [&](long part) {
    float* notes = memory.data() + part * windows;
    const long begin = first_of(part, parts, blocks.count(), 1), end = first_of(part + 1, parts, blocks.count(), 1);
    blocks.each(begin, end, 1, [&](long sample, long, long first, long rows) {
      const float *inputs = x + sample * forward.inputs() * c.channels, *gradients = g + sample * forward.outputs() * c.channels;
      float* outputs = dx + sample * forward.inputs() * c.channels;
      forward.each(0, c.outputs[0], [&](const std::vector<Term>& terms, long from, long to, long width, long count) {
        for (long window = 0; window < count; window++, from += forward.image_step(), to += forward.y_step())
          for (long i = 0; i < width; i += LANES) {
            long lanes = std::min<long>(LANES, width - i);
            store(notes + to + i, Operation::note(terms, inputs + from + i, load(gradients + to + i, lanes), lanes), lanes);
          }
      });
      backward.each(first, rows, [&](const std::vector<Term>& terms, long from, long to, long width, long count) {
        for (long input = 0; input < count; input++, from += backward.image_step(), to += backward.y_step())
          for (long i = 0; i < width; i += LANES) {
            long lanes = std::min<long>(LANES, width - i);
            Vector total{};
            for (const Term& term : terms) {
              long window = from + term.image + i;
              total += Operation::share(load(notes + window, lanes), load(gradients + window, lanes), term.row);
            }
            store(outputs + to + i, total, lanes);
          }
      });
    });
  });
}

}  // namespace neurona
