// The optimizers' updates against their formulas, over arrays of odd sizes and several callers at once.
#include "../../../neurona/kernels/cpp/update.h"
#include "pool.h"

using namespace neurona;

template <class Formula>
static void check(Pool& pool, const Formula& formula, const std::vector<long>& sizes, bool in_place) {
  std::vector<Floats> old, gradients, found;  // of each array: the weights, then the slots
  std::vector<Weights> all;
  for (long size : sizes) {
    gradients.push_back(random_floats(size, size));
    for (int group = 0; group < 3; group++) {
      old.push_back(random_floats(size, 7 * size + group));
      for (float& value : old.back()) value = group ? std::fabs(value) : value;
    }
  }
  found = old;
  for (std::size_t i = 0; i < sizes.size(); i++) {
    auto& from = in_place ? found : old;
    all.push_back({sizes[i],
                   gradients[i].data(),
                   from[3 * i].data(),
                   found[3 * i].data(),
                   {from[3 * i + 1].data(), from[3 * i + 2].data()},
                   {found[3 * i + 1].data(), found[3 * i + 2].data()},
                   i % 2 ? 0.f : 0.25f});
  }
  update(pool, formula, all);
  for (std::size_t i = 0; i < sizes.size(); i++) {
    Doubles results[3];
    for (long j = 0; j < sizes[i]; j++) {
      double slots[2] = {old[3 * i + 1][j], old[3 * i + 2][j]}, w = old[3 * i][j];
      results[0].push_back(w - w * all[i].decay + plain::move(formula, gradients[i][j], slots));
      for (int s = 0; s < 2; s++) results[1 + s].push_back(slots[s]);
    }
    for (int group = 0; group < 3; group++) expect_close("update", found[3 * i + group], results[group]);
  }
}

template <class Formula>
static void check_all(Pool& pool) {
  const float numbers[] = {0.9f, 0.1f, 1e-3f};
  Formula formula(0.5f, numbers);
  for (bool in_place : {false, true}) {
    check(pool, formula, {1, 15, 16, 17, 0, 33}, in_place);
    check(pool, formula, {100001, 3, 60000}, in_place);
  }
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; i++) callers.emplace_back([&] { check(pool, formula, {50000, 70001}, true); });
  for (auto& caller : callers) caller.join();
}

int main() {
  Pool pool(3);
  check_all<Descent>(pool);
  check_all<Momentum<false>>(pool);
  check_all<Momentum<true>>(pool);
  check_all<RootMeanSquare>(pool);
  check_all<AdaptiveMoments>(pool);
}
