// Scaled dot-product attention in every head, y = dropout(softmax(scale * q k^T)) v, and its gradients.
//
// q is (B, T, N, H): T queries of N heads in B samples. k is (B, S, N, H), v (B, S, N, V), y (B, T, N, V).
// All are contiguous. The scores of QUERIES_AT_ONCE queries stay in the cache. Nothing but the key of the
// dropout is kept for the gradients, which compute scores and random bits again.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "dropout.h"
#include "matrix.h"
#include "parallel.h"

namespace neurona {

constexpr double ATTENTION_PART = 200e3;  // multiplications that are worth a thread
constexpr long QUERIES_AT_ONCE = 64;
constexpr float NOT_ALLOWED = -0.7f * 3.4028235e38f;  // a score

struct Attention {
  long batch, queries, keys, heads, size, value_size;  // B, T, S, N, H, V
  float scale;
  const bool* allowed;      // which query may see which key: (B, N, T, S), where any axis may be 1
  long allowed_strides[4];  // along B, N, T, S; 0 where the axis is 1
  bool blind_is_zero;       // whether a query that may see no key gets zeros, else the mean of all values
  Dropout dropout;          // of the softmax, an array (B, N, T, S)

  double multiplications() const { return 1.0 * batch * heads * queries * keys * (size + value_size); }
  const bool* allowed_keys(long sample, long head, long query) const {
    return allowed + sample * allowed_strides[0] + head * allowed_strides[1] + query * allowed_strides[2];
  }
  long first_weight(long sample, long head, long query) const {
    return ((sample * heads + head) * queries + query) * keys;
  }
  // Of an array (B, steps, N, size) the matrix (steps, size) of one head.
  template <class Float>
  MatrixView<Float> head_of(Float* array, long sample, long head, long steps, long size) const {
    return {array + (sample * steps * heads + head) * size, steps, size, heads * size};
  }
};

namespace plain {

// The S weights of one query: softmax(scale * q k^T), before dropout.
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
  const bool blind = !std::count(allowed, allowed + (a.allowed_strides[3] ? a.keys : 1), true);
  for (double& weight : weights) weight /= blind && a.blind_is_zero ? INFINITY : total;
  return weights;
}

// What dropout multiplies the weight of one key by.
inline double dropout_factor(const Attention& a, long b, long n, long t, long s) {
  return a.dropout(a.first_weight(b, n, t) + s, broadcast(1.f))[0];
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
          for (long i = 0; i < a.value_size; i++)
            outputs.at(t, i) += dropout_factor(a, b, n, t, s) * weights[s] * values.at(s, i);
      }
}

// Adds to dq, dk and dv, which begin with 0. With w = softmax(z), z = scale * q k^T and y = (d * w) v, where d
// are the factors of dropout: dw = d * (g v^T), dz = w * (dw - sum of w * dw).
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
        for (long s = 0; s < a.keys; s++) {
          const double factor = dropout_factor(a, b, n, t, s);
          for (long i = 0; i < a.value_size; i++) {
            d_values.at(s, i) += factor * weights[s] * gradients.at(t, i);
            d_weights[s] += factor * gradients.at(t, i) * values.at(s, i);
          }
          mean += weights[s] * d_weights[s];
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

// How many of the first keys some queries of a head see at most: the others have no weight. A query that may
// see none has weights for all where the mean of all values is its result.
static inline long seen_keys(const Attention& a, long sample, long head, long first, long rows) {
  long most = 1;
  for (long i = first; i < first + rows && most < a.keys; i++) {
    const bool* allowed = a.allowed_keys(sample, head, i);
    long seen = a.keys;
    while (seen && !allowed[(seen - 1) * a.allowed_strides[3]]) seen = a.allowed_strides[3] ? seen - 1 : 0;
    most = std::max(most, seen || a.blind_is_zero ? seen : a.keys);
  }
  return most;
}

// row[s] becomes `otherwise` for each key s that the query may not see.
static inline void mask_row(const Attention& a, const bool* allowed, float* row, long keys, float otherwise) {
  if (!a.allowed_strides[3]) {
    if (!*allowed) std::fill(row, row + keys, otherwise);
    return;
  }
  long s = 0;
  for (; s + LANES <= keys; s += LANES) {
    const Integers may = load_bytes(reinterpret_cast<const int8_t*>(allowed + s));
    store(row + s, may != 0 ? load(row + s) : broadcast(otherwise));
  }
  for (; s < keys; s++) row[s] = allowed[s] ? row[s] : otherwise;
}

// A row of scores becomes its softmax. Lanes beyond the keys become 0.
static inline void softmax_row(const Attention& a, const bool* allowed, long keys, float* scores) {
  const long padded = up_to_multiple(keys, LANES);
  mask_row(a, allowed, scores, keys, NOT_ALLOWED);
  std::fill(scores + keys, scores + padded, -INFINITY);
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
  if (a.blind_is_zero && highest[0] <= NOT_ALLOWED) mask_row(a, allowed, scores, keys, 0);
}

// A row of dz = scale * w * (dw - sum of w * dw), from the weights w, in the place of dw. Lanes beyond the
// keys become 0.
static inline void softmax_row_gradient(const Attention& a, const bool* allowed, long keys,
                                        const float* weights, float* d) {
  const long padded = up_to_multiple(keys, LANES);
  std::fill(d + keys, d + padded, 0.f);
  Vector total{};
  for (long s = 0; s < padded; s += LANES) total += load(weights + s) * load(d + s);
  const Vector mean = sum_of_lanes(total), scale = broadcast(a.scale);
  for (long s = 0; s < padded; s += LANES) store(d + s, scale * load(weights + s) * (load(d + s) - mean));
  mask_row(a, allowed, d, keys, 0);
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

// weights = softmax(q keys), of some queries, from `first` on, of one head, with the first keys of
// scale_and_transpose.
static inline void attention_weights(const Attention& a, const ConstMatrix& q, const ConstMatrix& keys,
                                     long sample, long head, long first, const Matrix& weights) {
  product(q, keys, weights);
  for (long i = 0; i < weights.rows; i++)
    softmax_row(a, a.allowed_keys(sample, head, first + i), keys.columns,
                weights.data + i * weights.row_stride);
}

template <class Pool>
void attention(Pool& pool, const Attention& a, const float* q, const float* k, const float* v, float* y) {
  const long padded = up_to_multiple(a.keys, LANES), all_heads = a.batch * a.heads;
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
        const long seen = seen_keys(a, sample, head, first, rows);
        const Matrix weights{memory.data() + a.size * padded, rows, seen, padded};
        attention_weights(a, queries.row_block(first, rows), keys.column_block(0, seen), sample, head, first,
                          weights);
        if (!a.dropout.keeps_all()) {
          for (long i = 0; i < rows; i++) {
            float* row = weights.data + i * padded;
            const long number = a.first_weight(sample, head, first + i);
            for (long s = 0; s < seen; s += LANES) store(row + s, a.dropout(number + s, load(row + s)));
          }
        }
        product(weights, values.row_block(0, seen), outputs.row_block(first, rows));
      }
    }
  });
}

struct AttentionGradients {
  const float *q, *k, *v, *g;  // g is the gradient of y
  float *dq, *dk, *dv;

  static long floats(const Attention& a) {
    return (a.size + a.value_size + 3 * QUERIES_AT_ONCE) * up_to_multiple(a.keys, LANES);
  }
  // The gradients of one head, in memory of floats(a).
  void run(const Attention& a, long sample, long head, float* memory) const;
};

inline void AttentionGradients::run(const Attention& a, long sample, long head, float* memory) const {
  const long T = a.queries, S = a.keys, H = a.size, V = a.value_size, padded = up_to_multiple(S, LANES);
  const Matrix keys{memory, H, S, padded}, values{memory + H * padded, V, S, padded};
  float *scores = memory + (H + V) * padded, *d_scores = scores + QUERIES_AT_ONCE * padded,
        *dropped = a.dropout.keeps_all() ? scores : d_scores + QUERIES_AT_ONCE * padded;
  const ConstMatrix k_head = a.head_of(k, sample, head, S, H);
  const Matrix dk_head = a.head_of(dk, sample, head, S, H), dv_head = a.head_of(dv, sample, head, S, V);
  for (long s = 0; s < S; s++) {
    std::fill_n(dk_head.data + s * dk_head.row_stride, H, 0.f);
    std::fill_n(dv_head.data + s * dv_head.row_stride, V, 0.f);
  }
  scale_and_transpose(k_head, a.scale, keys);
  transpose(a.head_of(v, sample, head, S, V), values);
  for (long first = 0; first < T; first += QUERIES_AT_ONCE) {
    const long rows = std::min(QUERIES_AT_ONCE, T - first);
    const long seen = seen_keys(a, sample, head, first, rows);
    const ConstMatrix q_rows = a.head_of(q, sample, head, T, H).row_block(first, rows);
    const ConstMatrix g_rows = a.head_of(g, sample, head, T, V).row_block(first, rows);
    const Matrix weights{scores, rows, seen, padded}, dz{d_scores, rows, seen, padded},
        kept{dropped, rows, seen, padded};
    attention_weights(a, q_rows, keys.column_block(0, seen), sample, head, first, weights);
    product(g_rows, values.column_block(0, seen), dz);
    for (long i = 0; i < rows; i++) {
      float *w = scores + i * padded, *d = d_scores + i * padded;
      const long number = a.first_weight(sample, head, first + i);
      for (long s = 0; s < seen && !a.dropout.keeps_all(); s += LANES) {
        const Vector factor = a.dropout(number + s, broadcast(1.f));
        store(dropped + i * padded + s, factor * load(w + s));
        store(d + s, factor * load(d + s));
      }
      softmax_row_gradient(a, a.allowed_keys(sample, head, first + i), seen, w, d);
    }
    product(kept.transposed(), g_rows, dv_head.row_block(0, seen), accumulate_if(true));
    product(dz, k_head.row_block(0, seen), a.head_of(dq, sample, head, T, H).row_block(first, rows));
    product(dz.transposed(), q_rows, dk_head.row_block(0, seen), accumulate_if(true));
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
