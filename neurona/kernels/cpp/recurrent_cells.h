// The cells of recurrent layers: SimpleRNN, LSTM, and GRU with the reset gate after or before the recurrent
// product.
//
// A step forms SUMS sums. The product of x and the kernel has GATES gates, which add to the sums from X_FIRST
// on; the product of the state and the recurrent kernel adds to the sums from H_FIRST on. X_GATES and H_GATES
// are the orders of these gates in the kernels. In an LSTM both products add to the same sums. In a GRU the
// candidate has one sum of each, because the reset gate acts between them. Where the reset gate acts on the
// state instead, only the first OF_STATE gates take the state; the candidate takes the reset state, in a
// second product.
//
// A cell computes one vector of units. `forward` makes the STATES new states from the sums and the old
// states, and the KEPT vectors that `backward` needs. `backward` makes the gradients of the sums from those
// of the new states, and replaces the latter by the part of the old states' gradients that goes through no
// product.
#pragma once

#include <vector>

#include "vector.h"

namespace neurona {

struct Functions {
  Activation activation, recurrent_activation;
};

// h' = activation(sum).
struct SimpleRNNCell {
  static constexpr int STATES = 1, GATES = 1, SUMS = 1, X_FIRST = 0, H_FIRST = 0, OF_STATE = 1, KEPT = 0;
  static constexpr int X_GATES[] = {0}, H_GATES[] = {0};
  static constexpr bool INNER_BIAS = false;

  NEURONA_INLINE void forward(Functions f, const Vector* sums, const Vector*, Vector* now, Vector*) {
    now[0] = activate(f.activation, sums[0]);
  }
  NEURONA_INLINE void backward(Functions f, const Vector*, const Vector*, const Vector* now, Vector* d_state,
                               Vector* d_sums) {
    d_sums[0] = before_activation(f.activation, d_state[0], now[0]);
    d_state[0] = Vector{};
  }
};

// The gates i, f, g, o: c' = f * c + i * g, h' = o * activation(c').
struct LSTMCell {
  static constexpr int STATES = 2, GATES = 4, SUMS = 4, X_FIRST = 0, H_FIRST = 0, OF_STATE = 4, KEPT = 4;
  static constexpr int X_GATES[] = {0, 1, 2, 3}, H_GATES[] = {0, 1, 2, 3};
  static constexpr bool INNER_BIAS = false;

  NEURONA_INLINE void forward(Functions f, const Vector* sums, const Vector* old, Vector* now, Vector* kept) {
    Vector i = activate(f.recurrent_activation, sums[0]), forget = activate(f.recurrent_activation, sums[1]);
    Vector g = activate(f.activation, sums[2]), o = activate(f.recurrent_activation, sums[3]);
    now[1] = forget * old[1] + i * g;
    now[0] = o * activate(f.activation, now[1]);
    kept[0] = i, kept[1] = forget, kept[2] = g, kept[3] = o;
  }
  NEURONA_INLINE void backward(Functions f, const Vector* kept, const Vector* old, const Vector* now,
                               Vector* d_state, Vector* d_sums) {
    Vector i = kept[0], forget = kept[1], g = kept[2], o = kept[3], value = activate(f.activation, now[1]);
    Vector d_h = d_state[0], d_c = d_state[1] + before_activation(f.activation, d_h * o, value);
    d_sums[0] = before_activation(f.recurrent_activation, d_c * g, i);
    d_sums[1] = before_activation(f.recurrent_activation, d_c * old[1], forget);
    d_sums[2] = before_activation(f.activation, d_c * i, g);
    d_sums[3] = before_activation(f.recurrent_activation, d_h * value, o);
    d_state[0] = Vector{};
    d_state[1] = d_c * forget;
  }
};

// Sums: the candidate's from x, the update gate z, the reset gate r, the candidate's from h.
// h' = z * h + (1 - z) * activation(sums[0] + r * sums[3]).
struct GRUCell {
  static constexpr int STATES = 1, GATES = 3, SUMS = 4, X_FIRST = 0, H_FIRST = 1, OF_STATE = 3, KEPT = 4;
  static constexpr int X_GATES[] = {2, 0, 1}, H_GATES[] = {0, 1, 2};
  static constexpr bool INNER_BIAS = true;

  NEURONA_INLINE void forward(Functions f, const Vector* sums, const Vector* old, Vector* now, Vector* kept) {
    Vector update = activate(f.recurrent_activation, sums[1]),
           reset = activate(f.recurrent_activation, sums[2]);
    Vector candidate = activate(f.activation, sums[0] + reset * sums[3]);
    now[0] = update * old[0] + (broadcast(1.f) - update) * candidate;
    kept[0] = update, kept[1] = reset, kept[2] = candidate, kept[3] = sums[3];
  }
  NEURONA_INLINE void backward(Functions f, const Vector* kept, const Vector* old, const Vector*,
                               Vector* d_state, Vector* d_sums) {
    Vector update = kept[0], reset = kept[1], candidate = kept[2], inner = kept[3], d_h = d_state[0];
    d_sums[0] = before_activation(f.activation, d_h * (broadcast(1.f) - update), candidate);
    d_sums[1] = before_activation(f.recurrent_activation, d_h * (old[0] - candidate), update);
    d_sums[2] = before_activation(f.recurrent_activation, d_sums[0] * inner, reset);
    d_sums[3] = d_sums[0] * reset;
    d_state[0] = d_h * update;
  }
};

// Sums: the update gate z, the reset gate r, the candidate's. h' = z * h + (1 - z) * activation(sums[2]),
// where sums[2] contains the product of r * h. `gates` makes z and r of the first two sums and returns r * h.
// `backward` leaves out the gradient of r, which `reset_backward` makes from that of r * h.
struct GRUResetBeforeCell {
  static constexpr int STATES = 1, GATES = 3, SUMS = 3, X_FIRST = 0, H_FIRST = 0, OF_STATE = 2, KEPT = 3;
  static constexpr int X_GATES[] = {0, 1, 2}, H_GATES[] = {0, 1, 2};
  static constexpr int RESET = 1, CANDIDATE = 2;
  static constexpr bool INNER_BIAS = false;

  NEURONA_INLINE Vector gates(Functions f, Vector* sums, Vector old) {
    sums[0] = activate(f.recurrent_activation, sums[0]);
    sums[RESET] = activate(f.recurrent_activation, sums[RESET]);
    return sums[RESET] * old;
  }
  NEURONA_INLINE void forward(Functions f, const Vector* sums, const Vector* old, Vector* now, Vector* kept) {
    Vector update = sums[0], candidate = activate(f.activation, sums[CANDIDATE]);
    now[0] = update * old[0] + (broadcast(1.f) - update) * candidate;
    kept[0] = update, kept[1] = sums[RESET], kept[2] = candidate;
  }
  NEURONA_INLINE void backward(Functions f, const Vector* kept, const Vector* old, const Vector*,
                               Vector* d_state, Vector* d_sums) {
    Vector update = kept[0], candidate = kept[2], d_h = d_state[0];
    d_sums[0] = before_activation(f.recurrent_activation, d_h * (old[0] - candidate), update);
    d_sums[CANDIDATE] = before_activation(f.activation, d_h * (broadcast(1.f) - update), candidate);
    d_state[0] = d_h * update;
  }
  NEURONA_INLINE Vector reset_backward(Functions f, Vector reset, Vector old, Vector d_reset_state,
                                       Vector& d_state) {
    d_state += d_reset_state * reset;
    return before_activation(f.recurrent_activation, d_reset_state * old, reset);
  }
};

namespace plain {

// The new states h and c of one sample, from the sums over x (with the outer bias) and over h (with the inner
// bias), in the order of the gates in the kernels. h and c are replaced.
inline void recurrent_step(SimpleRNNCell, long units, const double* of_x, const double* of_h, const double*,
                           double* h, double*) {
  for (long u = 0; u < units; u++) h[u] = std::tanh(of_x[u] + of_h[u]);
}

inline void recurrent_step(LSTMCell, long units, const double* of_x, const double* of_h, const double*,
                           double* h, double* c) {
  for (long u = 0; u < units; u++) {
    auto sum = [&](long gate) { return of_x[gate * units + u] + of_h[gate * units + u]; };
    const double i = activate(Activation::sigmoid, sum(0)), f = activate(Activation::sigmoid, sum(1));
    const double g = std::tanh(sum(2)), o = activate(Activation::sigmoid, sum(3));
    c[u] = f * c[u] + i * g;
    h[u] = o * std::tanh(c[u]);
  }
}

inline void recurrent_step(GRUCell, long units, const double* of_x, const double* of_h, const double*,
                           double* h, double*) {
  for (long u = 0; u < units; u++) {
    const double update = activate(Activation::sigmoid, of_x[u] + of_h[u]);
    const double reset = activate(Activation::sigmoid, of_x[units + u] + of_h[units + u]);
    h[u] = update * h[u] + (1 - update) * std::tanh(of_x[2 * units + u] + reset * of_h[2 * units + u]);
  }
}

// The candidate's sum takes the reset states of all units, so of_h holds the sums of the two gates only.
inline void recurrent_step(GRUResetBeforeCell, long units, const double* of_x, const double* of_h,
                           const double* recurrent_kernel, double* h, double*) {  // (units, 3 * units)
  std::vector<double> update(units), reset_state(units);
  for (long u = 0; u < units; u++) {
    update[u] = activate(Activation::sigmoid, of_x[u] + of_h[u]);
    reset_state[u] = activate(Activation::sigmoid, of_x[units + u] + of_h[units + u]) * h[u];
  }
  for (long u = 0; u < units; u++) {
    double sum = of_x[2 * units + u];
    for (long k = 0; k < units; k++) sum += reset_state[k] * recurrent_kernel[k * 3 * units + 2 * units + u];
    h[u] = update[u] * h[u] + (1 - update[u]) * std::tanh(sum);
  }
}

}  // namespace plain

}  // namespace neurona
