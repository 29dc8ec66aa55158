// Recurrences over a whole sequence: what forward and backward share, and the forward pass. Cells are in
// recurrent_cells.h, the gradients in recurrent_backward.h.
//
// Arrays are contiguous and time-major: x (steps, batch, inputs), states (steps, batch, units), kernels
// (inputs or units, GATES * units). Threads share the samples, which do not depend on one another.
#pragma once

#include <algorithm>

#include "matrix.h"
#include "parallel.h"
#include "recurrent_cells.h"

namespace neurona {

template <class Cell>
constexpr bool RESETS_STATE = Cell::OF_STATE < Cell::GATES;

constexpr int MOST_STATES = 2, MOST_SUMS = 4;
constexpr double RECURRENT_PART = 200e3;  // multiplications that are worth a thread
constexpr long GROUP = 48;                // samples that go through the sequence together
constexpr long CHUNK = 192;               // steps * samples whose weight gradient is one product
constexpr long PANEL = 3 * LANES;         // columns of a matrix that lie together
constexpr float NO_BIAS[LANES] = {};

// A recurrence, with its states before the first step and after each step.
struct Recurrence {
  long steps, batch, inputs, units;
  bool reverse;
  Functions functions;
  const float *x, *kernel, *recurrent_kernel;
  const float* first[MOST_STATES];   // (batch, units)
  const float* states[MOST_STATES];  // (steps, batch, units)
  // Whether every state has a place for each step. Else only the first one has, and in the others, (batch,
  // units), a step overwrites the step before.
  bool keeps_all;
  const bool* mask;  // (steps, batch), false where the states stay as they are; or null

  long blocks() const { return (units + LANES - 1) / LANES; }  // of units
  long padded() const { return blocks() * LANES; }
  long lanes(long block) const { return std::min<long>(LANES, units - block * LANES); }
  long row(long step, long sample) const { return (reverse ? steps - 1 - step : step) * batch + sample; }
  bool valid(long step, long sample) const { return !mask || mask[row(step, sample)]; }
  long place(int state, long step, long sample) const {
    return (state == 0 || keeps_all ? row(step, sample) : sample) * units;
  }
  const float* before(int state, long step, long sample) const {
    return step ? states[state] + place(state, step - 1, sample) : first[state] + sample * units;
  }
  template <class Pool>
  long parts(Pool& pool, long gates) const {
    const double multiplications = 1.0 * steps * batch * (inputs + units) * gates * units;
    return std::min(batch, part_count(pool, multiplications, RECURRENT_PART));
  }
};

namespace plain {

// The sizes, the direction and the mask are those of r. h and c become the final states. Everything is in
// double precision, so that the tests can take finite differences.
template <class Cell>
void recurrent(Cell cell, const Recurrence& r,
               const double* x,                 // (steps, batch, inputs)
               const double* kernel,            // (inputs, GATES * units)
               const double* recurrent_kernel,  // (units, GATES * units)
               const double* bias,              // (GATES * units), twice for a cell with an inner bias
               double* h,                       // (batch, units)
               double* c,                       // (batch, units) for a cell of two states
               double* outputs) {               // (steps, batch, units)
  const long width = Cell::GATES * r.units;
  for (long step = 0; step < r.steps; step++)
    for (long n = 0; n < r.batch; n++) {
      const long row = r.row(step, n);
      if (r.valid(step, n)) {
        std::vector<double> of_x(bias, bias + width), of_h(width);
        if (Cell::INNER_BIAS) of_h.assign(bias + width, bias + 2 * width);
        for (long j = 0; j < width; j++) {
          for (long k = 0; k < r.inputs; k++) of_x[j] += x[row * r.inputs + k] * kernel[k * width + j];
          for (long k = 0; k < r.units; k++) of_h[j] += h[n * r.units + k] * recurrent_kernel[k * width + j];
        }
        recurrent_step(cell, r.units, of_x.data(), of_h.data(), recurrent_kernel, h + n * r.units,
                       c + n * r.units);
      }
      std::copy(h + n * r.units, h + (n + 1) * r.units, outputs + row * r.units);
    }
}

}  // namespace plain

// Calls work(first, count) for groups of nearly equal size, at most `most`.
template <class Work>
static void in_groups(long first, long end, long most, const Work& work) {
  const long groups = (end - first + most - 1) / most;
  for (long group = 0; group < groups; group++) {
    const long from = first + (end - first) * group / groups,
               to = first + (end - first) * (group + 1) / groups;
    work(from, to - from);
  }
}

// sums[i][FIRST + j] += sum over k of A[i][k] * W[k][j]
template <int ROWS, int GATES, int SUMS, int FIRST>
NEURONA_INLINE void add_product(long K, const float* __restrict A, long A_stride, const float* __restrict W,
                                Vector (&sums)[ROWS][SUMS]) {
  for (long k = 0; k < K; k++) {
    Vector w[GATES];
#pragma GCC unroll 4
    for (int j = 0; j < GATES; j++) w[j] = load(W + (k * GATES + j) * LANES);
#pragma GCC unroll 16
    for (int i = 0; i < ROWS; i++) {
      const Vector a = broadcast(A[i * A_stride + k]);
#pragma GCC unroll 4
      for (int j = 0; j < GATES; j++) sums[i][FIRST + j] += a * w[j];
    }
  }
}

// What the sums of one block of units are made of: rows of x and of h, and the weights and biases of
// pack_block.
struct BlockSums {
  long inputs, units;
  const float *x, *h, *W, *biases;
};

// The sums of ROWS samples, to (ROWS, SUMS, LANES).
template <class Cell, int ROWS>
static __attribute__((noinline)) void block_sums_tile(const BlockSums& b, float* __restrict to) {
  const long inputs = b.inputs, units = b.units;
  const float* __restrict W = b.W, * __restrict biases = b.biases;
  Vector sums[ROWS][Cell::SUMS];
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
    for (int j = 0; j < Cell::SUMS; j++) sums[i][j] = load(biases + j * LANES);
  add_product<ROWS, Cell::GATES, Cell::SUMS, Cell::X_FIRST>(inputs, b.x, inputs, W, sums);
  add_product<ROWS, Cell::OF_STATE, Cell::SUMS, Cell::H_FIRST>(units, b.h, units,
                                                               W + inputs * Cell::GATES * LANES, sums);
#pragma GCC unroll 16
  for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 4
    for (int j = 0; j < Cell::SUMS; j++) store(to + (i * Cell::SUMS + j) * LANES, sums[i][j]);
}

// The most rows whose sums stay in registers, with a row of weights and a broadcast.
template <class Cell>
constexpr int TILE_ROWS = std::min(14, (REGISTERS - 1 - Cell::GATES) / Cell::SUMS);

// The sums of up to TILE_ROWS samples.
template <class Cell, int ROWS = TILE_ROWS<Cell>>
static void block_sums(const BlockSums& b, long rows, float* to) {
  if constexpr (ROWS > 1) {
    if (rows < ROWS) return block_sums<Cell, ROWS - 1>(b, rows, to);
  }
  block_sums_tile<Cell, ROWS>(b, to);
}

// The weights of a block of units in the order in which the tiles read them: [input][gate][lane], then
// [unit][gate of the state][lane], then, for a cell that resets the state, [unit][lane]. And the biases,
// [sum][lane].
template <class Cell>
static void pack_block(const Recurrence& r, const float* bias, long block, float* weights, float* biases) {
  const long width = Cell::GATES * r.units, lanes = r.lanes(block), first = block * LANES;
  float *of_h = weights + r.inputs * Cell::GATES * LANES,
        *of_reset_state = of_h + r.units * Cell::OF_STATE * LANES;
  for (int j = 0; j < Cell::GATES; j++) {
    for (long k = 0; k < r.inputs; k++)
      store(weights + (k * Cell::GATES + j) * LANES,
            load(r.kernel + k * width + Cell::X_GATES[j] * r.units + first, lanes));
    for (long k = 0; k < r.units; k++)
      store(j < Cell::OF_STATE ? of_h + (k * Cell::OF_STATE + j) * LANES : of_reset_state + k * LANES,
            load(r.recurrent_kernel + k * width + Cell::H_GATES[j] * r.units + first, lanes));
  }
  Vector total[Cell::SUMS] = {};
  for (int j = 0; bias && j < Cell::GATES; j++) {
    total[Cell::X_FIRST + j] += load(bias + Cell::X_GATES[j] * r.units + first, lanes);
    if (Cell::INNER_BIAS)
      total[Cell::H_FIRST + j] += load(bias + width + Cell::H_GATES[j] * r.units + first, lanes);
  }
  for (int j = 0; j < Cell::SUMS; j++) store(biases + j * LANES, total[j]);
}

// The forward pass: r.states are `states`, which it writes, and `kept` is (steps, batch, KEPT * units), or
// null without a backward pass.
template <class Cell>
struct RecurrentForward {
  const Recurrence& r;
  float* const* states;
  float* kept;
  const float *weights, *biases;  // of all blocks, from pack_block

  static constexpr long SUMS_OF_ROW = Cell::SUMS * LANES;

  static long weights_of_block(const Recurrence& r) { return (r.inputs + r.units) * Cell::GATES * LANES; }
  // The sums of one tile; for a cell that resets the state, those of a group in all blocks, and its reset
  // states.
  static long floats(const Recurrence& r) {
    return RESETS_STATE<Cell> ? GROUP * (r.blocks() * SUMS_OF_ROW + r.padded())
                              : TILE_ROWS<Cell> * SUMS_OF_ROW;
  }

  void run(Part samples, float* memory) const {
    in_groups(samples.begin, samples.end, GROUP, [&](long first, long count) {
      for (long step = 0; step < r.steps; step++)
        if constexpr (RESETS_STATE<Cell>) {
          reset_step(step, first, count, memory, memory + GROUP * r.blocks() * SUMS_OF_ROW);
        } else {
          for (long block = 0; block < r.blocks(); block++)
            in_groups(first, first + count, TILE_ROWS<Cell>, [&](long sample, long rows) {
              block_sums<Cell>(sums_of(step, block, sample), rows, memory);
              write_states(step, block, sample, rows, memory);
            });
        }
    });
  }

  // A step of a cell that resets the state: the gates of all units, then the candidates.
  void reset_step(long step, long first, long count, float* all_sums, float* reset_states) const {
    for (long block = 0; block < r.blocks(); block++)
      in_groups(first, first + count, TILE_ROWS<Cell>, [&](long sample, long rows) {
        float* sums = all_sums + (block * count + sample - first) * SUMS_OF_ROW;
        block_sums<Cell>(sums_of(step, block, sample), rows, sums);
        write_gates(step, block, sample, rows, sums, reset_states + (sample - first) * r.units);
      });
    for (long block = 0; block < r.blocks(); block++) {
      float* sums = all_sums + block * count * SUMS_OF_ROW;
      add_reset_product(block, count, reset_states, sums);
      write_states(step, block, first, count, sums);
    }
  }

  BlockSums sums_of(long step, long block, long sample) const {
    return {r.inputs,
            r.units,
            r.x + r.row(step, sample) * r.inputs,
            r.before(0, step, sample),
            weights + block * weights_of_block(r),
            biases + block * SUMS_OF_ROW};
  }

  void write_states(long step, long block, long sample, long rows, const float* sums) const {
    const long lanes = r.lanes(block), first = block * LANES;
    for (long i = 0; i < rows; i++) {
      Vector sum[Cell::SUMS], old[MOST_STATES], now[MOST_STATES], keep[MOST_SUMS];
      for (int j = 0; j < Cell::SUMS; j++) sum[j] = load(sums + (i * Cell::SUMS + j) * LANES);
      for (int s = 0; s < Cell::STATES; s++) old[s] = load(r.before(s, step, sample + i) + first, lanes);
      Cell::forward(r.functions, sum, old, now, keep);
      const bool valid = r.valid(step, sample + i);
      for (int s = 0; s < Cell::STATES; s++)
        store(states[s] + r.place(s, step, sample + i) + first, valid ? now[s] : old[s], lanes);
      for (int j = 0; kept && j < Cell::KEPT; j++)
        store(kept + (r.row(step, sample + i) * Cell::KEPT + j) * r.units + first, keep[j], lanes);
    }
  }

  // Replaces the sums of gates by the gates, and writes the states that the reset gate lets through.
  void write_gates(long step, long block, long sample, long rows, float* sums, float* reset_states) const {
    for (long i = 0; i < rows; i++) {
      Vector sum[Cell::SUMS];
      for (int j = 0; j < Cell::SUMS; j++) sum[j] = load(sums + (i * Cell::SUMS + j) * LANES);
      const Vector old = load(r.before(0, step, sample + i) + block * LANES, r.lanes(block));
      store(reset_states + i * r.units + block * LANES, Cell::gates(r.functions, sum, old), r.lanes(block));
      for (int j = 0; j < Cell::SUMS; j++) store(sums + (i * Cell::SUMS + j) * LANES, sum[j]);
    }
  }

  // Adds the product of the reset states to the candidates' sums. It is the product of a SimpleRNN without
  // inputs.
  void add_reset_product(long block, long rows, const float* reset_states, float* sums) const {
    const float* W = weights + (block + 1) * weights_of_block(r) - r.units * LANES;
    alignas(64) float products[GROUP * LANES];
    in_groups(0, rows, TILE_ROWS<SimpleRNNCell>, [&](long first, long count) {
      block_sums<SimpleRNNCell>({0, r.units, nullptr, reset_states + first * r.units, W, NO_BIAS}, count,
                                products + first * LANES);
    });
    for (long i = 0; i < rows; i++) {
      float* sum = sums + (i * Cell::SUMS + Cell::CANDIDATE) * LANES;
      store(sum, load(sum) + load(products + i * LANES));
    }
  }
};

// `bias` is (GATES * units), twice for a cell with an inner bias; or null.
template <class Cell, class Pool>
void recurrent_forward(Pool& pool, const Recurrence& r, const float* bias, float* const* states,
                       float* kept) {
  using Forward = RecurrentForward<Cell>;
  const long weights_of_block = Forward::weights_of_block(r), sums_of_row = Forward::SUMS_OF_ROW;
  const long parts = r.parts(pool, Cell::GATES), floats = Forward::floats(r);
  Workspace memory(r.blocks() * (weights_of_block + sums_of_row) + parts * floats);
  float *weights = memory.data(), *biases = weights + r.blocks() * weights_of_block;
  float* of_parts = biases + r.blocks() * sums_of_row;
  parallel_for(pool, parts, r.blocks(), [&](Part part) {
    for (long block = part.begin; block < part.end; block++)
      pack_block<Cell>(r, bias, block, weights + block * weights_of_block, biases + block * sums_of_row);
  });
  const Forward forward{r, states, kept, weights, biases};
  parallel_for(pool, parts, r.batch,
               [&](Part samples) { forward.run(samples, of_parts + samples.number * floats); });
}

}  // namespace neurona
