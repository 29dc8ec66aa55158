// One step of an optimizer on all weights of a network, in one pass over memory.
#pragma once

#include <vector>

#include "parallel.h"
#include "vector.h"

namespace neurona {

constexpr double UPDATE_PART = 30e3;  // weights that are worth a thread of their own

// A formula: the movement of a vector of weights from their gradients, and what it remembers of them in SLOTS arrays.
// `rate` is the learning rate, for Adam with the correction for the early steps in it; `numbers` are the formula's own.
struct Descent {
  static constexpr int SLOTS = 0;
  float rate;
  Descent(float rate, const float*) : rate(rate) {}
  Vector move(Vector g, Vector*) const { return broadcast(-rate) * g; }
};

template <bool NESTEROV>
struct Momentum {
  static constexpr int SLOTS = 1;
  float rate, momentum;
  Momentum(float rate, const float* numbers) : rate(rate), momentum(numbers[0]) {}
  Vector move(Vector g, Vector* slots) const {
    Vector step = g * broadcast(rate);
    slots[0] = slots[0] * broadcast(momentum) - step;
    return NESTEROV ? slots[0] * broadcast(momentum) - step : slots[0];
  }
};

struct RootMeanSquare {
  static constexpr int SLOTS = 1;
  float rate, rho, one_minus_rho, epsilon;
  RootMeanSquare(float rate, const float* numbers) : rate(rate), rho(numbers[0]), one_minus_rho(numbers[1]), epsilon(numbers[2]) {}
  Vector move(Vector g, Vector* slots) const {
    slots[0] = broadcast(rho) * slots[0] + broadcast(one_minus_rho) * (g * g);
    return broadcast(-rate) * g / square_root(slots[0] + broadcast(epsilon));
  }
};

struct AdaptiveMoments {
  static constexpr int SLOTS = 2;
  float rate, one_minus_beta_1, one_minus_beta_2, epsilon;
  AdaptiveMoments(float rate, const float* numbers)
      : rate(rate), one_minus_beta_1(numbers[0]), one_minus_beta_2(numbers[1]), epsilon(numbers[2]) {}
  Vector move(Vector g, Vector* slots) const {
    slots[0] += (g - slots[0]) * broadcast(one_minus_beta_1);
    slots[1] += (g * g - slots[1]) * broadcast(one_minus_beta_2);
    return slots[0] * broadcast(-rate) / (square_root(slots[1]) + broadcast(epsilon));
  }
};

// One array of weights; the new values may take the place of the old ones.
struct Weights {
  long size;
  const float* gradient;
  const float* old_value;
  float* value;
  const float* old_slots[2];
  float* slots[2];
  float decay;  // how much the weights shrink before they move
};

template <class Formula>
static void update_range(const Formula& formula, const Weights& weights, long first, long end) {
  for (long i = first; i < end; i += LANES) {
    long lanes = end - i < LANES ? end - i : LANES;
    Vector slots[2];
    for (int s = 0; s < Formula::SLOTS; s++) slots[s] = load(weights.old_slots[s] + i, lanes);
    Vector value = load(weights.old_value + i, lanes);
    if (weights.decay != 0) value -= value * broadcast(weights.decay);  // infinity times 0 would be NaN
    value += formula.move(load(weights.gradient + i, lanes), slots);
    store(weights.value + i, value, lanes);
    for (int s = 0; s < Formula::SLOTS; s++) store(weights.slots[s] + i, slots[s], lanes);
  }
}

// Every thread takes an equal share of all weights, whichever arrays they lie in.
template <class Pool, class Formula>
void update(Pool& pool, const Formula& formula, const std::vector<Weights>& all) {
  long total = 0;
  for (const Weights& weights : all) total += weights.size;
  long parts = parts_of(pool, total, UPDATE_PART);
  parallel_for(pool, parts, [&](long part) {
    long first = first_of(part, parts, total, LANES), end = first_of(part + 1, parts, total, LANES), before = 0;
    for (const Weights& weights : all) {
      long from = first - before, to = end - before;
      before += weights.size;
      update_range(formula, weights, from < 0 ? 0 : from, to > weights.size ? weights.size : to);
    }
  });
}

}  // namespace neurona
