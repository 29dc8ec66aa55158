#include "attention.h"

#include "handler.h"

namespace neurona {

using Key = ffi::Buffer<ffi::U32>;

static Attention attention_of(const Input& q, const Input& k, const Input& v, const Flags& allowed,
                              const Key& bits, float scale, float keep, bool blind_is_zero) {
  auto query = q.dimensions(), key = k.dimensions(), mask = allowed.dimensions();
  const Dropout dropout(bits.typed_data()[0], bits.typed_data()[1], keep);
  Attention a{query[0], query[1], key[1], query[2], query[3], v.dimensions()[3], scale, allowed.typed_data(),
              {},       blind_is_zero, dropout};
  long stride = 1;
  for (int axis = 3; axis >= 0; axis--) {
    a.allowed_strides[axis] = mask[axis] == 1 ? 0 : stride;
    stride *= mask[axis];
  }
  return a;
}

static ffi::Error forward(ffi::ThreadPool pool, Input q, Input k, Input v, Flags allowed, Key key, Output y,
                          Attribute<bool, BLIND_IS_ZERO> zero, Attribute<float, KEEP> keep,
                          Attribute<float, SCALE> scale) {
  attention(pool, attention_of(q, k, v, allowed, key, *scale, *keep, *zero), q.typed_data(), k.typed_data(),
            v.typed_data(), y->typed_data());
  return ffi::Error::Success();
}

static ffi::Error gradients(ffi::ThreadPool pool, Input q, Input k, Input v, Flags allowed, Key key, Input g,
                            Output dq, Output dk, Output dv, Attribute<bool, BLIND_IS_ZERO> zero,
                            Attribute<float, KEEP> keep, Attribute<float, SCALE> scale) {
  attention_gradients(pool, attention_of(q, k, v, allowed, key, *scale, *keep, *zero),
                      {q.typed_data(), k.typed_data(), v.typed_data(), g.typed_data(), dq->typed_data(),
                       dk->typed_data(), dv->typed_data()});
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_attention, neurona::forward);
NEURONA_HANDLER(neurona_attention_gradients, neurona::gradients);
