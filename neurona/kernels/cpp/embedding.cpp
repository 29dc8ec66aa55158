#include "embedding.h"

#include "handler.h"

namespace neurona {

using RowNumbers = ffi::Buffer<ffi::S32>;

static ffi::Error rows_of_table(ffi::ThreadPool pool, Input table, RowNumbers numbers, Output y) {
  embedding(pool, numbers.element_count(), table.dimensions()[1], table.typed_data(), numbers.typed_data(),
            y->typed_data());
  return ffi::Error::Success();
}

static ffi::Error gradient_of_table(ffi::ThreadPool pool, RowNumbers numbers, Input g, Output dtable) {
  auto shape = dtable->dimensions();
  embedding_gradient(pool, numbers.element_count(), shape[1], shape[0], numbers.typed_data(), g.typed_data(),
                     dtable->typed_data());
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_embedding, neurona::rows_of_table);
NEURONA_HANDLER(neurona_embedding_gradient, neurona::gradient_of_table);
