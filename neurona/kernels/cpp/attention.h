// Scaled dot-product attention in every head, softmax(scale * q k^T) v, and its gradients. q is (B, T, N, H), k (B, S, N, H), v (B, S, N, V),
// contiguous. The scores of some queries at a time stay in the cache, and are computed again for the gradients: none are kept.
#pragma once

#include <algorithm>
#include <cmath>

#include "matrix.h"
#include "parallel.h"

namespace neurona {

constexpr double ATTENTION_PART = 200e3;  // multiplications that are worth a thread of their own
constexpr long QUERIES_AT_ONCE = 64;

struct Attention {
  long batch, queries, keys, heads, size, value_size;  // B, T, S, N, H, V
  float scale;
  const bool* allowed;       // which query may see which key
  long allowed_strides[4];  // along B, N, T, S; 0 where all share one

  long row(long of) const { return heads * of; }                       // floats from one step in time to the next
  long padded_keys() const { return (keys + LANES - 1) / LANES * LANES; }
  double multiplications() const { return 1.0 * batch * heads * queries * keys * (size + value_size); }
};

static inline const bool* allowed_of(const Attention& a, long sample, long head, long query) {
  return a.allowed + sample * a.allowed_strides[0] + head * a.allowed_strides[1] + query * a.allowed_strides[2];
}

// What a query may not see becomes `otherwise`.
static inline void mask_row(const Attention& a, const bool* allowed, float* row, float otherwise) {
  if (a.allowed_strides[3]) {
    for (long s = 0; s < a.keys; s++) row[s] = allowed[s] ? row[s] : otherwise;
  } else if (!*allowed) {
    std::fill(row, row + a.keys, otherwise);
  }
}

// A row of scores becomes its softmax. Lanes beyond the keys become 0.
static inline void softmax_row(const Attention& a, const bool* allowed, float* scores) {
  const long padded = a.padded_keys();
  mask_row(a, allowed, scores, -0.7f * 3.4028235e38f);  // as in the twin: a query that may see nothing sees everything alike
  std::fill(scores + a.keys, scores + padded, -INFINITY);
  Vector most = broadcast(-INFINITY), total{};
  for (long s = 0; s < padded; s += LANES) most = maximum(most, load(scores + s));
  const Vector highest = greatest_of_lanes(most);
  for (long s = 0; s < padded; s += LANES) {
    Vector e = exponential(load(scores + s) - highest);
    store(scores + s, e);
    total += e;
  }
  const Vector factor = broadcast(1.f) / sum_of_lanes(total);
  for (long s = 0; s < padded; s += LANES) store(scores + s, load(scores + s) * factor);
}

// The keys of a sample and a head, turned and scaled, (H, padded keys).
static inline void turn_keys(const Attention& a, const float* k, float* keys) {
  const long padded = a.padded_keys();
  transpose(k, a.keys, a.size, a.row(a.size), keys, padded);
  for (long i = 0; i < a.size; i++)
    for (long s = 0; s < a.keys; s += LANES) {
      const long lanes = std::min<long>(a.keys - s, LANES), place = i * padded + s;
      store(keys + place, load(keys + place, lanes) * broadcast(a.scale), lanes);
    }
}

// The softmax of `rows` queries from the first one on, of a sample and a head, with the `keys` of `turn_keys`.
static inline void attention_weights(const Attention& a, const float* q, const float* keys, long sample, long head, long first, long rows,
                                     float* weights) {
  const long padded = a.padded_keys(), row = a.row(a.size);
  product(rows, a.keys, a.size, q + (sample * a.queries + first) * row + head * a.size, row, 1, keys, padded, weights, padded);
  for (long i = 0; i < rows; i++) softmax_row(a, allowed_of(a, sample, head, first + i), weights + i * padded);
}

template <class Pool>
void attention(Pool& pool, const Attention& a, const float* q, const float* k, const float* v, float* y) {
  const long padded = a.padded_keys(), pairs = a.batch * a.heads, row = a.row(a.size), value_row = a.row(a.value_size);
  const long parts = std::min(pairs, parts_of(pool, a.multiplications(), ATTENTION_PART));
  parallel_for(pool, parts, [&](long part) {
    Workspace memory((a.size + QUERIES_AT_ONCE) * padded);
    float *keys = memory.data(), *weights = keys + a.size * padded;
    for (long pair = first_of(part, parts, pairs, 1); pair < first_of(part + 1, parts, pairs, 1); pair++) {
      long sample = pair / a.heads, head = pair % a.heads;
      turn_keys(a, k + sample * a.keys * row + head * a.size, keys);
      for (long first = 0; first < a.queries; first += QUERIES_AT_ONCE) {
        long rows = std::min(QUERIES_AT_ONCE, a.queries - first);
        attention_weights(a, q, keys, sample, head, first, rows, weights);
        product(rows, a.value_size, a.keys, weights, padded, 1, v + sample * a.keys * value_row + head * a.value_size, value_row,
                y + (sample * a.queries + first) * value_row + head * a.value_size, value_row);
      }
    }
  });
}

// From the gradient g of y: those of q, k and v.
template <class Pool>
void attention_gradients(Pool& pool, const Attention& a, const float* q, const float* k, const float* v, const float* g, float* dq,
                         float* dk, float* dv) {
  const long padded = a.padded_keys(), pairs = a.batch * a.heads, row = a.row(a.size), value_row = a.row(a.value_size);
  const long parts = std::min(pairs, parts_of(pool, 2.5 * a.multiplications(), ATTENTION_PART));
  parallel_for(pool, parts, [&](long part) {
    Workspace memory((a.size + a.value_size + 2 * QUERIES_AT_ONCE) * padded);
    float *keys = memory.data(), *values = keys + a.size * padded, *weights = values + a.value_size * padded;
    float* d_scores = weights + QUERIES_AT_ONCE * padded;
    for (long pair = first_of(part, parts, pairs, 1); pair < first_of(part + 1, parts, pairs, 1); pair++) {
      long sample = pair / a.heads, head = pair % a.heads;
      long at_key = sample * a.keys * row + head * a.size, at_value = sample * a.keys * value_row + head * a.value_size;
      turn_keys(a, k + at_key, keys);
      transpose(v + at_value, a.keys, a.value_size, value_row, values, padded);
      for (long first = 0; first < a.queries; first += QUERIES_AT_ONCE) {
        long rows = std::min(QUERIES_AT_ONCE, a.queries - first);
        long at_query = (sample * a.queries + first) * row + head * a.size;
        const float* g_rows = g + (sample * a.queries + first) * value_row + head * a.value_size;
        Epilogue add{nullptr, Activation::linear, first > 0};
        attention_weights(a, q, keys, sample, head, first, rows, weights);
        product(a.keys, a.value_size, rows, weights, 1, padded, g_rows, value_row, dv + at_value, value_row, add);
        product(rows, a.keys, a.value_size, g_rows, value_row, 1, values, padded, d_scores, padded);
        for (long i = 0; i < rows; i++) {  // d_scores = scale * weights * (d_weights - sum of weights * d_weights)
          float *w = weights + i * padded, *d = d_scores + i * padded;
          std::fill(d + a.keys, d + padded, 0.f);
          Vector total{};
          for (long s = 0; s < padded; s += LANES) total += load(w + s) * load(d + s);
          Vector mean = sum_of_lanes(total), scale = broadcast(a.scale);
          for (long s = 0; s < padded; s += LANES) store(d + s, scale * load(w + s) * (load(d + s) - mean));
          mask_row(a, allowed_of(a, sample, head, first + i), d, 0);
        }
        product(rows, a.size, a.keys, d_scores, padded, 1, k + at_key, row, dq + at_query, row);
        product(a.keys, a.size, rows, d_scores, 1, padded, q + at_query, row, dk + at_key, row, add);
      }
    }
  });
}

}  // namespace neurona
