#include "update.h"

#include "handler.h"

namespace neurona {

using Floats = ffi::Span<const float>;

// Arguments: the weights' values, then each slot's arrays, then the gradients. Results: the new values and
// slots, in the same order.
template <class Formula>
static ffi::Error update_all(ffi::ThreadPool pool, Input learning_rate, Input rate,
                             ffi::RemainingArgs arguments, ffi::RemainingRets results, Floats decays,
                             Floats numbers) {
  std::vector<Weights> all(decays.size());
  std::size_t count = all.size();
  for (std::size_t i = 0; i < count; i++) {
    Weights& weights = all[i];
    auto array = [&](std::size_t group) { return arguments.get<Input>(group * count + i).value(); };
    auto result = [&](std::size_t group) { return (*results.get<Input>(group * count + i))->typed_data(); };
    weights.size = array(0).element_count();
    weights.decay = decays[i] * learning_rate.typed_data()[0];
    weights.old_value = array(0).typed_data();
    weights.value = result(0);
    for (int s = 0; s < Formula::SLOTS; s++) {
      weights.old_slots[s] = array(1 + s).typed_data();
      weights.slots[s] = result(1 + s);
    }
    weights.gradient = array(1 + Formula::SLOTS).typed_data();
  }
  update(pool, Formula(rate.typed_data()[0], numbers.begin()), all);
  return ffi::Error::Success();
}

static auto binding() {
  return ffi::Ffi::Bind()
      .Ctx<ffi::ThreadPool>()
      .Arg<Input>()
      .Arg<Input>()
      .RemainingArgs()
      .RemainingRets()
      .Attr<Floats>("decays")
      .Attr<Floats>("numbers");
}

}  // namespace neurona

NEURONA_HANDLER(neurona_update_sgd, neurona::update_all<neurona::Descent>, neurona::binding());
NEURONA_HANDLER(neurona_update_momentum, neurona::update_all<neurona::Momentum<false>>, neurona::binding());
NEURONA_HANDLER(neurona_update_nesterov, neurona::update_all<neurona::Momentum<true>>, neurona::binding());
NEURONA_HANDLER(neurona_update_rmsprop, neurona::update_all<neurona::RootMeanSquare>, neurona::binding());
NEURONA_HANDLER(neurona_update_adam, neurona::update_all<neurona::AdaptiveMoments>, neurona::binding());
