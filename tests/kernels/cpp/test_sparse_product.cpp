// Products of matrices with many zeros against their definition: over odd sizes and shares of zeros, of
// transposes, and with what is added.
#include "../../../neurona/kernels/cpp/sparse_product.h"
#include "pool.h"

using namespace neurona;

static Floats random_sparse(long count, double share) {
  Floats values = random_floats(count, 1);
  std::mt19937 generator(2);
  std::bernoulli_distribution exists(share);
  for (float& value : values)
    if (!exists(generator)) value = 0;
  return values;
}

static ConstMatrix view(const Floats& values, long rows, long columns, bool transposed) {
  return transposed ? matrix(values.data(), columns, rows).transposed()
                    : matrix(values.data(), rows, columns);
}

static void check(Pool& pool, long rows, long depth, long columns, double share, bool transposes_A,
                  bool transposes_B) {
  const Floats a = random_sparse(rows * depth, share), b = random_floats(depth * columns, 3);
  const ConstMatrix A = view(a, rows, depth, transposes_A), B = view(b, depth, columns, transposes_B);
  for (bool is_row : {false, true}) {
    const Floats d = random_floats(is_row ? columns : rows * columns, 4);
    const ConstMatrix D{d.data(), rows, columns, is_row ? 0 : columns};
    Floats c(rows * columns), again = is_row ? c : d;
    Doubles expected(c.size());
    plain::sparse_product(A, B, D, expected.data());
    sparse_product(pool, A, B, D, matrix(c.data(), rows, columns));
    expect_close("sparse product", c, expected);
    const Matrix in_place = matrix(again.data(), rows, columns);
    sparse_product(pool, A, B, is_row ? D : ConstMatrix(in_place), in_place);
    expect_same_bits("sparse product", c, again);
  }
}

int main() {
  Pool pool(3);
  for (double share : {0.0, 0.2, 0.6, 1.0})
    for (bool transposes_A : {false, true})
      for (bool transposes_B : {false, true})
        for (long columns : values({1L, 7L, 8L, 33L, 130L}))
          for (long depth : values({1L, 8L, 31L, 200L}))
            for (long rows : values({1L, 9L, 100L}))
              check(pool, rows, depth, columns, share, transposes_A, transposes_B);
  check(pool, 150, 300, 400, 0.2, false, true);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; i++)
    callers.emplace_back([&pool] {
      check(pool, 90, 70, 500, 0.1, true, false);
      check(pool, 90, 70, 500, 0.9, false, true);
    });
  for (auto& caller : callers) caller.join();
}
