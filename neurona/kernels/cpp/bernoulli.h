// Units of 0 and 1, with the random bits of jax.random.
#pragma once

#include "dropout.h"

namespace neurona {

namespace plain {

// y = 1 where 16 random bits, as a number from 0 to 1, are below sigmoid(z), else 0. The bits of unit i are
// half of those of element i / 2: the lower half where i is even. NaN stays.
inline void bernoulli(long size, uint32_t key0, uint32_t key1,
                      const float* z,  // (size)
                      double* y) {     // (size)
  for (long i = 0; i < size; i++) {
    const uint32_t bits =
        random_bits(key0, key1, static_cast<uint32_t>(i >> 33), static_cast<uint32_t>(i >> 1));
    const double level = ((i % 2 ? bits >> 16 : bits & 0xFFFF) + 0.5) / 65536;
    y[i] = std::isnan(z[i]) ? z[i] : level < 1 / (1 + std::exp(-static_cast<double>(z[i])));
  }
}

}  // namespace plain

constexpr double BERNOULLI_PART = 8e3;  // units that are worth a thread

template <class Pool>
void bernoulli(Pool& pool, long size, uint32_t key0, uint32_t key1, const float* z, float* y) {
  const Vector one = broadcast(1.f);
  parallel_for(pool, part_count(pool, size, BERNOULLI_PART), size, 2 * LANES, [&](Part part) {
    Words lane;
    for (int i = 0; i < LANES; i++) lane[i] = i;
    for (long first = part.begin; first < part.end; first += 2 * LANES) {
      const Words bits = random_bits(key0, key1, static_cast<uint32_t>(first >> 33),
                                     lane + static_cast<uint32_t>(first >> 1));
      uint16_t halves[2 * LANES];  // XLA's processors have the lower half first too
      float levels[2 * LANES];
      std::memcpy(halves, &bits, sizeof bits);
      for (int i = 0; i < 2 * LANES; i++) levels[i] = halves[i];
      for (long i = first; i < std::min(first + 2 * LANES, part.end); i += LANES) {
        const long lanes = std::min<long>(LANES, part.end - i);
        const Vector log_odds = load(z + i, lanes), bound = sigmoid(log_odds) * broadcast(65536.f);
        const Vector drawn = load(levels + (i - first)) + broadcast(0.5f) < bound ? one : Vector{};
        store(y + i, log_odds != log_odds ? log_odds : drawn, lanes);
      }
    }
  });
}

}  // namespace neurona
