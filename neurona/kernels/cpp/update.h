// One step of an optimizer on all weights of a model, in one pass over memory.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "parallel.h"
#include "vector.h"

namespace neurona {

constexpr double UPDATE_PART = 30e3;  // weights that are worth a thread

// Gradients beyond this are cut off in the formulas that square them. Infinities and NaN stay.
constexpr float SQUARABLE = 9.2233715e18f;  // half the root of the greatest float

NEURONA_INLINE Vector squarable(Vector g) {
  Vector limit = broadcast(SQUARABLE), greatest = broadcast(std::numeric_limits<float>::max());
  g = (g > limit) & (g <= greatest) ? limit : g;
  return (g < -limit) & (g >= -greatest) ? -limit : g;
}

// A formula moves a vector of weights by their gradients g, and keeps what it remembers of earlier gradients
// in SLOTS arrays. `rate` is the learning rate, for Adam with the correction for the early steps. `numbers`
// are the other constants of the formula. plain::move is the same for one weight in double precision.
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
  RootMeanSquare(float rate, const float* numbers)
      : rate(rate), rho(numbers[0]), one_minus_rho(numbers[1]), epsilon(numbers[2]) {}
  Vector move(Vector g, Vector* slots) const {
    g = squarable(g);
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
    g = squarable(g);
    slots[0] += (g - slots[0]) * broadcast(one_minus_beta_1);
    slots[1] += (g * g - slots[1]) * broadcast(one_minus_beta_2);
    return slots[0] * broadcast(-rate) / (square_root(slots[1]) + broadcast(epsilon));
  }
};

namespace plain {

inline double squarable(double g) {
  return std::isfinite(g) ? std::max<double>(-SQUARABLE, std::min<double>(SQUARABLE, g)) : g;
}

// The movement of one weight from its gradient. Updates its slots.
inline double move(const Descent& f, double g, double*) { return -f.rate * g; }

template <bool NESTEROV>
double move(const Momentum<NESTEROV>& f, double g, double* slots) {
  slots[0] = f.momentum * slots[0] - f.rate * g;
  return NESTEROV ? f.momentum * slots[0] - f.rate * g : slots[0];
}

inline double move(const RootMeanSquare& f, double g, double* slots) {
  g = squarable(g);
  slots[0] = f.rho * slots[0] + f.one_minus_rho * g * g;
  return -f.rate * g / std::sqrt(slots[0] + f.epsilon);
}

inline double move(const AdaptiveMoments& f, double g, double* slots) {
  g = squarable(g);
  slots[0] += (g - slots[0]) * f.one_minus_beta_1;
  slots[1] += (g * g - slots[1]) * f.one_minus_beta_2;
  return -f.rate * slots[0] / (std::sqrt(slots[1]) + f.epsilon);
}

}  // namespace plain

// One array of weights. The new values may take the place of the old ones.
struct Weights {
  long size;
  const float* gradient;
  const float* old_value;
  float* value;
  const float* old_slots[2];
  float* slots[2];
  float decay;  // the part by which the weights shrink before they move
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

// The threads share all weights evenly, whatever the sizes of the arrays.
template <class Pool, class Formula>
void update(Pool& pool, const Formula& formula, const std::vector<Weights>& all) {
  long total = 0;
  for (const Weights& weights : all) total += weights.size;
  parallel_for(pool, part_count(pool, total, UPDATE_PART), total, LANES, [&](Part part) {
    long before = 0;  // weights of the arrays before this one
    for (const Weights& weights : all) {
      update_range(formula, weights, std::max(0L, part.begin - before),
                   std::min(weights.size, part.end - before));
      before += weights.size;
    }
  });
}

}  // namespace neurona
