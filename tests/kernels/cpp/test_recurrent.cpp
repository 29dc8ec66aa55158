// The recurrent kernels against the definition and finite differences of it, over odd sizes, masks and both
// directions.
#include <memory>

#include "../../../neurona/kernels/cpp/recurrent_backward.h"
#include "pool.h"

using namespace neurona;

struct Problem {
  long steps, batch, inputs, units;
  bool reverse, masked;
};

// Everything that a recurrence depends on, as one list of arrays: x, kernel, recurrent kernel, bias, h, c.
enum { X, KERNEL, RECURRENT, BIAS, H, C, ARRAYS };

// The outputs by the definition. h and c become the final states.
template <class Cell>
static Doubles outputs_of(const Recurrence& r, const std::vector<Doubles>& arrays, Doubles& h, Doubles& c) {
  Doubles outputs(r.steps * r.batch * r.units);
  h = arrays[H], c = arrays[C];
  plain::recurrent(Cell(), r, arrays[X].data(), arrays[KERNEL].data(), arrays[RECURRENT].data(),
                   arrays[BIAS].data(), h.data(), c.data(), outputs.data());
  return outputs;
}

template <class Cell>
static void check(Pool& pool, const Problem& p, bool all_slopes) {
  long width = Cell::GATES * p.units, states = p.batch * p.units, rows = p.steps * p.batch;
  long sizes[ARRAYS] = {
      rows * p.inputs, p.inputs * width, p.units * width, width * (Cell::INNER_BIAS ? 2 : 1), states, states};
  std::vector<Floats> given;
  std::vector<Doubles> arrays;
  for (int i = 0; i < ARRAYS; i++) {
    Floats values = random_floats(sizes[i], i + 1);
    if (i == KERNEL || i == RECURRENT)
      for (auto& value : values) value /= std::sqrt(static_cast<float>(i == KERNEL ? p.inputs : p.units));
    arrays.emplace_back(values.begin(), values.end());
    given.push_back(values);
  }
  std::unique_ptr<bool[]> mask(p.masked ? new bool[rows] : nullptr);
  for (long i = 0; mask && i < rows; i++) mask[i] = i % 3 != 1;

  Recurrence r{};
  r.steps = p.steps, r.batch = p.batch, r.inputs = p.inputs, r.units = p.units, r.reverse = p.reverse,
  r.mask = mask.get();
  r.functions = {Activation::tanh, Activation::sigmoid};
  r.x = given[X].data(), r.kernel = given[KERNEL].data(), r.recurrent_kernel = given[RECURRENT].data();
  r.first[0] = given[H].data(), r.first[1] = given[C].data();
  Floats all_h(rows * p.units), all_c(rows * p.units), kept(rows * p.units * Cell::KEPT),
      alone(rows * p.units);
  float* written[] = {all_h.data(), all_c.data()};
  r.states[0] = written[0], r.states[1] = written[1], r.keeps_all = true;
  recurrent_forward<Cell>(pool, r, given[BIAS].data(), written, kept.data());
  Doubles h, c;
  expect_close("outputs", all_h, outputs_of<Cell>(r, arrays, h, c), 1e-5);

  Floats last_c(states);
  float* without_kept[] = {alone.data(), last_c.data()};
  Recurrence forward_only = r;
  forward_only.states[0] = without_kept[0], forward_only.states[1] = without_kept[1],
  forward_only.keeps_all = false;
  recurrent_forward<Cell>(pool, forward_only, given[BIAS].data(), without_kept, nullptr);
  expect_same_bits("outputs", all_h, alone);
  if (Cell::STATES == 2) expect_close("c", last_c, c, 1e-5);

  // The loss is the sum of outputs * d_outputs and of final states * d_final; its slopes are those of the
  // definition, by differences.
  Floats d_outputs = random_floats(rows * p.units, 11), d_h = random_floats(states, 12),
         d_c = random_floats(states, 13);
  auto loss = [&](const std::vector<Doubles>& at) {
    Doubles final_h, final_c, outputs = outputs_of<Cell>(r, at, final_h, final_c);
    double total = 0;
    for (long i = 0; i < rows * p.units; i++) total += outputs[i] * d_outputs[i];
    for (long i = 0; i < states; i++)
      total += final_h[i] * d_h[i] + (Cell::STATES == 2 ? final_c[i] * d_c[i] : 0);
    return total;
  };
  std::vector<Floats> found;
  for (long size : sizes) found.emplace_back(size);
  RecurrentGradients gradients{d_outputs.data(),
                               {d_h.data(), d_c.data()},
                               found[X].data(),
                               found[KERNEL].data(),
                               found[RECURRENT].data(),
                               found[BIAS].data(),
                               {found[H].data(), found[C].data()}};
  recurrent_backward<Cell>(pool, r, kept.data(), gradients);
  for (int array = 0; array < (Cell::STATES == 2 ? ARRAYS : C); array++) {
    long distance = all_slopes ? 1 : std::max(1L, sizes[array] / 3);
    Floats some;
    Doubles slopes;
    for (long i = 0; i < sizes[array]; i += distance) {
      auto there = arrays, back = arrays;
      there[array][i] += 1e-4, back[array][i] -= 1e-4;
      slopes.push_back((loss(there) - loss(back)) / 2e-4);
      some.push_back(found[array][i]);
    }
    expect_close("gradient", some, slopes, 2e-5);
  }
  Floats first = found[KERNEL];
  gradients.dx = nullptr, gradients.d_bias = nullptr;
  recurrent_backward<Cell>(pool, r, kept.data(), gradients);
  expect_same_bits("gradient", first, found[KERNEL]);
}

template <class Cell>
static void check_all(Pool& pool) {
  check<Cell>(pool, {1, 1, 1, 1, false, false}, true);
  check<Cell>(pool, {3, 2, 3, 5, false, true}, true);
  check<Cell>(pool, {4, 3, 2, 4, true, true}, true);
  check<Cell>(pool, {2, 33, 17, 33, true, false}, false);
  check<Cell>(pool, {7, 5, 50, 16, false, false}, false);
  check<Cell>(pool, {6, 110, 3, 9, false, true},
              false);  // chunks of time, groups of samples, several threads
}

int main() {
  Pool pool(3);
  check_all<SimpleRNNCell>(pool);
  check_all<LSTMCell>(pool);
  check_all<GRUCell>(pool);
  check_all<GRUResetBeforeCell>(pool);
  std::vector<std::thread> callers;  // several models in training, on one pool
  for (int i = 0; i < 3; i++)
    callers.emplace_back([&pool] { check<LSTMCell>(pool, {12, 20, 10, 17, false, true}, false); });
  for (auto& caller : callers) caller.join();
}
