// Scaled dot-product attention in every head, y = softmax(scale * q k^T) v, and its gradients.
//
// q is (B, T, N, H): T queries of N heads in B samples. k is (B, S, N, H), v (B, S, N, V), y (B, T, N, V).
// All are contiguous. The scores of QUERIES_AT_ONCE queries stay in the cache. None are kept for the
// gradients, which compute them again.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "matrix.h"
#include "parallel.h"

namespace neurona {

constexpr double ATTENTION_PART = 200e3;  // multiplications that are worth a thread
constexpr long QUERIES_AT_ONCE = 64;
constexpr float NOT_ALLOWED = -0.7f * 3.4028235e38f;  // a score; a query that may see no key sees all alike

struct Attention {
  long batch, queries, keys, heads, size, value_size;  // B, T, S, N, H, V
  float scale;
  const bool* allowed;      // which query may see which key: (B, N, T, S), where any axis may be 1
  long allowed_strides[4];  // along B, N, T, S; 0 where the axis is 1

  long padded_keys() const { return up_to_multiple(keys, LANES); }
  double multiplications() const { return 1.0 * batch * heads * queries * keys * (size + value_size); }
  const bool* allowed_keys(long sample, long head, long query) const {
    return allowed + sample * allowed_strides[0] + head * allowed_strides[1] + query * allowed_strides[2];
  }
  // Of an array (B, steps, N, size) the matrix (steps, size) of one head.
  template <class Float>
  MatrixView<Float> head_of(Float* array, long sample, long head, long steps, long size) const {
    return {array + (sample * steps * heads + head) * size, steps, size, heads * size};
  }
};

namespace plain {

// The S weights of one query: softmax(scale * q k^T).
inline std::vector<double> attention_weights(const Attention& a, const float* q, const float* k, long b,
                                             long n, long t) {
  const ConstMatrix queries = a.head_of(q, b, n, a.queries, a.size),
                    keys = a.head_of(k, b, n, a.keys, a.size);
  const bool* allowed = a.allowed_keys(b, n, t);
  std::vector<double> weights(a.keys);
  for (long s = 0; s < a.keys; s++) {
    for (long h = 0; h < a.size; h++) weights[s] += a.scale * queries.at(t, h) * keys.at(s, h);
    if (!allowed[s * a.allowed_strides[3]]) weights[s] = NOT_ALLOWED;
  }
  const double most = *std::max_element(weights.begin(), weights.end());
  double total = 0;
  for (double& weight : weights) total += weight = std::exp(weight - most);
  for (double& weight : weights) weight /= total;
  return weights;
}

// Adds to y, which begins with 0.
inline void attention(const Attention& a,
                      const float* q,  // (B, T, N, H)
                      const float* k,  // (B, S, N, H)
                      const float* v,  // (B, S, N, V)
                      double* y) {     // (B, T, N, V)
  for (long b = 0; b < a.batch; b++)
    for (long n = 0; n < a.heads; n++)
      for (long t = 0; t < a.queries; t++) {
        const std::vector<double> weights = attention_weights(a, q, k, b, n, t);
        const ConstMatrix values = a.head_of(v, b, n, a.keys, a.value_size);
        const auto outputs = a.head_of(y, b, n, a.queries, a.value_size);
        for (long s = 0; s < a.keys; s++)
          for (long i = 0; i < a.value_size; i++) outputs.at(t, i) += weights[s] * values.at(s, i);
      }
}

// Adds to dq, dk and dv, which begin with 0. With w = softmax(z), z = scale * q k^T: dz = w * (dw - sum of w
// * dw).
inline void attention_gradients(const Attention& a,
                                const float* q,  // (B, T, N, H)
                                const float* k,  // (B, S, N, H)
                                const float* v,  // (B, S, N, V)
                                const float* g,  // (B, T, N, V), the gradient of y
                                double* dq, double* dk, double* dv) {
  for (long b = 0; b < a.batch; b++)
    for (long n = 0; n < a.heads; n++)
      for (long t = 0; t < a.queries; t++) {
        const ConstMatrix queries = a.head_of(q, b, n, a.queries, a.size),
                          keys = a.head_of(k, b, n, a.keys, a.size);
        const ConstMatrix values = a.head_of(v, b, n, a.keys, a.value_size);
        const ConstMatrix gradients = a.head_of(g, b, n, a.queries, a.value_size);
        const auto d_queries = a.head_of(dq, b, n, a.queries, a.size),
                   d_keys = a.head_of(dk, b, n, a.keys, a.size);
        const auto d_values = a.head_of(dv, b, n, a.keys, a.value_size);
        const bool* allowed = a.allowed_keys(b, n, t);
        const std::vector<double> weights = attention_weights(a, q, k, b, n, t);
        std::vector<double> d_weights(a.keys);
        double mean = 0;
        for (long s = 0; s < a.keys; s++)
          for (long i = 0; i < a.value_size; i++) {
            d_values.at(s, i) += weights[s] * gradients.at(t, i);
            d_weights[s] += 1.0 * gradients.at(t, i) * values.at(s, i);
            mean += weights[s] * gradients.at(t, i) * values.at(s, i);
          }
        for (long s = 0; s < a.keys; s++) {
          const double d_score = allowed[s * a.allowed_strides[3]] ? weights[s] * (d_weights[s] - mean) : 0;
          for (long h = 0; h < a.size; h++) {
            d_queries.at(t, h) += a.scale * d_score * keys.at(s, h);
            d_keys.at(s, h) += a.scale * d_score * queries.at(t, h);
          }
        }
      }
}

}  // namespace plain

// row[s] becomes `otherwise` for each key s that the query may not see.
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
  mask_row(a, allowed, scores, NOT_ALLOWED);
  std::fill(scores + a.keys, scores + padded, -INFINITY);
  Vector most = broadcast(-INFINITY), total{};
  for (long s = 0; s < padded; s += LANES) most = maximum(most, load(scores + s));
  const Vector highest = greatest_of_lanes(most);
  for (long s = 0; s < padded; s += LANES) {
    const Vector e = exponential(load(scores + s) - highest);
    store(scores + s, e);
    total += e;
  }
  const Vector factor = broadcast(1.f) / sum_of_lanes(total);
  for (long s = 0; s < padded; s += LANES) store(scores + s, load(scores + s) * factor);
}

// A row of dz = scale * w * (dw - sum of w * dw), from the weights w, in the place of dw. Lanes beyond the
// keys become 0.
static inline void softmax_row_gradient(const Attention& a, const bool* allowed, const float* weights,
                                        float* d) {
  const long padded = a.padded_keys();
  std::fill(d + a.keys, d + padded, 0.f);
  Vector total{};
  for (long s = 0; s < padded; s += LANES) total += load(weights + s) * load(d + s);
  const Vector mean = sum_of_lanes(total), scale = broadcast(a.scale);
  for (long s = 0; s < padded; s += LANES) store(d + s, scale * load(weights + s) * (load(d + s) - mean));
  mask_row(a, allowed, d, 0);
}

// keys = scale * k^T, (H, S), of one head.
static inline void scale_and_transpose(const ConstMatrix& k, float scale, const Matrix& keys) {
  transpose(k, keys);
  for (long i = 0; i < keys.rows; i++)
    for (long s = 0; s < keys.columns; s += LANES) {
      const long lanes = std::min<long>(keys.columns - s, LANES);
      float* place = keys.data + i * keys.row_stride + s;
      store(place, load(place, lanes) * broadcast(scale), lanes);
    }
}

// weights = softmax(q keys), of some queries, from `first` on, of one head, with the keys of
// scale_and_transpose.
static inline void attention_weights(const Attention& a, const ConstMatrix& q, const ConstMatrix& keys,
                                     long sample, long head, long first, const Matrix& weights) {
  product(q, keys, weights);
  for (long i = 0; i < weights.rows; i++)
    softmax_row(a, a.allowed_keys(sample, head, first + i), weights.data + i * weights.row_stride);
}

template <class Pool>
void attention(Pool& pool, const Attention& a, const float* q, const float* k, const float* v, float* y) {
  const long padded = a.padded_keys(), all_heads = a.batch * a.heads;
  const long parts = std::min(all_heads, part_count(pool, a.multiplications(), ATTENTION_PART));
  parallel_for(pool, parts, all_heads, [&](Part part) {
    Workspace memory((a.size + QUERIES_AT_ONCE) * padded);
    const Matrix keys{memory.data(), a.size, a.keys, padded};
    for (long i = part.begin; i < part.end; i++) {
      const long sample = i / a.heads, head = i % a.heads;
      const ConstMatrix queries = a.head_of(q, sample, head, a.queries, a.size);
      const ConstMatrix values = a.head_of(v, sample, head, a.keys, a.value_size);
      const Matrix outputs = a.head_of(y, sample, head, a.queries, a.value_size);
      scale_and_transpose(a.head_of(k, sample, head, a.keys, a.size), a.scale, keys);
      for (long first = 0; first < a.queries; first += QUERIES_AT_ONCE) {
        const long rows = std::min(QUERIES_AT_ONCE, a.queries - first);
        const Matrix weights{memory.data() + a.size * padded, rows, a.keys, padded};
        attention_weights(a, queries.row_block(first, rows), keys, sample, head, first, weights);
        product(weights, values, outputs.row_block(first, rows));
      }
    }
  });
}

struct AttentionGradients {
  const float *q, *k, *v, *g;  // g is the gradient of y
  float *dq, *dk, *dv;

  static long floats(const Attention& a) {
    return (a.size + a.value_size + 2 * QUERIES_AT_ONCE) * a.padded_keys();
  }
  // The gradients of one head, in memory of floats(a).
  void run(const Attention& a, long sample, long head, float* memory) const;
};

inline void AttentionGradients::run(const Attention& a, long sample, long head, float* memory) const {
  const long T = a.queries, S = a.keys, H = a.size, V = a.value_size, padded = a.padded_keys();
  const Matrix keys{memory, H, S, padded}, values{memory + H * padded, V, S, padded};
  float* scores = memory + (H + V) * padded;
  const ConstMatrix k_head = a.head_of(k, sample, head, S, H);
  const Matrix dk_head = a.head_of(dk, sample, head, S, H), dv_head = a.head_of(dv, sample, head, S, V);
  scale_and_transpose(k_head, a.scale, keys);
  transpose(a.head_of(v, sample, head, S, V), values);
  for (long first = 0; first < T; first += QUERIES_AT_ONCE) {
    const long rows = std::min(QUERIES_AT_ONCE, T - first);
    const ConstMatrix q_rows = a.head_of(q, sample, head, T, H).row_block(first, rows);
    const ConstMatrix g_rows = a.head_of(g, sample, head, T, V).row_block(first, rows);
    const Matrix weights{scores, rows, S, padded},
        d_scores{scores + QUERIES_AT_ONCE * padded, rows, S, padded};
    attention_weights(a, q_rows, keys, sample, head, first, weights);
    product(weights.transposed(), g_rows, dv_head, accumulate_if(first > 0));
    product(g_rows, values, d_scores);
    for (long i = 0; i < rows; i++)
      softmax_row_gradient(a, a.allowed_keys(sample, head, first + i), weights.data + i * padded,
                           d_scores.data + i * padded);
    product(d_scores, k_head, a.head_of(dq, sample, head, T, H).row_block(first, rows));
    product(d_scores.transposed(), q_rows, dk_head, accumulate_if(first > 0));
  }
}

template <class Pool>
void attention_gradients(Pool& pool, const Attention& a, const AttentionGradients& gradients) {
  const long all_heads = a.batch * a.heads;
  const long parts = std::min(all_heads, part_count(pool, 2.5 * a.multiplications(), ATTENTION_PART));
  parallel_for(pool, parts, all_heads, [&](Part part) {
    Workspace memory(AttentionGradients::floats(a));
    for (long i = part.begin; i < part.end; i++) gradients.run(a, i / a.heads, i % a.heads, memory.data());
  });
}

}  // namespace neurona
