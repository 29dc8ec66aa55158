#include "sparse_product.h"

#include "handler.h"

namespace neurona {

// A matrix in memory, or its transpose.
static ConstMatrix view(const Input& stored, bool transposed) {
  const auto sizes = stored.dimensions();
  const ConstMatrix as_stored = matrix(stored.typed_data(), sizes[0], sizes[1]);
  return transposed ? as_stored.transposed() : as_stored;
}

static ffi::Error sparse_product_of(ffi::ThreadPool pool, Input x, Input w, Input added, Output y,
                                    Attribute<bool, TRANSPOSE_X> transpose_x,
                                    Attribute<bool, TRANSPOSE_W> transpose_w) {
  const long rows = y->dimensions()[0], columns = y->dimensions()[1];
  const ConstMatrix D{added.typed_data(), rows, columns, added.dimensions()[0] == 1 ? 0 : columns};
  sparse_product(pool, view(x, *transpose_x), view(w, *transpose_w), D,
                 matrix(y->typed_data(), rows, columns));
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_sparse_product, neurona::sparse_product_of);
