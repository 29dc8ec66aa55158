// Dense layers, y = activation(x W + b), and their gradients: dW = x^T z, db = the sum of z over the samples
// and dx = z W^T, where z = activation'(y) * dL/dy is the gradient before the activation.
//
// x is (M, K): M samples of K inputs. W is (K, N), b (N), y (M, N). All are contiguous.
#pragma once

#include "matrix.h"
#include "parallel.h"

namespace neurona {

namespace plain {

// y = activation(x W + b), one sum after another.
inline void dense_forward(long M, long K, long N,
                          const float* x,  // (M, K)
                          const float* W,  // (K, N)
                          const float* b,  // (N)
                          Activation activation,
                          double* y) {  // (M, N)
  for (long m = 0; m < M; m++)
    for (long n = 0; n < N; n++) {
      double sum = b[n];
      for (long k = 0; k < K; k++) sum += 1.0 * x[m * K + k] * W[k * N + n];
      y[m * N + n] = activate(activation, sum);
    }
}

// Adds to dx, dW and db, which begin with 0.
inline void dense_backward(long M, long K, long N,
                           const float* x,  // (M, K)
                           const float* W,  // (K, N)
                           const float* y,  // (M, N)
                           const float* g,  // (M, N), the gradient of y
                           Activation activation,
                           double* dx,    // (M, K)
                           double* dW,    // (K, N)
                           double* db) {  // (N)
  for (long m = 0; m < M; m++)
    for (long n = 0; n < N; n++) {
      const double z = before_activation(activation, 1.0 * g[m * N + n], 1.0 * y[m * N + n]);
      db[n] += z;
      for (long k = 0; k < K; k++) {
        dx[m * K + k] += z * W[k * N + n];
        dW[k * N + n] += x[m * K + k] * z;
      }
    }
}

}  // namespace plain

constexpr double DENSE_PART = 200e3;     // multiplications that are worth a thread
constexpr double DENSE_SUM_PART = 16e3;  // additions that are worth a thread
constexpr long SAMPLES_OF_A_PART =
    256;  // with at least this many samples per thread, threads share the samples

// y += x W of `parts` threads, each of which takes some of the inputs.
template <class Pool>
void dense_forward_by_inputs(Pool& pool, long parts, const ConstMatrix& x, const ConstMatrix& W,
                             const float* b, Activation activation, const Matrix& y) {
  const long size = y.rows * y.columns;
  Workspace memory((parts - 1) * size);
  auto sums_of = [&](long part) { return part ? memory.data() + (part - 1) * size : y.data; };
  parallel_for(pool, parts, x.columns, LANES, [&](Part inputs) {
    product(x.column_block(inputs.begin, inputs.size()), W.row_block(inputs.begin, inputs.size()),
            matrix(sums_of(inputs.number), y.rows, y.columns));
  });
  for (long m = 0; m < y.rows; m++)
    for (long n = 0; n < y.columns; n += LANES) {
      const long lanes = std::min<long>(LANES, y.columns - n), place = m * y.columns + n;
      Vector total = load(b + n, lanes);
      for (long part = 0; part < parts; part++) total += load(sums_of(part) + place, lanes);
      store(y.data + place, activate(activation, total), lanes);
    }
}

// Threads share the samples where these are many, else the inputs. By inputs, a thread reads the rows of W
// whose gradients it computes in dense_backward and, most likely, then updates: they are in its cache.
template <class Pool>
void dense_forward(Pool& pool, const ConstMatrix& x, const ConstMatrix& W, const float* b,
                   Activation activation, const Matrix& y) {
  const long parts = part_count(pool, 1.0 * x.rows * x.columns * y.columns, DENSE_PART);
  if (parts > 1 && 2 * x.rows < x.columns) {
    dense_forward_by_inputs(pool, parts, x, W, b, activation, y);
    return;
  }
  parallel_for(pool, parts, x.rows, [&](Part samples) {
    product(x.row_block(samples.begin, samples.size()), W, y.row_block(samples.begin, samples.size()),
            {b, activation});
  });
}

// z = activation'(y) * g, whose sum over the samples is added to db. It goes through 16 samples at a time, so
// that the cache lines of a row are read one after another.
static inline void dense_slopes(const ConstMatrix& y, const ConstMatrix& g, Activation activation,
                                const Matrix& z, float* db) {
  for (long first = 0; first < z.rows; first += 16) {
    const long end = std::min(first + 16, z.rows);
    for (long n = 0; n < z.columns; n += LANES) {
      const long lanes = std::min<long>(LANES, z.columns - n);
      Vector total = load(db + n, lanes);
      for (long m = first; m < end; m++) {
        const Vector gradient = load(g.data + m * g.row_stride + n, lanes);
        const Vector value = load(y.data + m * y.row_stride + n, lanes);
        const Vector slope = before_activation(activation, gradient, value);
        store(z.data + m * z.row_stride + n, slope, lanes);
        total += slope;
      }
      store(db + n, total, lanes);
    }
  }
}

// db += the sum of the rows of z.
static inline void add_sum_of_rows(const ConstMatrix& z, float* db) {
  for (long m = 0; m < z.rows; m++)
    for (long n = 0; n < z.columns; n += LANES) {
      const long lanes = std::min<long>(LANES, z.columns - n);
      store(db + n, load(db + n, lanes) + load(z.data + m * z.row_stride + n, lanes), lanes);
    }
}

// What dense_backward computes: dx is z W^T. Where the gradient of x is not needed, dx.data is null and W is
// not read.
struct DenseBackward {
  static constexpr long SAMPLES = 192, INPUTS = 64;  // at a time: what a thread works on stays in its cache

  ConstMatrix x, W, y, g;  // g is the gradient of y
  Activation activation;
  Matrix dx;

  // For some samples and inputs: dW[inputs] = x^T z, db = the sum of z, unless it is null, and dx.
  void run(Part samples, Part inputs, const Matrix& dW, float* db) const {
    const long M = x.rows, N = y.columns, padded_N = up_to_multiple(N, LANES);
    const bool transposes_z = M <= 64;  // for dx, else W. All samples are one block then
    const long padded_M = transposes_z ? up_to_multiple(M, LANES) : 0, rows = std::min(SAMPLES, M);
    Workspace memory(rows * padded_N + N + padded_M * N + INPUTS * (transposes_z ? padded_M : N));
    float *unused_db = memory.data() + rows * padded_N, *z_T = unused_db + N, *scratch = z_T + padded_M * N;
    if (!db) db = unused_db;
    std::memset(db, 0, N * sizeof(float));
    // At least once: without samples the gradients are 0.
    for (long m = samples.begin; m < samples.end || m == samples.begin; m += SAMPLES) {
      const long count = std::min(SAMPLES, samples.end - m);
      const Matrix slopes{memory.data(), count, N, padded_N}, z_transposed{z_T, N, M, padded_M};
      const ConstMatrix g_rows = g.row_block(m, count);
      const ConstMatrix z = activation == Activation::linear ? g_rows : slopes;
      if (activation == Activation::linear) {
        add_sum_of_rows(g_rows, db);
      } else {
        dense_slopes(y.row_block(m, count), g_rows, activation, slopes, db);
      }
      if (dx.data && transposes_z) transpose(z, z_transposed);
      for (long k = inputs.begin; k < inputs.end; k += INPUTS) {
        const long width = std::min(INPUTS, inputs.end - k);
        product(x.block(m, k, count, width).transposed(), z, dW.row_block(k, width),
                accumulate_if(m > samples.begin));
        if (!dx.data) continue;
        if (transposes_z) {
          const Matrix dx_transposed{scratch, width, M, padded_M};
          product(W.row_block(k, width), z_transposed, dx_transposed);
          transpose(dx_transposed, dx.column_block(k, width));
        } else {
          const Matrix W_transposed{scratch, N, width, INPUTS};
          transpose(W.row_block(k, width), W_transposed);
          product(z, W_transposed, dx.block(m, k, count, width));
        }
      }
    }
  }
};

// Each thread takes some of the samples; their gradients of W and b are summed at the end.
template <class Pool>
void dense_backward_by_samples(Pool& pool, long parts, const DenseBackward& d, const Matrix& dW, float* db) {
  const long K = dW.rows, N = dW.columns, size = (K + 1) * N;
  Workspace memory((parts - 1) * size);  // of each part but the first: dW, then db
  auto dW_of = [&](long part) { return part ? memory.data() + (part - 1) * size : dW.data; };
  auto db_of = [&](long part) { return part ? dW_of(part) + K * N : db; };
  parallel_for(pool, parts, d.x.rows, [&](Part samples) {
    d.run(samples, {0, 0, K}, matrix(dW_of(samples.number), K, N), db_of(samples.number));
  });
  parallel_for(pool, part_count(pool, 1.0 * parts * K * N, DENSE_SUM_PART), K * N, LANES, [&](Part weights) {
    for (long i = weights.begin; i < weights.end; i += LANES) {
      const long lanes = std::min<long>(LANES, weights.end - i);
      Vector total = load(dW.data + i, lanes);
      for (long part = 1; part < parts; part++) total += load(dW_of(part) + i, lanes);
      store(dW.data + i, total, lanes);
    }
  });
  for (long part = 1; part < parts; part++)
    for (long n = 0; n < N; n++) db[n] += db_of(part)[n];
}

// Each thread takes some of the inputs, whole rows of W, and all samples.
template <class Pool>
void dense_backward_by_inputs(Pool& pool, long parts, const DenseBackward& d, const Matrix& dW, float* db) {
  parallel_for(pool, parts, dW.rows, LANES,
               [&](Part inputs) { d.run({0, 0, d.x.rows}, inputs, dW, inputs.number ? nullptr : db); });
}

template <class Pool>
void dense_backward(Pool& pool, const DenseBackward& d, const Matrix& dW, float* db) {
  const double work = (d.dx.data ? 2.0 : 1.0) * d.x.rows * dW.rows * dW.columns;
  const long parts = part_count(pool, work, DENSE_PART);
  const bool by_samples = parts > 1 && d.x.rows >= SAMPLES_OF_A_PART * parts;
  (by_samples ? dense_backward_by_samples<Pool> : dense_backward_by_inputs<Pool>)(pool, parts, d, dW, db);
}

}  // namespace neurona
