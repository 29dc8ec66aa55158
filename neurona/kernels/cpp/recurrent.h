// Recurrences over a whole sequence: SimpleRNN, LSTM and GRU, forward and backward.
//
// Arrays are contiguous and time-major: x (steps, batch, inputs), states (steps, batch, units). Threads divide the samples among them, for
// no sample needs another one. The columns of the kernels are gates of `units` each. A step forms sums, one for each gate: x's product with
// the kernel adds to GATES of them from X_FIRST on, that of the state before with the recurrent kernel to GATES from H_FIRST on. In an
// LSTM these are the same; in a GRU the candidate has one of each, since the reset gate stands between them. Where that gate acts on the
// state instead, only the first OF_STATE of the gates take the state before, and the candidate the reset state, in a second product.
#pragma once

#include <algorithm>

#include "matrix.h"
#include "parallel.h"

namespace neurona {

struct Functions {
  Activation activation, recurrent_activation;
};

// A cell computes one vector of units: the new states from the sums and the old states, with what the way back keeps; and on the way back
// the gradients of the sums, and in the place of the new states' gradients what goes to the old ones directly, not through a product.
struct SimpleRNNCell {
  static constexpr int STATES = 1, GATES = 1, SUMS = 1, X_FIRST = 0, H_FIRST = 0, OF_STATE = 1, KEPT = 0;
  static constexpr int X_GATES[] = {0}, H_GATES[] = {0};
  static constexpr bool INNER_BIAS = false;

  NEURONA_INLINE void forward(Functions f, const Vector* sums, const Vector*, Vector* now, Vector*) {
    now[0] = activate(f.activation, sums[0]);
  }
  NEURONA_INLINE void backward(Functions f, const Vector*, const Vector*, const Vector* now, Vector* d_state, Vector* d_sums) {
    d_sums[0] = before_activation(f.activation, d_state[0], now[0]);
    d_state[0] = Vector{};
  }
};

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
  NEURONA_INLINE void backward(Functions f, const Vector* kept, const Vector* old, const Vector* now, Vector* d_state, Vector* d_sums) {
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

// The sums: the candidate's part from x, the update gate, the reset gate, the candidate's part from h.
struct GRUCell {
  static constexpr int STATES = 1, GATES = 3, SUMS = 4, X_FIRST = 0, H_FIRST = 1, OF_STATE = 3, KEPT = 4;
  static constexpr int X_GATES[] = {2, 0, 1}, H_GATES[] = {0, 1, 2};
  static constexpr bool INNER_BIAS = true;

  NEURONA_INLINE void forward(Functions f, const Vector* sums, const Vector* old, Vector* now, Vector* kept) {
    Vector update = activate(f.recurrent_activation, sums[1]), reset = activate(f.recurrent_activation, sums[2]);
    Vector candidate = activate(f.activation, sums[0] + reset * sums[3]);
    now[0] = update * old[0] + (broadcast(1.f) - update) * candidate;
    kept[0] = update, kept[1] = reset, kept[2] = candidate, kept[3] = sums[3];
  }
  NEURONA_INLINE void backward(Functions f, const Vector* kept, const Vector* old, const Vector*, Vector* d_state, Vector* d_sums) {
    Vector update = kept[0], reset = kept[1], candidate = kept[2], inner = kept[3], d_h = d_state[0];
    d_sums[0] = before_activation(f.activation, d_h * (broadcast(1.f) - update), candidate);
    d_sums[1] = before_activation(f.recurrent_activation, d_h * (old[0] - candidate), update);
    d_sums[2] = before_activation(f.recurrent_activation, d_sums[0] * inner, reset);
    d_sums[3] = d_sums[0] * reset;
    d_state[0] = d_h * update;
  }
};

// The sums: the update gate, the reset gate, the candidate. `gates` turns the first two into gates and gives the reset state, whose product
// the candidate's sum still lacks; `backward` leaves the reset gate out, which `reset_backward` adds from the reset state's gradient.
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
  NEURONA_INLINE void backward(Functions f, const Vector* kept, const Vector* old, const Vector*, Vector* d_state, Vector* d_sums) {
    Vector update = kept[0], candidate = kept[2], d_h = d_state[0];
    d_sums[0] = before_activation(f.recurrent_activation, d_h * (old[0] - candidate), update);
    d_sums[CANDIDATE] = before_activation(f.activation, d_h * (broadcast(1.f) - update), candidate);
    d_state[0] = d_h * update;
  }
  NEURONA_INLINE Vector reset_backward(Functions f, Vector reset, Vector old, Vector d_reset_state, Vector& d_state) {
    d_state += d_reset_state * reset;
    return before_activation(f.recurrent_activation, d_reset_state * old, reset);
  }
};

template <class Cell>
constexpr bool RESETS_STATE = Cell::OF_STATE < Cell::GATES;

constexpr int MOST_STATES = 2, MOST_SUMS = 4;
constexpr double RECURRENT_PART = 200e3;  // multiplications that are worth a thread of their own
constexpr long GROUP = 48;                // samples that go along the sequence together
constexpr long CHUNK = 192;               // steps * samples whose weight gradient is one product
constexpr long PANEL = 3 * LANES;         // columns of a matrix that lie together

// A recurrence, and where its states are, before the first step and after each.
struct Recurrence {
  long steps, batch, inputs, units;
  bool reverse;
  Functions functions;
  const float *x, *kernel, *recurrent_kernel;
  const float* first[MOST_STATES];
  const float* states[MOST_STATES];
  bool keeps_all;    // or only the first of the states has a place for each step: in the others a step overwrites the one before
  const bool* mask;  // (steps, batch), false where the states stay; or null

  long blocks() const { return (units + LANES - 1) / LANES; }
  long padded() const { return blocks() * LANES; }
  long lanes(long block) const { return std::min<long>(LANES, units - block * LANES); }
  long row(long step, long sample) const { return (reverse ? steps - 1 - step : step) * batch + sample; }
  bool live(long step, long sample) const { return !mask || mask[row(step, sample)]; }
  long place(int state, long step, long sample) const { return (state == 0 || keeps_all ? row(step, sample) : sample) * units; }
  const float* before(int state, long step, long sample) const {
    return step ? states[state] + place(state, step - 1, sample) : first[state] + sample * units;
  }
  template <class Pool>
  long parts(Pool& pool, long gates) const {
    return std::min(batch, parts_of(pool, 1.0 * steps * batch * (inputs + units) * gates * units, RECURRENT_PART));
  }
};

// Calls work(first, count) for groups of nearly equal size.
template <class Work>
static void in_groups(long first, long end, long most, const Work& work) {
  long groups = (end - first + most - 1) / most;
  for (long group = 0; group < groups; group++) {
    long from = first + (end - first) * group / groups, to = first + (end - first) * (group + 1) / groups;
    work(from, to - from);
  }
}

// ---------------------------------------------------------------- forward

// total[i][FIRST + j] += sum over k of A[i][k] * W[k][j]
template <int ROWS, int GATES, int SUMS, int FIRST>
NEURONA_INLINE void add_product(long K, const float* __restrict A, long A_stride, const float* __restrict W, Vector (&total)[ROWS][SUMS]) {
  for (long k = 0; k < K; k++) {
    Vector w[GATES];
#pragma GCC unroll 4
    for (int j = 0; j < GATES; j++) w[j] = load(W + (k * GATES + j) * LANES);
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) {
      Vector a = broadcast(A[i * A_stride + k]);
#pragma GCC unroll 4
      for (int j = 0; j < GATES; j++) total[i][FIRST + j] += a * w[j];
    }
  }
}

// The sums of ROWS samples and one block of units.
template <class Cell, int ROWS>
static __attribute__((noinline)) void sums_tile(long inputs, long units, const float* __restrict x, const float* __restrict h,
                                                const float* __restrict W, const float* __restrict bias, float* __restrict sums) {
  Vector total[ROWS][Cell::SUMS];
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
    for (int j = 0; j < Cell::SUMS; j++) total[i][j] = load(bias + j * LANES);
  add_product<ROWS, Cell::GATES, Cell::SUMS, Cell::X_FIRST>(inputs, x, inputs, W, total);
  add_product<ROWS, Cell::OF_STATE, Cell::SUMS, Cell::H_FIRST>(units, h, units, W + inputs * Cell::GATES * LANES, total);
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
    for (int j = 0; j < Cell::SUMS; j++) store(sums + (i * Cell::SUMS + j) * LANES, total[i][j]);
}

// The most rows whose sums stay in registers, with a row of weights and a broadcast.
template <class Cell>
constexpr int TILE_ROWS = std::min(14, (REGISTERS - 1 - Cell::GATES) / Cell::SUMS);

template <class Cell, int ROWS = TILE_ROWS<Cell>>
static void sums_of(long rows, long inputs, long units, const float* x, const float* h, const float* W, const float* bias, float* sums) {
  if constexpr (ROWS > 1) {
    if (rows < ROWS) return sums_of<Cell, ROWS - 1>(rows, inputs, units, x, h, W, bias, sums);
  }
  sums_tile<Cell, ROWS>(inputs, units, x, h, W, bias, sums);
}

// The weights of a block of units, as its tiles read them: [input][gate][lane], [unit][gate of the state][lane] and, where there is a reset
// state, [unit][lane]. And its biases, [sum][lane].
template <class Cell>
static void pack_block(const Recurrence& r, const float* bias, long block, float* panel, float* biases) {
  long width = Cell::GATES * r.units, lanes = r.lanes(block), at = block * LANES;
  float *of_h = panel + r.inputs * Cell::GATES * LANES, *of_reset_state = of_h + r.units * Cell::OF_STATE * LANES;
  for (int j = 0; j < Cell::GATES; j++) {
    for (long k = 0; k < r.inputs; k++)
      store(panel + (k * Cell::GATES + j) * LANES, load(r.kernel + k * width + Cell::X_GATES[j] * r.units + at, lanes));
    for (long k = 0; k < r.units; k++)
      store(j < Cell::OF_STATE ? of_h + (k * Cell::OF_STATE + j) * LANES : of_reset_state + k * LANES,
            load(r.recurrent_kernel + k * width + Cell::H_GATES[j] * r.units + at, lanes));
  }
  Vector total[Cell::SUMS] = {};
  for (int j = 0; bias && j < Cell::GATES; j++) {
    total[Cell::X_FIRST + j] += load(bias + Cell::X_GATES[j] * r.units + at, lanes);
    if (Cell::INNER_BIAS) total[Cell::H_FIRST + j] += load(bias + width + Cell::H_GATES[j] * r.units + at, lanes);
  }
  for (int j = 0; j < Cell::SUMS; j++) store(biases + j * LANES, total[j]);
}

template <class Cell>
static void forward_rows(const Recurrence& r, long step, long block, long sample, long rows, const float* sums, float* const* states,
                         float* kept) {
  long lanes = r.lanes(block), at = block * LANES;
  for (long i = 0; i < rows; i++) {
    Vector sum[Cell::SUMS], old[MOST_STATES], now[MOST_STATES], keep[MOST_SUMS];
    for (int j = 0; j < Cell::SUMS; j++) sum[j] = load(sums + (i * Cell::SUMS + j) * LANES);
    for (int s = 0; s < Cell::STATES; s++) old[s] = load(r.before(s, step, sample + i) + at, lanes);
    Cell::forward(r.functions, sum, old, now, keep);
    bool live = r.live(step, sample + i);
    for (int s = 0; s < Cell::STATES; s++) store(states[s] + r.place(s, step, sample + i) + at, live ? now[s] : old[s], lanes);
    for (int j = 0; kept && j < Cell::KEPT; j++)
      store(kept + (r.row(step, sample + i) * Cell::KEPT + j) * r.units + at, keep[j], lanes);
  }
}

// The gates of rows whose sums are there, in the place of these, and the state that the reset gate lets through.
template <class Cell>
static void gates_of_rows(const Recurrence& r, long step, long block, long sample, long rows, float* sums, float* reset_states) {
  for (long i = 0; i < rows; i++) {
    Vector sum[Cell::SUMS];
    for (int j = 0; j < Cell::SUMS; j++) sum[j] = load(sums + (i * Cell::SUMS + j) * LANES);
    Vector old = load(r.before(0, step, sample + i) + block * LANES, r.lanes(block));
    store(reset_states + i * r.units + block * LANES, Cell::gates(r.functions, sum, old), r.lanes(block));
    for (int j = 0; j < Cell::SUMS; j++) store(sums + (i * Cell::SUMS + j) * LANES, sum[j]);
  }
}

// Adds the product of the reset states to the candidates' sums. It is that of a SimpleRNN without inputs.
template <class Cell>
static void add_reset_product(long rows, long units, const float* reset_states, const float* W, float* sums) {
  static const float no_bias[LANES] = {};
  alignas(64) float products[GROUP * LANES];
  in_groups(0, rows, TILE_ROWS<SimpleRNNCell>, [&](long first, long count) {
    sums_of<SimpleRNNCell>(count, 0, units, nullptr, reset_states + first * units, W, no_bias, products + first * LANES);
  });
  for (long i = 0; i < rows; i++) {
    float* sum = sums + (i * Cell::SUMS + Cell::CANDIDATE) * LANES;
    store(sum, load(sum) + load(products + i * LANES));
  }
}

// `bias`, or null: (GATES * units), where there is an inner bias two rows of these. `states` are r.states, to be written, and `kept`
// (steps, batch, KEPT * units), or null where there is no way back.
template <class Cell, class Pool>
void recurrent_forward(Pool& pool, const Recurrence& r, const float* bias, float* const* states, float* kept) {
  long blocks = r.blocks(), panel = (r.inputs + r.units) * Cell::GATES * LANES, parts = r.parts(pool, Cell::GATES);
  // The sums of a tile; where the candidate needs the reset states of all units, these and the sums of a group in all blocks.
  long of_part = RESETS_STATE<Cell> ? GROUP * (blocks * Cell::SUMS * LANES + r.padded()) : TILE_ROWS<Cell> * Cell::SUMS * LANES;
  Workspace memory(blocks * (panel + Cell::SUMS * LANES) + parts * of_part);
  float *panels = memory.data(), *biases = panels + blocks * panel, *of_parts = biases + blocks * Cell::SUMS * LANES;
  parallel_for(pool, parts, [&](long part) {
    for (long block = first_of(part, parts, blocks, 1); block < first_of(part + 1, parts, blocks, 1); block++)
      pack_block<Cell>(r, bias, block, panels + block * panel, biases + block * Cell::SUMS * LANES);
  });
  parallel_for(pool, parts, [&](long part) {
    float *all_sums = of_parts + part * of_part, *reset_states = all_sums + GROUP * blocks * Cell::SUMS * LANES;
    in_groups(first_of(part, parts, r.batch, 1), first_of(part + 1, parts, r.batch, 1), GROUP, [&](long first, long count) {
      for (long step = 0; step < r.steps; step++) {
        for (long block = 0; block < blocks; block++)
          in_groups(first, first + count, TILE_ROWS<Cell>, [&](long sample, long rows) {
            float* sums = all_sums + (RESETS_STATE<Cell> ? block * count + sample - first : 0) * Cell::SUMS * LANES;
            sums_of<Cell>(rows, r.inputs, r.units, r.x + r.row(step, sample) * r.inputs, r.before(0, step, sample), panels + block * panel,
                          biases + block * Cell::SUMS * LANES, sums);
            if constexpr (RESETS_STATE<Cell>) {
              gates_of_rows<Cell>(r, step, block, sample, rows, sums, reset_states + (sample - first) * r.units);
            } else {
              forward_rows<Cell>(r, step, block, sample, rows, sums, states, kept);
            }
          });
        if constexpr (RESETS_STATE<Cell>)
          for (long block = 0; block < blocks; block++) {
            float* sums = all_sums + block * count * Cell::SUMS * LANES;
            const float* W = panels + (block + 1) * panel - r.units * LANES;
            add_reset_product<Cell>(count, r.units, reset_states, W, sums);
            forward_rows<Cell>(r, step, block, first, count, sums, states, kept);
          }
      }
    });
  });
}

// ---------------------------------------------------------------- backward

struct RecurrentGradients {
  const float* d_outputs;           // (steps, batch, units)
  const float* d_final[MOST_STATES];  // (batch, units)
  float *dx, *d_kernel, *d_recurrent_kernel, *d_bias;  // dx and d_bias may be null
  float* d_first[MOST_STATES];
};

// A kernel (N, GATES * units) turned, its gates' units padded: panels of PANEL of its N rows, each (GATES * padded, PANEL).
template <class Cell>
static void pack_turned(const Recurrence& r, const float* kernel, const int* gates, long N, long panel, float* turned) {
  long padded = r.padded(), width = Cell::GATES * r.units, first = panel * PANEL;
  std::memset(turned, 0, sizeof(float) * Cell::GATES * padded * PANEL);
  for (int j = 0; j < Cell::GATES; j++)
    transpose(kernel + first * width + gates[j] * r.units, std::min(PANEL, N - first), r.units, width, turned + j * padded * PANEL, PANEL);
}

static inline long panels_of(long N) { return (N + PANEL - 1) / PANEL; }

// C (M, N) = A (M, K) B, or C += A B, with B in panels of `depth` rows, of which it takes the first K.
static inline void product_with_panels(long M, long N, long K, const float* A, long A_stride, const float* panels, long depth, float* C,
                                       long C_stride, bool accumulate) {
  for (long n = 0; n < N; n += PANEL)
    product(M, std::min(PANEL, N - n), K, A, A_stride, 1, panels + n * depth, PANEL, C + n, C_stride,
            {nullptr, Activation::linear, accumulate});
}

// One thread's part of the way back.
template <class Cell>
struct RecurrentBackward {
  const Recurrence& r;
  const float* kept;
  const RecurrentGradients& gradients;
  const float *kernel_turned, *recurrent_turned;
  float* memory;

  static long stride_of_sums(const Recurrence& r) { return Cell::SUMS * r.padded() + LANES; }  // uneven: spreads over the cache's sets
  static long stride_of_rows(const Recurrence& r) { return r.inputs + (RESETS_STATE<Cell> ? 2 : 1) * r.units + LANES; }
  static long weights(const Recurrence& r) { return (r.inputs + r.units) * Cell::GATES * r.padded() + Cell::SUMS * r.padded(); }
  static long floats(const Recurrence& r) {
    return weights(r) + CHUNK * (stride_of_sums(r) + stride_of_rows(r)) + Cell::STATES * GROUP * r.padded();
  }

  // The gradients of the weights: of the kernel, (inputs, GATES * padded), of the recurrent kernel and of the biases, (SUMS * padded).
  float* d_kernel() const { return memory; }
  float* d_recurrent_kernel() const { return d_kernel() + r.inputs * Cell::GATES * r.padded(); }
  float* d_bias() const { return d_recurrent_kernel() + r.units * Cell::GATES * r.padded(); }
  // Of a chunk: the gradients of the sums; and side by side x, the state before and the reset state, if there is one.
  float* d_sums() const { return memory + weights(r); }
  float* rows_of_weights() const { return d_sums() + CHUNK * stride_of_sums(r); }
  float* d_state(int state, long i) const { return rows_of_weights() + CHUNK * stride_of_rows(r) + (state * GROUP + i) * r.padded(); }

  void run(long first, long end) const {
    std::memset(memory, 0, sizeof(float) * weights(r));
    in_groups(first, end, GROUP, [&](long sample, long count) {
      for (int s = 0; s < Cell::STATES; s++)
        for (long i = 0; i < count; i++)
          std::memcpy(d_state(s, i), gradients.d_final[s] + (sample + i) * r.units, sizeof(float) * r.units);
      long steps = std::max(1L, CHUNK / count);
      for (long step = r.steps; step > 0; step -= steps) chunk(std::max(0L, step - steps), step, sample, count);
      for (int s = 0; s < Cell::STATES; s++)
        for (long i = 0; i < count; i++)
          std::memcpy(gradients.d_first[s] + (sample + i) * r.units, d_state(s, i), sizeof(float) * r.units);
    });
  }

  void chunk(long first, long end, long sample, long count) const {
    long padded = r.padded(), width = Cell::GATES * padded, of_state = Cell::OF_STATE * padded;
    long sums_stride = stride_of_sums(r), rows_stride = stride_of_rows(r);
    for (long step = end - 1; step >= first; step--) {
      float* d = d_sums() + (step - first) * count * sums_stride;
      float* rows = rows_of_weights() + (step - first) * count * rows_stride;
      for (long i = 0; i < count; i++) {
        std::memcpy(rows + i * rows_stride, r.x + r.row(step, sample + i) * r.inputs, sizeof(float) * r.inputs);
        std::memcpy(rows + i * rows_stride + r.inputs, r.before(0, step, sample + i), sizeof(float) * r.units);
      }
      for (long block = 0; block < r.blocks(); block++) step_back(step, block, sample, count, d);
      if constexpr (RESETS_STATE<Cell>) {
        product_with_panels(count, r.units, padded, d + Cell::CANDIDATE * padded, sums_stride, recurrent_turned + of_state * PANEL, width,
                            d + Cell::RESET * padded, sums_stride, false);
        for (long block = 0; block < r.blocks(); block++) reset_back(step, block, sample, count, d, rows + r.inputs + r.units);
      }
      product_with_panels(count, r.units, of_state, d + Cell::H_FIRST * padded, sums_stride, recurrent_turned, width, d_state(0, 0), padded,
                          true);
    }
    if (gradients.dx)
      for (long panel = 0; panel < panels_of(r.inputs); panel++)
        for (long step = first; step < end; step++)
          product_with_panels(count, std::min(PANEL, r.inputs - panel * PANEL), width,
                              d_sums() + (step - first) * count * sums_stride + Cell::X_FIRST * padded, sums_stride,
                              kernel_turned + panel * PANEL * width, width, gradients.dx + r.row(step, sample) * r.inputs + panel * PANEL,
                              r.inputs, false);
    long rows = (end - first) * count;
    const Epilogue add{nullptr, Activation::linear, true};
    product(r.inputs, width, rows, rows_of_weights(), 1, rows_stride, d_sums() + Cell::X_FIRST * padded, sums_stride, d_kernel(), width, add);
    product(r.units, of_state, rows, rows_of_weights() + r.inputs, 1, rows_stride, d_sums() + Cell::H_FIRST * padded, sums_stride,
            d_recurrent_kernel(), width, add);
    if constexpr (RESETS_STATE<Cell>)
      product(r.units, padded, rows, rows_of_weights() + r.inputs + r.units, 1, rows_stride, d_sums() + Cell::CANDIDATE * padded,
              sums_stride, d_recurrent_kernel() + of_state, width, add);
  }

  // The gradients of the sums of one block of units, and of the state before as far as no product is in the way.
  void step_back(long step, long block, long sample, long count, float* d) const {
    long lanes = r.lanes(block), at = block * LANES, padded = r.padded();
    Vector bias[Cell::SUMS];
    for (int j = 0; j < Cell::SUMS; j++) bias[j] = load(d_bias() + j * padded + at);
    for (long i = 0; i < count; i++) {
      Vector keep[MOST_SUMS], old[MOST_STATES], now[MOST_STATES], d_new[MOST_STATES], d_sum[Cell::SUMS] = {};
      long row = r.row(step, sample + i);
      for (int s = 0; s < Cell::STATES; s++) d_new[s] = load(d_state(s, i) + at, lanes);
      d_new[0] += load(gradients.d_outputs + row * r.units + at, lanes);
      if (r.live(step, sample + i)) {
        for (int j = 0; j < Cell::KEPT; j++) keep[j] = load(kept + (row * Cell::KEPT + j) * r.units + at, lanes);
        for (int s = 0; s < Cell::STATES; s++) {
          old[s] = load(r.before(s, step, sample + i) + at, lanes);
          now[s] = load(r.states[s] + row * r.units + at, lanes);
        }
        Cell::backward(r.functions, keep, old, now, d_new, d_sum);
      }
      for (int j = 0; j < Cell::SUMS; j++) {
        store(d + i * stride_of_sums(r) + j * padded + at, d_sum[j]);
        bias[j] += d_sum[j];
      }
      for (int s = 0; s < Cell::STATES; s++) store(d_state(s, i) + at, d_new[s], lanes);
    }
    for (int j = 0; j < Cell::SUMS; j++) store(d_bias() + j * padded + at, bias[j]);
  }

  // From the reset state's gradient, in the place of the reset gate's sum: that sum's gradient, and what the state before has of it.
  void reset_back(long step, long block, long sample, long count, float* d, float* reset_states) const {
    long lanes = r.lanes(block), at = block * LANES;
    Vector bias = load(d_bias() + Cell::RESET * r.padded() + at);
    for (long i = 0; i < count; i++) {
      float* d_reset = d + i * stride_of_sums(r) + Cell::RESET * r.padded() + at;
      Vector reset = {}, old = {}, d_sum = {};
      if (r.live(step, sample + i)) {
        reset = load(kept + (r.row(step, sample + i) * Cell::KEPT + Cell::RESET) * r.units + at, lanes);
        old = load(r.before(0, step, sample + i) + at, lanes);
        Vector d_old = load(d_state(0, i) + at, lanes);
        d_sum = Cell::reset_backward(r.functions, reset, old, load(d_reset), d_old);
        store(d_state(0, i) + at, d_old, lanes);
      }
      store(reset_states + i * stride_of_rows(r) + at, reset * old, lanes);
      store(d_reset, d_sum);
      bias += d_sum;
    }
    store(d_bias() + Cell::RESET * r.padded() + at, bias);
  }
};

// to[gates[j] * units + u] = sum over the parts of from[j * padded + u], for each gate j and unit u.
template <class Cell>
static void add_parts(const Recurrence& r, long parts, long distance, const float* from, const int* gates, float* to) {
  for (int j = 0; j < Cell::GATES; j++)
    for (long block = 0; block < r.blocks(); block++) {
      Vector total = load(from + j * r.padded() + block * LANES);
      for (long part = 1; part < parts; part++) total += load(from + part * distance + j * r.padded() + block * LANES);
      store(to + gates[j] * r.units + block * LANES, total, r.lanes(block));
    }
}

template <class Cell, class Pool>
void recurrent_backward(Pool& pool, const Recurrence& r, const float* kept, const RecurrentGradients& gradients) {
  using Backward = RecurrentBackward<Cell>;
  long width = Cell::GATES * r.padded(), parts = r.parts(pool, Cell::GATES), distance = (Backward::floats(r) + LANES - 1) / LANES * LANES;
  long x_panels = gradients.dx ? panels_of(r.inputs) : 0, h_panels = panels_of(r.units);
  Workspace memory((x_panels + h_panels) * PANEL * width + parts * distance);
  float *kernel_turned = memory.data(), *recurrent_turned = kernel_turned + x_panels * PANEL * width;
  float* of_parts = recurrent_turned + h_panels * PANEL * width;
  parallel_for(pool, parts, [&](long part) {
    long end = first_of(part + 1, parts, x_panels + h_panels, 1);
    for (long i = first_of(part, parts, x_panels + h_panels, 1); i < end; i++)
      if (i < x_panels) {
        pack_turned<Cell>(r, r.kernel, Cell::X_GATES, r.inputs, i, kernel_turned + i * PANEL * width);
      } else {
        pack_turned<Cell>(r, r.recurrent_kernel, Cell::H_GATES, r.units, i - x_panels, kernel_turned + i * PANEL * width);
      }
  });
  parallel_for(pool, parts, [&](long part) {
    Backward backward{r, kept, gradients, kernel_turned, recurrent_turned, of_parts + part * distance};
    backward.run(first_of(part, parts, r.batch, 1), first_of(part + 1, parts, r.batch, 1));
  });
  Backward sums{r, kept, gradients, kernel_turned, recurrent_turned, of_parts};
  parallel_for(pool, parts, [&](long part) {
    long end = first_of(part + 1, parts, r.inputs + r.units, 1), columns = Cell::GATES * r.units;
    for (long k = first_of(part, parts, r.inputs + r.units, 1); k < end; k++)
      if (k < r.inputs) {
        add_parts<Cell>(r, parts, distance, sums.d_kernel() + k * width, Cell::X_GATES, gradients.d_kernel + k * columns);
      } else {
        add_parts<Cell>(r, parts, distance, sums.d_kernel() + k * width, Cell::H_GATES, gradients.d_recurrent_kernel + (k - r.inputs) * columns);
      }
  });
  if (!gradients.d_bias) return;
  add_parts<Cell>(r, parts, distance, sums.d_bias() + Cell::X_FIRST * r.padded(), Cell::X_GATES, gradients.d_bias);
  if (Cell::INNER_BIAS)
    add_parts<Cell>(r, parts, distance, sums.d_bias() + Cell::H_FIRST * r.padded(), Cell::H_GATES, gradients.d_bias + Cell::GATES * r.units);
}

}  // namespace neurona
