#include "normalization.h"

#include "handler.h"

namespace neurona {

static ffi::Error forward(ffi::ThreadPool pool, Input x, Input gamma, Input beta, Output y, Output mean, Output variance, float epsilon) {
  auto shape = x.dimensions();
  batch_normalization(pool, shape[0], shape[1], x.typed_data(), gamma.typed_data(), beta.typed_data(), epsilon, y->typed_data(),
                      mean->typed_data(), variance->typed_data());
  return ffi::Error::Success();
}

static ffi::Error gradients(ffi::ThreadPool pool, Input x, Input gamma, Input mean, Input variance, Input g, Input g_mean,
                            Input g_variance, Output dx, Output dgamma, Output dbeta, float epsilon) {
  auto shape = x.dimensions();
  batch_normalization_gradients(pool, shape[0], shape[1], x.typed_data(), gamma.typed_data(), mean.typed_data(), variance.typed_data(),
                                g.typed_data(), g_mean.typed_data(), g_variance.typed_data(), epsilon, dx->typed_data(),
                                dgamma->typed_data(), dbeta->typed_data());
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_batch_normalization, neurona::forward,
                neurona::ffi::Ffi::Bind()
                    .Ctx<neurona::ffi::ThreadPool>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Attr<float>("epsilon"));
NEURONA_HANDLER(neurona_batch_normalization_gradients, neurona::gradients,
                neurona::ffi::Ffi::Bind()
                    .Ctx<neurona::ffi::ThreadPool>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Attr<float>("epsilon"));
