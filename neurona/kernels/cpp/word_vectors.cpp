#include "word_vectors.h"

#include "handler.h"

namespace neurona {

using WordNumbers = ffi::Buffer<ffi::S32>;
using RandomBits = ffi::Buffer<ffi::U32>;

// The tables are learned in place: XLA copies them before the call where anything else reads them.
static ffi::Error pass_of_words(Input inputs, Input outputs, WordNumbers text, RandomBits keep,
                                RandomBits bounds, WordNumbers others, WordNumbers paths, RandomBits key,
                                Input rate, Output new_inputs, Output new_outputs, Output totals,
                                Attribute<int64_t, WINDOW> window, Attribute<int64_t, NEGATIVE> negative,
                                Attribute<bool, MEAN> mean) {
  for (auto [from, to] : {std::pair(inputs, new_inputs), std::pair(outputs, new_outputs)})
    if (from.typed_data() != to->typed_data())
      std::memcpy(to->typed_data(), from.typed_data(), from.element_count() * sizeof(float));
  const WordText read{static_cast<long>(text.element_count()),
                      inputs.dimensions()[0],
                      paths.dimensions()[1],
                      text.typed_data(),
                      keep.typed_data(),
                      bounds.typed_data(),
                      others.typed_data(),
                      paths.typed_data(),
                      key.typed_data()[0],
                      key.typed_data()[1]};
  const WordTables tables{inputs.dimensions()[1], new_inputs->typed_data(), new_outputs->typed_data()};
  const auto [loss, pairs] = WordWindows(read, tables, {*window, *negative, *mean, *rate.typed_data()}).run();
  totals->typed_data()[0] = static_cast<float>(loss);
  totals->typed_data()[1] = static_cast<float>(pairs);
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_word_pass, neurona::pass_of_words);
