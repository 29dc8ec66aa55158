// The pass over a text that learns word vectors against its definition, over odd sizes.
#include "../../../neurona/kernels/cpp/word_vectors.h"
#include "pool.h"

using namespace neurona;

static void check(long words, long depth, long length, long width, const WordOptions& options) {
  std::mt19937 generator(1);
  const long nodes_at = options.negative ? words : 0, rows = nodes_at + words;
  std::vector<int32_t> text(length), others(words), paths(words * depth);
  std::vector<uint32_t> keep(words), bounds(words);
  for (auto& number : text) number = static_cast<int32_t>(generator() % (words + 1)) - 1;
  for (long w = 0; w < words; w++) {
    keep[w] = generator() | 1u << 30;
    bounds[w] = generator();
    others[w] = static_cast<int32_t>(generator() % words);
    const long end = static_cast<long>(generator() % (depth + 1));
    for (long d = 0; d < depth; d++)
      paths[w * depth + d] =
          d < end ? static_cast<int32_t>(2 * (nodes_at + (w + d) % words) + generator() % 2) : -1;
  }
  const WordText read{length,         words,         depth,        text.data(), keep.data(), bounds.data(),
                      others.data(), paths.data(), 17,           4};
  Floats inputs = random_floats(words * width, 1), outputs = random_floats(rows * width, 2);
  for (auto* table : {&inputs, &outputs})
    for (float& value : *table) value *= 0.3f;
  Doubles inputs_(inputs.begin(), inputs.end()), outputs_(outputs.begin(), outputs.end());
  Floats inputs_again = inputs, outputs_again = outputs;
  const auto expected = plain::word_pass(read, options, width, inputs_.data(), outputs_.data());
  const auto found = WordWindows(read, {width, inputs.data(), outputs.data()}, options).run();
  WordWindows(read, {width, inputs_again.data(), outputs_again.data()}, options).run();
  expect_close("inputs", inputs, inputs_, 2e-5);
  expect_close("outputs", outputs, outputs_, 2e-5);
  expect_close("loss", {static_cast<float>(found.first)}, {expected.first}, 1e-5);
  if (found.second != expected.second) fail("pairs: another number of them");
  expect_same_bits("inputs", inputs, inputs_again);
  expect_same_bits("outputs", outputs, outputs_again);
}

int main() {
  for (long length : values({0L, 1L, 2L, 15L, 33L, 100L}))
    for (bool mean : {false, true})
      for (long negative : values({0L, 1L, 7L, 8L, 20L}))
        for (long depth : values({0L, 1L, 9L}))
          if (negative || depth) check(11, depth, length, 48, {3, negative, mean, 0.05f});
  check(70000, 0, 50, 16, {5, 5, false, 0.05f});  // a vocabulary of more than 16 bits
  return 0;
}
