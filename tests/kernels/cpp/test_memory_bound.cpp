// Embedding, batch and layer normalization, dropout and cross-entropy against naive loops, over odd sizes and several callers at once.
#include <cstring>

#include "../../../neurona/kernels/cpp/cross_entropy.h"
#include "../../../neurona/kernels/cpp/dropout.h"
#include "../../../neurona/kernels/cpp/embedding.h"
#include "../../../neurona/kernels/cpp/layer_normalization.h"
#include "../../../neurona/kernels/cpp/normalization.h"
#include "pool.h"

using namespace neurona;
using Doubles = std::vector<double>;

static void check_embedding(Pool& pool, long rows, long width, long count) {
  Floats table = random_floats(rows * width, 1), g = random_floats(count * width, 2), y(count * width), gradient(rows * width);
  std::vector<int32_t> numbers(count);
  for (long i = 0; i < count; i++) numbers[i] = static_cast<int32_t>(i * i * 7 % rows);
  Doubles expected(count * width), sums(rows * width);
  for (long i = 0; i < count; i++)
    for (long j = 0; j < width; j++) {
      expected[i * width + j] = table[numbers[i] * width + j];
      sums[numbers[i] * width + j] += g[i * width + j];
    }
  embedding(pool, count, width, table.data(), numbers.data(), y.data());
  embedding_gradient(pool, count, width, rows, numbers.data(), g.data(), gradient.data());
  expect_close("embedding", y, expected, 0);
  expect_close("gradient of the table", gradient, sums, 1e-5);
}

// Batch normalization of images (N, height, width, C), with what follows it.
static void check_normalization(Pool& pool, const Images& images, bool relu, bool pools) {
  const float epsilon = 1e-3f;
  const long rows = images.N * images.height * images.width, C = images.C, size = pools ? rows * C / 4 : rows * C;
  Floats x = random_floats(rows * C, 1), g = random_floats(size, 2), gamma = random_floats(C, 3), beta = random_floats(C, 4);
  Floats y(size), mean(C), variance(C), dx(rows * C), dgamma(C), dbeta(C), again(rows * C);
  Doubles z(rows * C), y_(size), mean_(C), variance_(C), dx_(rows * C), dz(rows * C), dgamma_(C), dbeta_(C);
  for (long c = 0; c < C; c++) {
    for (long i = 0; i < rows; i++) mean_[c] += x[i * C + c] / static_cast<double>(rows);
    for (long i = 0; i < rows; i++) variance_[c] += std::pow(x[i * C + c] - mean_[c], 2) / rows;
    for (long i = 0; i < rows; i++) z[i * C + c] = (x[i * C + c] - mean_[c]) / std::sqrt(variance_[c] + epsilon) * gamma[c] + beta[c];
  }
  for (long o = 0; o < size; o++) {
    long place = o;
    if (pools) {
      long window = o / C, column = window % (images.width / 2), row = window / (images.width / 2);
      long first = (2 * row * images.width + 2 * column) * C + o % C, below = first + images.width * C;
      place = first;
      for (long other : {first + C, below, below + C})
        if (z[other] > z[place]) place = other;
    }
    y_[o] = relu ? std::max(z[place], 0.0) : z[place];
    if (!relu || z[place] > 0) dz[place] = g[o];
  }
  for (long c = 0; c < C; c++) {
    double products = 0, deviation = std::sqrt(variance_[c] + epsilon);
    for (long i = 0; i < rows; i++) {
      dbeta_[c] += dz[i * C + c];
      products += dz[i * C + c] * (x[i * C + c] - mean_[c]);
    }
    dgamma_[c] = products / deviation;
    for (long i = 0; i < rows; i++) {
      double d = x[i * C + c] - mean_[c];
      dx_[i * C + c] = gamma[c] / deviation * (dz[i * C + c] - dbeta_[c] / rows - d * products / (rows * deviation * deviation));
    }
  }
  moments(pool, rows, C, x.data(), mean.data(), variance.data());
  expect_close("mean", mean, mean_, 1e-5);
  expect_close("variance", variance, variance_, 1e-5);
  const Standardization s(C, gamma.data(), beta.data(), mean.data(), variance.data(), epsilon, relu);
  auto gradients = [&](Floats& to) {
    if (pools) {
      normalize_max_pool_gradients(pool, images, x.data(), s, mean.data(), variance.data(), epsilon, g.data(), to.data(), dgamma.data(),
                                   dbeta.data());
    } else {
      normalize_gradients(pool, rows, C, x.data(), s, mean.data(), variance.data(), epsilon, g.data(), to.data(), dgamma.data(),
                          dbeta.data());
    }
  };
  pools ? normalize_max_pool(pool, images, x.data(), s, y.data()) : normalize(pool, rows, C, x.data(), s, y.data());
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
  Floats x = random_floats(rows * C, 1), g = random_floats(rows * C, 2), gamma = random_floats(C, 3), beta = random_floats(C, 4);
  Floats y(rows * C), mean(rows), inverse(rows), dx(rows * C), dgamma(C), dbeta(C), again(rows * C), dgamma_again(C);
  Doubles y_(rows * C), mean_(rows), inverse_(rows), dx_(rows * C), dgamma_(C), dbeta_(C);
  for (long i = 0; i < rows; i++) {
    const long row = i * C;
    double variance = 0, scaled = 0, products = 0;
    for (long c = 0; c < C; c++) mean_[i] += x[row + c] / static_cast<double>(C);
    for (long c = 0; c < C; c++) variance += std::pow(x[row + c] - mean_[i], 2) / C;
    inverse_[i] = 1 / std::sqrt(variance + epsilon);
    auto z = [&](long c) { return (x[row + c] - mean_[i]) * inverse_[i]; };
    for (long c = 0; c < C; c++) {
      y_[row + c] = z(c) * gamma[c] + beta[c];
      dgamma_[c] += g[row + c] * z(c);
      dbeta_[c] += g[row + c];
      scaled += g[row + c] * gamma[c] / C;
      products += g[row + c] * gamma[c] * z(c) / C;
    }
    for (long c = 0; c < C; c++) dx_[row + c] = (g[row + c] * gamma[c] - scaled - z(c) * products) * inverse_[i];
  }
  auto forward = [&](Floats& y) {
    layer_normalization(pool, rows, C, x.data(), gamma.data(), beta.data(), epsilon, y.data(), mean.data(), inverse.data());
  };
  auto backward = [&](Floats& dgamma) {
    layer_normalization_gradients(pool, rows, C, x.data(), gamma.data(), mean.data(), inverse.data(), g.data(), dx.data(), dgamma.data(),
                                  dbeta.data());
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

// One block of Threefry, as its authors write it.
static uint32_t block(uint32_t key0, uint32_t key1, uint32_t x0, uint32_t x1) {
  const uint32_t keys[3] = {key0, key1, 0x1BD11BDA ^ key0 ^ key1};
  const int rotations[8] = {13, 15, 26, 6, 17, 29, 16, 24};
  x0 += keys[0];
  x1 += keys[1];
  for (int round = 0; round < 20; round++) {
    x0 += x1;
    x1 = x1 << rotations[round % 8] | x1 >> (32 - rotations[round % 8]);
    x1 ^= x0;
    if (round % 4 == 3) {
      uint32_t turn = round / 4 + 1;
      x0 += keys[turn % 3];
      x1 += keys[(turn + 1) % 3] + turn;
    }
  }
  return x0 ^ x1;
}

static void check_dropout(Pool& pool, long size, float keep) {
  Floats x = random_floats(size, 1), y(size);
  Doubles expected(size);
  for (long i = 0; i < size; i++) {
    float uniform = static_cast<float>(block(17, 4, 0, static_cast<uint32_t>(i)) >> 9) / (1 << 23);
    expected[i] = uniform < keep ? x[i] / keep : 0;
  }
  dropout(pool, size, 17, 4, keep, x.data(), y.data());
  expect_close("dropout", y, expected, 1e-6);
}

static void check_cross_entropy(Pool& pool, long rows, long C) {
  Floats z = random_floats(rows * C, 1), targets = random_floats(rows * C, 2), g = random_floats(rows, 3);
  Floats errors(rows), gradient(rows * C), dense_errors(rows), dense_gradient(rows * C);
  std::vector<int32_t> classes(rows);
  std::vector<Scale> scales(rows);
  Doubles errors_(rows), gradient_(rows * C), dense_errors_(rows), dense_gradient_(rows * C);
  for (long i = 0; i < rows; i++) {
    classes[i] = static_cast<int32_t>(i % (C + 2)) - 1;  // -1 and C are no classes
    bool exists = classes[i] >= 0 && classes[i] < C;
    double sum = 0, weight = 0;
    for (long j = 0; j < C; j++) {
      sum += std::exp(static_cast<double>(z[i * C + j]));
      weight += targets[i * C + j];
    }
    if (exists) errors_[i] = std::log(sum) - z[i * C + classes[i]];
    for (long j = 0; j < C; j++) {
      double p = std::exp(static_cast<double>(z[i * C + j])) / sum;
      gradient_[i * C + j] = exists ? g[i] * (p - (j == classes[i])) : 0;
      dense_errors_[i] -= targets[i * C + j] * std::log(p);
      dense_gradient_[i * C + j] = g[i] * (p * weight - targets[i * C + j]);
    }
  }
  sparse_cross_entropy(pool, rows, C, z.data(), classes.data(), errors.data(), scales.data());
  sparse_cross_entropy_gradient(pool, rows, C, z.data(), classes.data(), scales.data(), g.data(), gradient.data());
  expect_close("sparse errors", errors, errors_, 1e-5);
  expect_close("sparse gradient", gradient, gradient_, 1e-5);
  dense_cross_entropy(pool, rows, C, z.data(), targets.data(), dense_errors.data(), scales.data());
  dense_cross_entropy_gradient(pool, rows, C, z.data(), targets.data(), scales.data(), g.data(), dense_gradient.data());
  expect_close("dense errors", dense_errors, dense_errors_, 1e-5);
  expect_close("dense gradient", dense_gradient, dense_gradient_, 1e-5);
}

int main() {
  Pool pool(3);
  if (block(0, 0, 0, 0) != (0x6b200159u ^ 0x99ba4efeu)) return 1;  // the authors' known answer
  for (long size : {1L, 15L, 16L, 17L, 33L, 30001L})
    for (float keep : {0.1f, 0.5f, 0.7f}) check_dropout(pool, size, keep);
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
      check_embedding(pool, 500, 70, 3000);
      check_normalization(pool, {4001, 1, 1, 33}, true, false);
      check_normalization(pool, {5, 20, 20, 33}, true, true);
      check_layer_normalization(pool, 3001, 33);
      check_cross_entropy(pool, 300, 100);
    });
  for (auto& caller : callers) caller.join();
}
