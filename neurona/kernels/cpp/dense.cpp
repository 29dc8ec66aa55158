#include "dense.h"

#include "handler.h"

namespace neurona {

static ffi::Error forward(ffi::ThreadPool pool, Input x, Input W, Input b, Output y, int32_t activation) {
  auto shape = W.dimensions();
  dense_forward(pool, x.dimensions()[0], shape[0], shape[1], x.typed_data(), W.typed_data(), b.typed_data(),
                static_cast<Activation>(activation), y->typed_data());
  return ffi::Error::Success();
}

static ffi::Error gradients(ffi::ThreadPool pool, Input x, Input W, Input y, Input g, Output dx, Output dW, Output db, int32_t activation) {
  auto shape = W.dimensions();
  dense_backward(pool, x.dimensions()[0], shape[0], shape[1], x.typed_data(), W.typed_data(), y.typed_data(), g.typed_data(),
                 static_cast<Activation>(activation), dx->typed_data(), dW->typed_data(), db->typed_data());
  return ffi::Error::Success();
}

static ffi::Error weight_gradients(ffi::ThreadPool pool, Input x, Input y, Input g, Output dW, Output db, int32_t activation) {
  auto shape = dW->dimensions();
  dense_backward(pool, x.dimensions()[0], shape[0], shape[1], x.typed_data(), nullptr, y.typed_data(), g.typed_data(),
                 static_cast<Activation>(activation), nullptr, dW->typed_data(), db->typed_data());
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_dense, neurona::forward,
                neurona::ffi::Ffi::Bind()
                    .Ctx<neurona::ffi::ThreadPool>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Attr<int32_t>("activation"));
NEURONA_HANDLER(neurona_dense_gradients, neurona::gradients,
                neurona::ffi::Ffi::Bind()
                    .Ctx<neurona::ffi::ThreadPool>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Attr<int32_t>("activation"));
NEURONA_HANDLER(neurona_dense_weight_gradients, neurona::weight_gradients,
                neurona::ffi::Ffi::Bind()
                    .Ctx<neurona::ffi::ThreadPool>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Attr<int32_t>("activation"));
