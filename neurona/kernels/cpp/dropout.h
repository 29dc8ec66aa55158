// Dropout, with the random bits of jax.random, which are computed where they are used.
#pragma once

#include "parallel.h"
#include "vector.h"

namespace neurona {

namespace plain {

// One block of Threefry-2x32, as its authors write it.
inline uint32_t random_bits(uint32_t key0, uint32_t key1, uint32_t x0, uint32_t x1) {
  const uint32_t keys[3] = {key0, key1, 0x1BD11BDA ^ key0 ^ key1};
  const int rotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  x0 += keys[0];
  x1 += keys[1];
  for (int round = 0; round < 20; round++) {
    x0 += x1;
    x1 = x1 << rotations[round % 8] | x1 >> (32 - rotations[round % 8]);
    x1 ^= x0;
    if (round % 4 == 3) {
      const uint32_t group = round / 4 + 1;
      x0 += keys[group % 3];
      x1 += keys[(group + 1) % 3] + group;
    }
  }
  return x0 ^ x1;
}

// y = x / keep where a uniform random number is below `keep`, else 0.
inline void dropout(long size, uint32_t key0, uint32_t key1, double keep,
                    const float* x,  // (size)
                    double* y) {     // (size)
  for (long i = 0; i < size; i++) {
    const uint32_t bits = random_bits(key0, key1, static_cast<uint32_t>(i >> 32), static_cast<uint32_t>(i));
    const double uniform = 1.0 * (bits >> 9) / (1 << 23);
    y[i] = uniform < keep ? x[i] / keep : 0;
  }
}

}  // namespace plain

constexpr double DROPOUT_PART = 8e3;  // elements that are worth a thread

typedef uint32_t Words __attribute__((vector_size(4 * LANES)));

NEURONA_INLINE Words rotate_left(Words x, int bits) { return x << bits | x >> (32 - bits); }

// Threefry-2x32 with 20 rounds, as in jax.random.bits with partitionable keys: the bits of element i are x0 ^
// x1 of the block with the counter (i >> 32, i mod 2^32). Source: Salmon et al., Parallel random numbers: as
// easy as 1, 2, 3, 2011.
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

// Keeps each element of an array where its uniform random number is below `keep`. The number has 23 bits, as
// in jax.random.uniform.
class Dropout {
 public:
  Dropout(uint32_t key0, uint32_t key1, float keep) : key0_(key0), key1_(key1), keep_(keep) {
    const double bound = static_cast<double>(keep) * (1 << 23);
    least_dropped_ = static_cast<uint32_t>(bound) + (bound > static_cast<uint32_t>(bound));
  }
  bool keeps_all() const { return keep_ == 1; }

  // Of LANES elements, x / keep where the element is kept, else 0. The numbers of the elements, from `first`
  // on, have the same upper 32 bits.
  __attribute__((always_inline)) Vector operator()(long first, Vector x) const {
    Words number;
    for (int i = 0; i < LANES; i++) number[i] = i;
    number += static_cast<uint32_t>(first);
    const Words bits = random_bits(key0_, key1_, static_cast<uint32_t>(first >> 32), number);
    return (bits >> 9) < least_dropped_ ? x * broadcast(1 / keep_) : Vector{};
  }

 private:
  uint32_t key0_, key1_, least_dropped_;
  float keep_;
};

template <class Pool>
void dropout(Pool& pool, long size, const Dropout& drop, const float* x, float* y) {
  parallel_for(pool, part_count(pool, size, DROPOUT_PART), size, LANES, [&](Part part) {
    for (long i = part.begin; i < part.end; i += LANES) {
      const long lanes = std::min<long>(LANES, part.end - i);
      store(y + i, drop(i, load(x + i, lanes)), lanes);
    }
  });
}

}  // namespace neurona
