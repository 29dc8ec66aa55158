// Maximum pooling and its gradient against the definition, over odd sizes and several windows.
#include "../../../neurona/kernels/cpp/pooling.h"
#include "pool.h"

using namespace neurona;

static void check(Pool& pool, const Pooling& p) {
  const long size = p.batch * p.outputs(0) * p.outputs(1) * p.outputs(2) * p.channels;
  Floats x = random_floats(p.inputs(), 1), g = random_floats(size, 2), y(size), dx(p.inputs());
  for (float& value : x) value = std::round(2 * value);  // several equal maxima in a window
  std::vector<int32_t> where(size), expected_where(size);
  Doubles expected_y(size), expected_dx(p.inputs());
  plain::max_pool(p, x.data(), expected_y.data(), expected_where.data());
  plain::max_pool_gradient(p, expected_where.data(), g.data(), expected_dx.data());
  max_pool(pool, p, x.data(), y.data(), where.data());
  expect_close("y", y, expected_y, 0);
  if (where != expected_where) fail("where: another input of a window won");
  max_pool_gradient(pool, p, where.data(), g.data(), dx.data());
  expect_close("dx", dx, expected_dx, 0);
}

int main() {
  Pool pool(3);
  for (long channels : {1L, 6L, 16L, 17L, 40L}) {
    check(pool, {3, channels, {28, 1, 28}, {2, 1, 2}});
    check(pool, {2, channels, {9, 1, 7}, {2, 1, 3}});
    check(pool, {2, channels, {1, 1, 11}, {1, 1, 2}});
    check(pool, {2, channels, {5, 4, 6}, {2, 2, 2}});
  }
  check(pool, {32, 32, {32, 1, 32}, {2, 1, 2}});
}
