// Embedding, batch and layer normalization, dropout, Bernoulli units and cross-entropy against their definitions, over odd
// sizes and several callers at once.
#include "../../../neurona/kernels/cpp/bernoulli.h"
#include "../../../neurona/kernels/cpp/cross_entropy.h"
#include "../../../neurona/kernels/cpp/embedding.h"
#include "../../../neurona/kernels/cpp/layer_normalization.h"
#include "../../../neurona/kernels/cpp/normalization_max_pool.h"
#include "pool.h"

using namespace neurona;

static void check_embedding(Pool& pool, long rows, long width, long count) {
  const Floats table = random_floats(rows * width, 1), g = random_floats(count * width, 2);
  Floats y(count * width), dtable(rows * width);
  std::vector<int32_t> numbers(count);
  for (long i = 0; i < count; i++) numbers[i] = static_cast<int32_t>(i * i * 7 % rows);
  Doubles expected_y(count * width), expected_dtable(rows * width);
  plain::embedding(count, width, table.data(), numbers.data(), expected_y.data());
  plain::embedding_gradient(count, width, numbers.data(), g.data(), expected_dtable.data());
  embedding(pool, count, width, table.data(), numbers.data(), y.data());
  embedding_gradient(pool, count, width, rows, numbers.data(), g.data(), dtable.data());
  expect_close("embedding", y, expected_y, 0);
  expect_close("gradient of the table", dtable, expected_dtable, 1e-5);
}

// Batch normalization of images, with what follows it.
static void check_normalization(Pool& pool, const Images& images, bool relu, bool pools) {
  const float epsilon = 1e-3f;
  const long rows = images.N * images.height * images.width, C = images.C,
             size = pools ? rows * C / 4 : rows * C;
  const Floats x = random_floats(rows * C, 1), g = random_floats(size, 2);
  const Floats gamma = random_floats(C, 3), beta = random_floats(C, 4);
  Doubles mean_(C), variance_(C), z(rows * C), dz(rows * C), y_(size), dx_(rows * C), dgamma_(C), dbeta_(C);
  plain::moments(rows, C, x.data(), mean_.data(), variance_.data());
  plain::normalize(rows, C, x.data(), gamma.data(), beta.data(), mean_.data(), variance_.data(), epsilon,
                   z.data());
  for (long o = 0; o < size; o++) {
    const long place = pools ? plain::winner_of_window(images, z.data(), o) : o;
    y_[o] = relu ? std::max(z[place], 0.0) : z[place];
    if (!relu || z[place] > 0) dz[place] = g[o];
  }
  plain::normalize_gradients(rows, C, x.data(), gamma.data(), mean_.data(), variance_.data(), epsilon,
                             dz.data(), dx_.data(), dgamma_.data(), dbeta_.data());

  Floats mean(C), variance(C), y(size), dx(rows * C), dgamma(C), dbeta(C), again(rows * C);
  moments(pool, rows, C, x.data(), mean.data(), variance.data());
  expect_close("mean", mean, mean_, 1e-5);
  expect_close("variance", variance, variance_, 1e-5);
  const Standardization s(C, gamma.data(), beta.data(), mean.data(), variance.data(), epsilon, relu);
  auto gradients = [&](Floats& dx) {
    const NormalizationGradients to{dx.data(), dgamma.data(), dbeta.data()};
    pools ? normalize_max_pool_gradients(pool, images, x.data(), s, g.data(), to)
          : normalize_gradients(pool, rows, C, x.data(), s, g.data(), to);
  };
  pools ? normalize_max_pool(pool, images, x.data(), s, y.data())
        : normalize(pool, rows, C, x.data(), s, y.data());
  expect_close("y", y, y_, 1e-5);
  gradients(dx);
  expect_close("dgamma", dgamma, dgamma_, 3e-5);
  expect_close("dbeta", dbeta, dbeta_, 3e-5);
  expect_close("dx", dx, dx_, 3e-5);
  gradients(again);
  expect_same_bits("dx", dx, again);
}

static void check_layer_normalization(Pool& pool, long rows, long C) {
  const float epsilon = 1e-3f;
  const Floats x = random_floats(rows * C, 1), g = random_floats(rows * C, 2);
  const Floats gamma = random_floats(C, 3), beta = random_floats(C, 4);
  Doubles y_(rows * C), mean_(rows), inverse_(rows), dx_(rows * C), dgamma_(C), dbeta_(C);
  plain::layer_normalization(rows, C, x.data(), gamma.data(), beta.data(), epsilon, y_.data(), mean_.data(),
                             inverse_.data());
  plain::layer_normalization_gradients(rows, C, x.data(), gamma.data(), mean_.data(), inverse_.data(),
                                       g.data(), dx_.data(), dgamma_.data(), dbeta_.data());

  Floats y(rows * C), mean(rows), inverse(rows), dx(rows * C), dgamma(C), dbeta(C), again(rows * C),
      dgamma_again(C);
  const ConstMatrix matrix_of_x = matrix(x.data(), rows, C);
  auto forward = [&](Floats& y) {
    layer_normalization(pool, matrix_of_x, gamma.data(), beta.data(), epsilon, y.data(), mean.data(),
                        inverse.data());
  };
  auto backward = [&](Floats& dgamma) {
    layer_normalization_gradients(pool, {matrix_of_x, gamma.data(), mean.data(), inverse.data(), g.data()},
                                  dx.data(), dgamma.data(), dbeta.data());
  };
  forward(y);
  expect_close("means of rows", mean, mean_, 1e-5);
  expect_close("1 / deviations of rows", inverse, inverse_, 1e-5);
  expect_close("normalized rows", y, y_, 1e-5);
  backward(dgamma);
  expect_close("dx of rows", dx, dx_, 3e-5);
  expect_close("dgamma of rows", dgamma, dgamma_, 3e-5);
  expect_close("dbeta of rows", dbeta, dbeta_, 3e-5);
  forward(again);
  backward(dgamma_again);
  expect_same_bits("normalized rows", y, again);
  expect_same_bits("dgamma of rows", dgamma, dgamma_again);
}

static void check_dropout(Pool& pool, long size, float keep) {
  const Floats x = random_floats(size, 1);
  Floats y(size);
  Doubles expected(size);
  plain::dropout(size, 17, 4, keep, x.data(), expected.data());
  dropout(pool, size, Dropout(17, 4, keep), x.data(), y.data());
  expect_close("dropout", y, expected, 1e-6);
}

static void check_bernoulli(Pool& pool, long size) {
  const Floats z = random_floats(size, 1);
  Floats y(size);
  Doubles expected(size);
  plain::bernoulli(size, 17, 4, z.data(), expected.data());
  bernoulli(pool, size, 17, 4, z.data(), y.data());
  expect_close("Bernoulli units", y, expected, 0);
}

static void check_cross_entropy(Pool& pool, long rows, long C) {
  const Floats z = random_floats(rows * C, 1), targets = random_floats(rows * C, 2),
               g = random_floats(rows, 3);
  Floats errors(rows), dz(rows * C);
  std::vector<int32_t> classes(rows);
  std::vector<Scale> scales(rows);
  for (long i = 0; i < rows; i++)
    classes[i] = static_cast<int32_t>(i % (C + 2)) - 1;  // -1 and C are no classes
  Doubles errors_(rows), dz_(rows * C);
  plain::sparse_cross_entropy(rows, C, z.data(), classes.data(), g.data(), errors_.data(), dz_.data());
  sparse_cross_entropy(pool, rows, C, z.data(), classes.data(), errors.data(), scales.data());
  sparse_cross_entropy_gradient(pool, rows, C, z.data(), classes.data(), scales.data(), g.data(), dz.data());
  expect_close("sparse errors", errors, errors_, 1e-5);
  expect_close("sparse gradient", dz, dz_, 1e-5);
  plain::dense_cross_entropy(rows, C, z.data(), targets.data(), g.data(), errors_.data(), dz_.data());
  dense_cross_entropy(pool, rows, C, z.data(), targets.data(), errors.data(), scales.data());
  dense_cross_entropy_gradient(pool, rows, C, z.data(), targets.data(), scales.data(), g.data(), dz.data());
  expect_close("dense errors", errors, errors_, 1e-5);
  expect_close("dense gradient", dz, dz_, 1e-5);
}

int main() {
  Pool pool(3);
  if (plain::random_bits(0, 0, 0, 0) != (0x6b200159u ^ 0x99ba4efeu)) fail("Threefry: not the known answer");
  for (long size : {1L, 15L, 16L, 17L, 33L, 30001L})
    for (float keep : {0.1f, 0.5f, 0.7f}) check_dropout(pool, size, keep);
  for (long size : {1L, 15L, 16L, 17L, 33L, 30001L}) check_bernoulli(pool, size);
  for (long rows : {1L, 7L, 300L})
    for (long width : {1L, 15L, 16L, 33L, 130L})
      for (long count : {1L, 40L, 1000L}) check_embedding(pool, rows, width, count);
  for (long rows : {1L, 2L, 17L, 130L, 3000L})
    for (long C : {1L, 3L, 15L, 16L, 17L, 70L}) {
      check_normalization(pool, {rows, 1, 1, C}, false, false);
      check_normalization(pool, {rows, 1, 1, C}, true, false);
    }
  for (long C : {1L, 15L, 16L, 17L, 70L})
    for (bool relu : {false, true}) check_normalization(pool, {3, 6, 4, C}, relu, true);
  for (long rows : {1L, 15L, 17L, 300L, 2000L})
    for (long C : {1L, 3L, 15L, 16L, 17L, 70L, 130L}) check_layer_normalization(pool, rows, C);
  check_layer_normalization(pool, 3, 5001);
  for (long rows : {1L, 7L, 200L})
    for (long C : {1L, 3L, 15L, 16L, 17L, 130L}) check_cross_entropy(pool, rows, C);
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; i++)
    callers.emplace_back([&pool] {
      check_dropout(pool, 50001, 0.5f);
      check_bernoulli(pool, 50001);
      check_embedding(pool, 500, 70, 3000);
      check_normalization(pool, {4001, 1, 1, 33}, true, false);
      check_normalization(pool, {5, 20, 20, 33}, true, true);
      check_layer_normalization(pool, 3001, 33);
      check_cross_entropy(pool, 300, 100);
    });
  for (auto& caller : callers) caller.join();
}
