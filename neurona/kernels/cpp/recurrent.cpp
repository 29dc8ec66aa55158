#include "handler.h"
#include "recurrent_backward.h"

namespace neurona {

// An array without elements means that there is none.
template <class Pointer>
static Pointer unless_empty(Pointer data, size_t elements) {
  return elements ? data : nullptr;
}

static Recurrence recurrence(Input x, Input kernel, Input recurrent_kernel, Input h, Input c, Flags mask,
                             Activation activation, Activation recurrent_activation, bool reverse) {
  auto shape = x.dimensions();
  Recurrence r{};
  r.steps = shape[0], r.batch = shape[1], r.inputs = shape[2], r.units = recurrent_kernel.dimensions()[0];
  r.reverse = reverse;
  r.functions = {activation, recurrent_activation};
  r.x = x.typed_data(), r.kernel = kernel.typed_data(), r.recurrent_kernel = recurrent_kernel.typed_data();
  r.first[0] = h.typed_data(), r.first[1] = c.typed_data();
  r.mask = unless_empty(mask.typed_data(), mask.element_count());
  return r;
}

template <class Cell>
static ffi::Error forward(ffi::ThreadPool pool, Input x, Input kernel, Input recurrent_kernel, Input bias,
                          Input h, Input c, Flags mask, Output all_h, Output all_c, Output kept,
                          Attribute<Activation, ACTIVATION> activation,
                          Attribute<Activation, RECURRENT_ACTIVATION> recurrent_activation,
                          Attribute<bool, REVERSE> reverse) {
  Recurrence r =
      recurrence(x, kernel, recurrent_kernel, h, c, mask, *activation, *recurrent_activation, *reverse);
  float* states[] = {all_h->typed_data(), all_c->typed_data()};
  r.states[0] = states[0], r.states[1] = states[1], r.keeps_all = all_c->dimensions()[0] == r.steps;
  recurrent_forward<Cell>(pool, r, unless_empty(bias.typed_data(), bias.element_count()), states,
                          unless_empty(kept->typed_data(), kept->element_count()));
  return ffi::Error::Success();
}

template <class Cell>
static ffi::Error gradients(ffi::ThreadPool pool, Input x, Input kernel, Input recurrent_kernel, Input h,
                            Input c, Flags mask, Input all_h, Input all_c, Input kept, Input d_outputs,
                            Input d_final_h, Input d_final_c, Output dx, Output d_kernel,
                            Output d_recurrent_kernel, Output d_bias, Output d_h, Output d_c,
                            Attribute<Activation, ACTIVATION> activation,
                            Attribute<Activation, RECURRENT_ACTIVATION> recurrent_activation,
                            Attribute<bool, REVERSE> reverse) {
  Recurrence r =
      recurrence(x, kernel, recurrent_kernel, h, c, mask, *activation, *recurrent_activation, *reverse);
  r.states[0] = all_h.typed_data(), r.states[1] = all_c.typed_data(), r.keeps_all = true;
  recurrent_backward<Cell>(pool, r, kept.typed_data(),
                           {d_outputs.typed_data(),
                            {d_final_h.typed_data(), d_final_c.typed_data()},
                            unless_empty(dx->typed_data(), dx->element_count()),
                            d_kernel->typed_data(),
                            d_recurrent_kernel->typed_data(),
                            unless_empty(d_bias->typed_data(), d_bias->element_count()),
                            {d_h->typed_data(), d_c->typed_data()}});
  return ffi::Error::Success();
}

}  // namespace neurona

#define NEURONA_RECURRENCE(name, Cell)                    \
  NEURONA_HANDLER(name, neurona::forward<neurona::Cell>); \
  NEURONA_HANDLER(name##_gradients, neurona::gradients<neurona::Cell>)

NEURONA_RECURRENCE(neurona_simple_rnn, SimpleRNNCell);
NEURONA_RECURRENCE(neurona_lstm, LSTMCell);
NEURONA_RECURRENCE(neurona_gru, GRUCell);
NEURONA_RECURRENCE(neurona_gru_reset_before, GRUResetBeforeCell);
