// Word vectors learned from a text: a pass of skip-gram or of the continuous bag of words, with negative
// sampling, a tree of words, or both.
//
// Each word that is kept is the middle of a window. The words around it are the inputs, rows of a table; the
// middle word, words drawn at random, and the nodes of the tree on the way to the middle word are the targets,
// rows of another. Of each input x and target y with the label t (1 for the middle word),
//
//   error = t - sigmoid(x . y),   x += rate * error * y,   y += rate * error * x.
//
// All products of a window are computed before any of its rows changes. Windows follow one another, each with
// the rows that the one before has changed: one thread computes the pass, and the numbers do not depend on how
// many there are. Random numbers have counters (see `Draws`), so that XLA computes the same ones.
#pragma once

#include <vector>

#include "dropout.h"

namespace neurona {

// The text and the tables that a pass reads.
struct WordText {
  long length, words, depth;    // depth: the longest way in the tree; 0 without a tree
  const int32_t* text;          // (length): the numbers of words, -1 between sentences
  const uint32_t* keep;         // (words): a word is kept where its random bits are no more than this
  const uint32_t* bounds;       // (words): the alias method's; random bits below it mean the word itself,
  const int32_t* others;        // (words): and others this one
  const int32_t* paths;         // (words, depth): twice the row of a node, plus its label; -1 after the last
  uint32_t key0, key1;
};

// What is learned: tables of rows of `width` floats, a multiple of LANES.
struct WordTables {
  long width;
  float* inputs;
  float* outputs;
};

struct WordOptions {
  long window, negative;
  bool mean;  // continuous bag of words: the mean of the inputs is the only input
  float rate;
};

// The product of 32 random bits and n, in two halves: a number below n, and the rest as new bits.
struct Scaled {
  uint32_t number, rest;
};

static inline Scaled scaled(uint32_t bits, long n) {
  const uint64_t product = static_cast<uint64_t>(bits) * static_cast<uint64_t>(n);
  return {static_cast<uint32_t>(product >> 32), static_cast<uint32_t>(product)};
}

// The word that random bits mean.
static inline int32_t drawn_word(const WordText& text, uint32_t bits) {
  const Scaled draw = scaled(bits, text.words);
  return draw.rest < text.bounds[draw.number] ? static_cast<int32_t>(draw.number) : text.others[draw.number];
}

// The words of a text that are kept, with their places in it and the numbers of their sentences. The draws of
// place i are the random bits with the counters i (is it kept?), length + i (how wide is its window?),
// 2 length + i, 3 length + i, ... (which words are its negative samples?).
struct KeptWords {
  std::vector<int32_t> word, place, sentence;

  explicit KeptWords(const WordText& text) {
    for (auto* each : {&word, &place, &sentence}) each->reserve(text.length);
    int32_t number = 0;
    Words lane;
    for (int i = 0; i < LANES; i++) lane[i] = i;
    for (long first = 0; first < text.length; first += LANES) {
      const Words bits = random_bits(text.key0, text.key1, 0, lane + static_cast<uint32_t>(first));
      for (long i = first; i < std::min<long>(first + LANES, text.length); i++) {
        const int32_t read = text.text[i];
        number += read < 0;
        if (read < 0 || bits[i - first] > text.keep[read]) continue;
        word.push_back(read);
        place.push_back(static_cast<int32_t>(i));
        sentence.push_back(number);
      }
    }
  }
  long size() const { return static_cast<long>(word.size()); }
};

namespace plain {

// Adds to the tables; returns the sums of -log sigmoid(+-x . y), and of the inputs.
inline std::pair<double, double> word_pass(const WordText& text, const WordOptions& options, long width,
                                           double* inputs, double* outputs) {
  const KeptWords kept(text);
  double loss = 0, pairs = 0;
  for (long t = 0; t < kept.size(); t++) {
    auto draw = [&](long slot) {
      return random_bits(text.key0, text.key1, 0,
                         static_cast<uint32_t>(slot * text.length + kept.place[t]));
    };
    std::vector<double*> contexts;
    std::vector<std::pair<double*, int>> targets{{outputs + kept.word[t] * width, 1}};
    const long reach = 1 + scaled(draw(1), options.window).number;
    for (long j = std::max(t - reach, 0L); j <= std::min(t + reach, kept.size() - 1); j++)
      if (j != t && kept.sentence[j] == kept.sentence[t]) contexts.push_back(inputs + kept.word[j] * width);
    if (contexts.empty()) continue;
    if (!options.negative) targets.clear();
    for (long n = 0; n < options.negative; n++) {
      const int32_t other = drawn_word(text, draw(2 + n));
      if (other != kept.word[t]) targets.push_back({outputs + other * width, 0});
    }
    for (long d = 0; d < text.depth; d++) {
      const int32_t node = text.paths[kept.word[t] * text.depth + d];
      if (node >= 0) targets.push_back({outputs + (node >> 1) * width, node & 1});
    }
    std::vector<std::vector<double>> x(options.mean ? 1 : contexts.size()), changes, y;
    for (auto& row : x) row.resize(width);
    for (std::size_t c = 0; c < contexts.size(); c++)
      for (long i = 0; i < width; i++)
        x[options.mean ? 0 : c][i] += contexts[c][i] / (options.mean ? contexts.size() : 1);
    changes.assign(x.size(), std::vector<double>(width));
    for (auto& target : targets) y.emplace_back(target.first, target.first + width);
    for (std::size_t n = 0; n < x.size(); n++)
      for (std::size_t m = 0; m < y.size(); m++) {
        double z = 0;
        for (long i = 0; i < width; i++) z += x[n][i] * y[m][i];
        const int label = targets[m].second;
        const double error = options.rate * (label - 1 / (1 + std::exp(-z)));
        loss += std::log1p(std::exp(label ? -z : z));
        for (long i = 0; i < width; i++) {
          changes[n][i] += error * y[m][i];
          targets[m].first[i] += error * x[n][i];
        }
      }
    for (std::size_t c = 0; c < contexts.size(); c++)
      for (long i = 0; i < width; i++) contexts[c][i] += changes[options.mean ? 0 : c][i];
    pairs += x.size();
  }
  return {loss, pairs};
}

}  // namespace plain

// log(1 + e) for e from 0 to 1, to 1e-6: e times a polynomial through its values at Chebyshev's points.
NEURONA_INLINE Vector log_of_one_and(Vector e) {
  Vector sum = broadcast(1.387448423e-2f);
  for (float c : {-6.559030712e-2f, 1.482941359e-1f, -2.345452011e-1f, 3.309752643e-1f, -4.998590052e-1f,
                  9.999985695e-1f})
    sum = sum * e + broadcast(c);
  return sum * e;
}

constexpr int TARGETS = LANES / 2;  // products of two inputs with as many targets fill a vector
constexpr long WORDS_AHEAD = 6;     // windows before its own in which a row is fetched into the cache

// The windows of a pass, one after another.
class WordWindows {
 public:
  WordWindows(const WordText& text, const WordTables& tables, const WordOptions& options)
      : text_(text),
        tables_(tables),
        options_(options),
        kept_(text),
        slots_(1 + options.negative),
        most_inputs_(2 * options.window),
        most_targets_(1 + options.negative + text.depth),
        draws_(up_to_multiple(kept_.size(), LANES) * slots_),
        contexts_(most_inputs_),
        targets_(most_targets_),
        labels_(most_targets_),
        memory_((most_inputs_ + 1) / 2 * up_to_multiple(most_targets_, TARGETS) * 2 +
                (most_inputs_ + most_targets_) * LANES + tables.width) {
    errors_ = memory_.data();
    input_changes_ = errors_ + (most_inputs_ + 1) / 2 * up_to_multiple(most_targets_, TARGETS) * 2;
    target_changes_ = input_changes_ + most_inputs_ * LANES;
    mean_ = target_changes_ + most_targets_ * LANES;
  }

  // Returns the sums of -log sigmoid(+-x . y), and of the inputs.
  std::pair<double, double> run() {
    double loss = 0, pairs = 0;
    draw();
    for (long t = 0; t < kept_.size(); t++) {
      prefetch(t + WORDS_AHEAD);
      if (!choose(t)) continue;
      loss_ = Vector{};
      if (count_) learn();
      loss += sum(loss_);
      pairs += inputs_;
    }
    return {loss, pairs};
  }

 private:
  // The draws of all words that are kept: of each word how far its window reaches, and its negative samples.
  void draw() {
    for (long first = 0; first < kept_.size(); first += LANES) {
      const long count = std::min<long>(LANES, kept_.size() - first);
      Words place{};
      for (long i = 0; i < count; i++) place[i] = kept_.place[first + i];
      for (long slot = 0; slot < slots_; slot++) {
        const Words bits = random_bits(text_.key0, text_.key1, 0,
                                       place + static_cast<uint32_t>((slot + 1) * text_.length));
        for (long i = 0; i < count; i++)
          draws_[(first + i) * slots_ + slot] =
              slot ? drawn_word(text_, bits[i])
                   : static_cast<int32_t>(1 + scaled(bits[i], options_.window).number);
      }
    }
  }

  // Asks for the rows that word t and its window need, and no window before it.
  void prefetch(long t) const {
    const long last = t + options_.window;
    if (last < kept_.size()) prefetch_row(tables_.inputs, kept_.word[last]);
    if (t >= kept_.size() || !options_.negative) return;
    prefetch_row(tables_.outputs, kept_.word[t]);
    for (long n = 1; n < slots_; n++) prefetch_row(tables_.outputs, draws_[t * slots_ + n]);
  }
  void prefetch_row(const float* table, long row) const {
    for (long i = 0; i < tables_.width; i += 16) __builtin_prefetch(table + row * tables_.width + i, 1);
  }

  // Finds the inputs and targets of the window around word t; false if the word stands alone.
  bool choose(long t) {
    const int32_t word = kept_.word[t], sentence = kept_.sentence[t], *draws = draws_.data() + t * slots_;
    const long begin = std::max(t - draws[0], 0L), end = std::min(t + draws[0] + 1, kept_.size());
    contexts_count_ = count_ = 0;
    for (long j = begin; j < end; j++)
      if (j != t && kept_.sentence[j] == sentence)
        contexts_[contexts_count_++] = tables_.inputs + kept_.word[j] * tables_.width;
    if (options_.negative) add_target(word, 1);
    for (long n = 1; n < slots_; n++)
      if (draws[n] != word) add_target(draws[n], 0);
    const int32_t* path = text_.paths + word * text_.depth;
    for (long d = 0; d < text_.depth && path[d] >= 0; d++) add_target(path[d] >> 1, path[d] & 1);
    inputs_ = options_.mean ? 1 : contexts_count_;
    return contexts_count_ > 0;
  }
  void add_target(long row, int label) {
    targets_[count_] = tables_.outputs + row * tables_.width;
    labels_[count_++] = static_cast<float>(label);
  }

  void learn() {
    if (options_.mean) take_mean();
    float* const* rows = options_.mean ? &mean_ : contexts_.data();
    float* errors = errors_;
    for_blocks([&](auto count, long first) {
      long n = 0;
      for (; n + 2 <= inputs_; n += 2, errors += LANES) compute_errors<2, count()>(rows + n, first, errors);
      if (n < inputs_) compute_errors<1, count()>(rows + n, first, errors), errors += LANES;
    });
    for (long i = 0; i < tables_.width; i += LANES) update(rows, i);
  }

  void take_mean() {
    float* const* contexts = contexts_.data();
    const long count = contexts_count_;
    const Vector share = broadcast(1.f / count);
    for (long i = 0; i < tables_.width; i += LANES) {
      Vector total{};
      for (long c = 0; c < count; c++) total += load(contexts[c] + i);
      store(mean_ + i, total * share);
    }
  }

  // Calls body(how many targets, the first of them) for each block of targets. How many is a constant of its
  // type, so that the loops over them are unrolled.
  template <class Body>
  inline void for_blocks(const Body& body) const {
    const long count = count_;
    long first = 0;
    for (; first + TARGETS <= count; first += TARGETS) body(std::integral_constant<int, TARGETS>{}, first);
    if (first < count) with_constant(std::make_integer_sequence<int, TARGETS - 1>(), count - first, first, body);
  }
  template <int... COUNT, class Body>
  inline static void with_constant(std::integer_sequence<int, COUNT...>, long left, long first,
                                           const Body& body) {
    ((left == COUNT + 1 ? body(std::integral_constant<int, COUNT + 1>{}, first) : void()), ...);
  }

  // rate * (label - sigmoid(x . y)) of INPUTS inputs and COUNT targets: a vector, of which each input has half.
  template <int INPUTS, int COUNT>
  inline void compute_errors(float* const* rows, long first, float* errors) {
    Vector sums[LANES] = {}, label{};
    Integers exists{};
    const float *x[INPUTS], *y[COUNT];
    for (int a = 0; a < INPUTS; a++) x[a] = rows[a];
    for (int b = 0; b < COUNT; b++) y[b] = targets_[first + b];
    const long width = tables_.width;
    for (long i = 0; i < width; i += LANES) {
      Vector right[COUNT];
      for (int b = 0; b < COUNT; b++) right[b] = load(y[b] + i);
      for (int a = 0; a < INPUTS; a++) {
        const Vector left = load(x[a] + i);
        for (int b = 0; b < COUNT; b++) sums[a * TARGETS + b] += left * right[b];
      }
    }
    for (int a = 0; a < INPUTS; a++)
      for (int b = 0; b < COUNT; b++) {
        exists[a * TARGETS + b] = -1;
        label[a * TARGETS + b] = labels_[first + b];
      }
    sum_rows(sums);
    const Vector z = sums[0], one = broadcast(1.f), e = exponential(-maximum(-z, z));
    const Vector below = e / (one + e);  // sigmoid(-|z|)
    const Vector probability = z < Vector{} ? below : one - below;
    const Vector away = label > Vector{} ? -z : z;  // positive where the sign of z is wrong
    loss_ += exists ? log_of_one_and(e) + maximum(Vector{}, away) : Vector{};
    store(errors, (label - probability) * broadcast(options_.rate));
  }

  // The floats i, ..., i + LANES - 1 of all rows. The changes of both sides come from the rows as they were.
  inline void update(float* const* rows, long i) {
    const long inputs = inputs_, contexts = contexts_count_, targets = count_;
    float *const input_changes = input_changes_, *const target_changes = target_changes_;
    const float* errors = errors_;
    for_blocks([&](auto count, long first) {
      constexpr int COUNT = count();
      Vector right[COUNT], change[COUNT] = {};
      for (int b = 0; b < COUNT; b++) right[b] = load(targets_[first + b] + i);
      for (long n = 0; n < inputs; n++) {
        const float* error = errors + n / 2 * LANES + n % 2 * TARGETS;
        const Vector left = load(rows[n] + i);
        Vector total = first ? load(input_changes + n * LANES) : Vector{};
        for (int b = 0; b < COUNT; b++) {
          total += broadcast(error[b]) * right[b];
          change[b] += broadcast(error[b]) * left;
        }
        store(input_changes + n * LANES, total);
      }
      for (int b = 0; b < COUNT; b++) store(target_changes + (first + b) * LANES, change[b]);
      errors += (inputs + 1) / 2 * LANES;
    });
    for (long m = 0; m < targets; m++) {
      float* row = targets_[m] + i;
      store(row, load(row) + load(target_changes + m * LANES));
    }
    const long step = options_.mean ? 0 : LANES;
    for (long c = 0; c < contexts; c++) {
      float* row = contexts_[c] + i;
      store(row, load(row) + load(input_changes + c * step));
    }
  }

  const WordText& text_;
  const WordTables tables_;
  const WordOptions options_;
  const KeptWords kept_;
  const long slots_, most_inputs_, most_targets_;
  std::vector<int32_t> draws_;
  std::vector<float*> contexts_, targets_;
  std::vector<float> labels_;
  Workspace memory_;
  float *errors_, *input_changes_, *target_changes_, *mean_;
  long contexts_count_ = 0, inputs_ = 0, count_ = 0;
  Vector loss_{};
};

}  // namespace neurona
