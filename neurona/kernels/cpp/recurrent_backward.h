// The gradients of a recurrence, from the last step to the first.
#pragma once

#include "recurrent.h"

namespace neurona {

struct RecurrentGradients {
  const float* d_outputs;                              // (steps, batch, units)
  const float* d_final[MOST_STATES];                   // (batch, units)
  float *dx, *d_kernel, *d_recurrent_kernel, *d_bias;  // dx and d_bias may be null
  float* d_first[MOST_STATES];                         // (batch, units)
};

static inline long panels_of(long rows) { return (rows + PANEL - 1) / PANEL; }

// The transpose of a kernel (rows, GATES * units), in panels of PANEL of its rows, each (GATES * padded
// units, PANEL).
template <class Cell>
static void pack_transposed(const Recurrence& r, const float* kernel, const int* gates, long rows, long panel,
                            float* to) {
  const long padded = r.padded(), width = Cell::GATES * r.units,
             count = std::min(PANEL, rows - panel * PANEL);
  std::memset(to, 0, sizeof(float) * Cell::GATES * padded * PANEL);
  for (int j = 0; j < Cell::GATES; j++) {
    const ConstMatrix gate{kernel + panel * PANEL * width + gates[j] * r.units, count, r.units, width};
    transpose(gate, {to + j * padded * PANEL, r.units, count, PANEL});
  }
}

// C = A B, with B in panels of `depth` rows of PANEL columns, of which the first rows are read.
static inline void product_with_panels(const ConstMatrix& A, const float* panels, long depth, const Matrix& C,
                                       const Epilogue& epilogue = {}) {
  for (long n = 0; n < C.columns; n += PANEL) {
    const long width = std::min(PANEL, C.columns - n);
    product(A, {panels + n * depth, A.columns, width, PANEL}, C.column_block(n, width), epilogue);
  }
}

// The backward pass of some samples. `memory` holds their gradients of the weights, and what a chunk works
// on.
template <class Cell>
struct RecurrentBackward {
  const Recurrence& r;
  const float* kept;
  const RecurrentGradients& gradients;
  const float *kernel_panels, *recurrent_panels;  // the transposed kernels, from pack_transposed
  float* memory;

  // Uneven, so that the rows spread over the sets of the cache.
  static long stride_of_sums(const Recurrence& r) { return Cell::SUMS * r.padded() + LANES; }
  static long stride_of_rows(const Recurrence& r) {
    return r.inputs + (RESETS_STATE<Cell> ? 2 : 1) * r.units + LANES;
  }
  static long weights(const Recurrence& r) {
    return (r.inputs + r.units) * Cell::GATES * r.padded() + Cell::SUMS * r.padded();
  }
  static long floats(const Recurrence& r) {
    return weights(r) + CHUNK * (stride_of_sums(r) + stride_of_rows(r)) + Cell::STATES * GROUP * r.padded();
  }

  // The gradients of the kernel (inputs, GATES * padded), the recurrent kernel (units, GATES * padded) and
  // the biases (SUMS * padded).
  float* d_kernel() const { return memory; }
  float* d_recurrent_kernel() const { return d_kernel() + r.inputs * Cell::GATES * r.padded(); }
  float* d_bias() const { return d_recurrent_kernel() + r.units * Cell::GATES * r.padded(); }
  // Of a chunk: the gradients of the sums (rows, SUMS * padded); and side by side the rows of x, of the
  // states before and, for a cell that resets the state, of the reset states. A row is a step and a sample.
  Matrix d_sums(long first, long count) const {
    const long stride = stride_of_sums(r);
    return {memory + weights(r) + first * stride, count, Cell::SUMS * r.padded(), stride};
  }
  Matrix inputs(long first, long count) const {
    const long stride = stride_of_rows(r);
    return {memory + weights(r) + CHUNK * stride_of_sums(r) + first * stride, count, stride - LANES, stride};
  }
  // The gradients of a state of a group of samples (count, padded).
  float* d_state(int state, long i) const {
    return memory + weights(r) + CHUNK * (stride_of_sums(r) + stride_of_rows(r)) +
           (state * GROUP + i) * r.padded();
  }

  void run(Part samples) const {
    std::memset(memory, 0, sizeof(float) * weights(r));
    in_groups(samples.begin, samples.end, GROUP, [&](long sample, long count) {
      for (int s = 0; s < Cell::STATES; s++)
        for (long i = 0; i < count; i++)
          std::memcpy(d_state(s, i), gradients.d_final[s] + (sample + i) * r.units, sizeof(float) * r.units);
      const long steps = std::max(1L, CHUNK / count);
      for (long step = r.steps; step > 0; step -= steps)
        chunk(std::max(0L, step - steps), step, sample, count);
      for (int s = 0; s < Cell::STATES; s++)
        for (long i = 0; i < count; i++)
          std::memcpy(gradients.d_first[s] + (sample + i) * r.units, d_state(s, i), sizeof(float) * r.units);
    });
  }

  // The steps first, ..., end - 1: their gradients of the sums, then with these the gradients of x and of the
  // weights.
  void chunk(long first, long end, long sample, long count) const {
    for (long step = end - 1; step >= first; step--)
      step_back(step, sample, count, d_sums((step - first) * count, count),
                inputs((step - first) * count, count));
    if (gradients.dx) write_dx(first, end, sample, count);
    add_weight_gradients((end - first) * count);
  }

  void step_back(long step, long sample, long count, const Matrix& d, const Matrix& rows) const {
    const long padded = r.padded(), width = Cell::GATES * padded, of_state = Cell::OF_STATE * padded;
    for (long i = 0; i < count; i++) {
      float* row = rows.data + i * rows.row_stride;
      std::memcpy(row, r.x + r.row(step, sample + i) * r.inputs, sizeof(float) * r.inputs);
      std::memcpy(row + r.inputs, r.before(0, step, sample + i), sizeof(float) * r.units);
    }
    for (long block = 0; block < r.blocks(); block++) cell_back(step, block, sample, count, d);
    if constexpr (RESETS_STATE<Cell>) {
      product_with_panels(d.column_block(Cell::CANDIDATE * padded, padded),
                          recurrent_panels + of_state * PANEL, width,
                          d.column_block(Cell::RESET * padded, r.units));
      for (long block = 0; block < r.blocks(); block++)
        reset_back(step, block, sample, count, d, rows.column_block(r.inputs + r.units, r.units));
    }
    product_with_panels(d.column_block(Cell::H_FIRST * padded, of_state), recurrent_panels, width,
                        {d_state(0, 0), count, r.units, padded}, accumulate_if(true));
  }

  void write_dx(long first, long end, long sample, long count) const {
    const long width = Cell::GATES * r.padded();
    for (long panel = 0; panel < panels_of(r.inputs); panel++)  // a panel stays in the cache for all steps
      for (long step = first; step < end; step++) {
        const Matrix dx{gradients.dx + r.row(step, sample) * r.inputs, count, r.inputs, r.inputs};
        const long column = panel * PANEL, columns = std::min(PANEL, r.inputs - column);
        product_with_panels(
            d_sums((step - first) * count, count).column_block(Cell::X_FIRST * r.padded(), width),
            kernel_panels + column * width, width, dx.column_block(column, columns));
      }
  }

  // Adds the products of the inputs of a chunk and the gradients of its sums.
  void add_weight_gradients(long rows) const {
    const long padded = r.padded(), width = Cell::GATES * padded, of_state = Cell::OF_STATE * padded;
    const Matrix d = d_sums(0, rows), all = inputs(0, rows),
                 d_recurrent{d_recurrent_kernel(), r.units, width, width};
    product(all.column_block(0, r.inputs).transposed(), d.column_block(Cell::X_FIRST * padded, width),
            matrix(d_kernel(), r.inputs, width), accumulate_if(true));
    product(all.column_block(r.inputs, r.units).transposed(),
            d.column_block(Cell::H_FIRST * padded, of_state), d_recurrent.column_block(0, of_state),
            accumulate_if(true));
    if constexpr (RESETS_STATE<Cell>)
      product(all.column_block(r.inputs + r.units, r.units).transposed(),
              d.column_block(Cell::CANDIDATE * padded, padded), d_recurrent.column_block(of_state, padded),
              accumulate_if(true));
  }

  // The gradients of the sums of one block of units, and the part of the old states' gradients that goes
  // through no product.
  void cell_back(long step, long block, long sample, long count, const Matrix& d) const {
    const long lanes = r.lanes(block), first = block * LANES, padded = r.padded();
    Vector bias[Cell::SUMS];
    for (int j = 0; j < Cell::SUMS; j++) bias[j] = load(d_bias() + j * padded + first);
    for (long i = 0; i < count; i++) {
      Vector keep[MOST_SUMS], old[MOST_STATES], now[MOST_STATES], d_new[MOST_STATES], d_sum[Cell::SUMS] = {};
      const long row = r.row(step, sample + i);
      for (int s = 0; s < Cell::STATES; s++) d_new[s] = load(d_state(s, i) + first, lanes);
      d_new[0] += load(gradients.d_outputs + row * r.units + first, lanes);
      if (r.valid(step, sample + i)) {
        for (int j = 0; j < Cell::KEPT; j++)
          keep[j] = load(kept + (row * Cell::KEPT + j) * r.units + first, lanes);
        for (int s = 0; s < Cell::STATES; s++) {
          old[s] = load(r.before(s, step, sample + i) + first, lanes);
          now[s] = load(r.states[s] + row * r.units + first, lanes);
        }
        Cell::backward(r.functions, keep, old, now, d_new, d_sum);
      }
      for (int j = 0; j < Cell::SUMS; j++) {
        store(d.data + i * stride_of_sums(r) + j * padded + first, d_sum[j]);
        bias[j] += d_sum[j];
      }
      for (int s = 0; s < Cell::STATES; s++) store(d_state(s, i) + first, d_new[s], lanes);
    }
    for (int j = 0; j < Cell::SUMS; j++) store(d_bias() + j * padded + first, bias[j]);
  }

  // Replaces the gradient of the reset state, in the place of the reset gate's sum, by the gradient of that
  // sum, and adds to the gradient of the state before.
  void reset_back(long step, long block, long sample, long count, const Matrix& d,
                  const Matrix& reset_states) const {
    const long lanes = r.lanes(block), first = block * LANES;
    Vector bias = load(d_bias() + Cell::RESET * r.padded() + first);
    for (long i = 0; i < count; i++) {
      float* d_reset = d.data + i * stride_of_sums(r) + Cell::RESET * r.padded() + first;
      Vector reset = {}, old = {}, d_sum = {};
      if (r.valid(step, sample + i)) {
        reset = load(kept + (r.row(step, sample + i) * Cell::KEPT + Cell::RESET) * r.units + first, lanes);
        old = load(r.before(0, step, sample + i) + first, lanes);
        Vector d_old = load(d_state(0, i) + first, lanes);
        d_sum = Cell::reset_backward(r.functions, reset, old, load(d_reset), d_old);
        store(d_state(0, i) + first, d_old, lanes);
      }
      store(reset_states.data + i * stride_of_rows(r) + first, reset * old, lanes);
      store(d_reset, d_sum);
      bias += d_sum;
    }
    store(d_bias() + Cell::RESET * r.padded() + first, bias);
  }
};

// to[gates[j] * units + u] = sum over the parts of from[j * padded + u], for each gate j and unit u.
// `distance` is that between parts.
template <class Cell>
static void add_parts(const Recurrence& r, long parts, long distance, const float* from, const int* gates,
                      float* to) {
  for (int j = 0; j < Cell::GATES; j++)
    for (long block = 0; block < r.blocks(); block++) {
      const float* place = from + j * r.padded() + block * LANES;
      Vector total = load(place);
      for (long part = 1; part < parts; part++) total += load(place + part * distance);
      store(to + gates[j] * r.units + block * LANES, total, r.lanes(block));
    }
}

template <class Cell, class Pool>
void recurrent_backward(Pool& pool, const Recurrence& r, const float* kept,
                        const RecurrentGradients& gradients) {
  using Backward = RecurrentBackward<Cell>;
  const long width = Cell::GATES * r.padded(), parts = r.parts(pool, Cell::GATES);
  const long x_panels = gradients.dx ? panels_of(r.inputs) : 0, h_panels = panels_of(r.units);
  const long distance = up_to_multiple(Backward::floats(r), LANES);
  Workspace memory((x_panels + h_panels) * PANEL * width + parts * distance);
  float *kernel_panels = memory.data(), *recurrent_panels = kernel_panels + x_panels * PANEL * width;
  float* of_parts = recurrent_panels + h_panels * PANEL * width;
  auto backward_of = [&](long part) {
    return Backward{r, kept, gradients, kernel_panels, recurrent_panels, of_parts + part * distance};
  };

  parallel_for(pool, parts, x_panels + h_panels, [&](Part part) {
    for (long i = part.begin; i < part.end; i++)
      if (i < x_panels) {
        pack_transposed<Cell>(r, r.kernel, Cell::X_GATES, r.inputs, i, kernel_panels + i * PANEL * width);
      } else {
        const long panel = i - x_panels;
        pack_transposed<Cell>(r, r.recurrent_kernel, Cell::H_GATES, r.units, panel,
                              recurrent_panels + panel * PANEL * width);
      }
  });
  parallel_for(pool, parts, r.batch, [&](Part samples) { backward_of(samples.number).run(samples); });

  // The sums over the parts.
  const Backward first = backward_of(0);
  parallel_for(pool, parts, r.inputs + r.units, [&](Part rows) {
    const long columns = Cell::GATES * r.units;
    for (long i = rows.begin; i < rows.end; i++)
      if (i < r.inputs) {
        add_parts<Cell>(r, parts, distance, first.d_kernel() + i * width, Cell::X_GATES,
                        gradients.d_kernel + i * columns);
      } else {
        const long k = i - r.inputs;
        add_parts<Cell>(r, parts, distance, first.d_recurrent_kernel() + k * width, Cell::H_GATES,
                        gradients.d_recurrent_kernel + k * columns);
      }
  });
  if (!gradients.d_bias) return;
  add_parts<Cell>(r, parts, distance, first.d_bias() + Cell::X_FIRST * r.padded(), Cell::X_GATES,
                  gradients.d_bias);
  if (Cell::INNER_BIAS)
    add_parts<Cell>(r, parts, distance, first.d_bias() + Cell::H_FIRST * r.padded(), Cell::H_GATES,
                    gradients.d_bias + Cell::GATES * r.units);
}

}  // namespace neurona
