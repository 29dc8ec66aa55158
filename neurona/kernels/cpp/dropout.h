// Dropout with JAX's own random bits, computed where they are used.
#pragma once

#include "parallel.h"
#include "vector.h"

namespace neurona {

constexpr double DROPOUT_PART = 8e3;  // elements that are worth a thread of their own

typedef uint32_t Words __attribute__((vector_size(4 * LANES)));

NEURONA_INLINE Words rotate_left(Words x, int bits) { return x << bits | x >> (32 - bits); }

// Threefry-2x32 with 20 rounds (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011), as in jax.random.bits with partitionable
// keys: element i of an array has the bits x0 ^ x1 of the block with the counter (i >> 32, i mod 2^32).
NEURONA_INLINE Words random_bits(uint32_t key0, uint32_t key1, uint32_t high, Words low) {
  const uint32_t keys[3] = {key0, key1, key0 ^ key1 ^ 0x1BD11BDAu};
  constexpr int rotations[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  Words x0 = (high + keys[0]) - Words{}, x1 = low + keys[1];
#pragma GCC unroll 5
  for (int group = 0; group < 5; group++) {
#pragma GCC unroll 4
    for (int round = 0; round < 4; round++) {
      x0 += x1;
      x1 = rotate_left(x1, rotations[group % 2][round]) ^ x0;
    }
    x0 += keys[(group + 1) % 3];
    x1 += keys[(group + 2) % 3] + (group + 1u);
  }
  return x0 ^ x1;
}

// y = x / keep where a uniform number of 23 bits, which jax.random.uniform makes of random bits, is below `keep`, else 0.
template <class Pool>
void dropout(Pool& pool, long size, uint32_t key0, uint32_t key1, float keep, const float* x, float* y) {
  const double bound = static_cast<double>(keep) * (1 << 23);
  const uint32_t least_dropped = static_cast<uint32_t>(bound) + (bound > static_cast<uint32_t>(bound));
  long parts = parts_of(pool, size, DROPOUT_PART);
  parallel_for(pool, parts, [&](long part) {
    Words lane;
    for (int i = 0; i < LANES; i++) lane[i] = i;
    long end = first_of(part + 1, parts, size, LANES);
    for (long i = first_of(part, parts, size, LANES); i < end; i += LANES) {
      long lanes = end - i < LANES ? end - i : LANES;
      Words bits = random_bits(key0, key1, static_cast<uint32_t>(i >> 32), lane + static_cast<uint32_t>(i));
      Vector kept = load(x + i, lanes) * broadcast(1 / keep);
      store(y + i, (bits >> 9) < least_dropped ? kept : Vector{}, lanes);
    }
  });
}

}  // namespace neurona
