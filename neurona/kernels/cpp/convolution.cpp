#include "convolution.h"

#include "handler.h"

namespace neurona {

using Shape = ffi::Span<const int64_t>;
using Numbers = ffi::Span<const int64_t>;  // one for each spatial axis

// All arrays have three spatial axes, of size 1 where a convolution has fewer.
static Convolution convolution_of(Shape x, Shape W, Shape y, Numbers strides, Numbers before, Numbers dilation) {
  Convolution c{x[0], x[4], W[4], x[4] / W[3]};
  for (int axis = 0; axis < 3; axis++) {
    c.sizes[axis] = x[1 + axis];
    c.outputs[axis] = y[1 + axis];
    c.taps[axis] = W[axis];
    c.strides[axis] = strides[axis];
    c.before[axis] = before[axis];
    c.dilation[axis] = dilation[axis];
  }
  return c;
}

static ffi::Error forward(ffi::ThreadPool pool, Input x, Input W, Input b, Output y, int32_t activation, Numbers strides, Numbers before,
                          Numbers dilation) {
  Convolution c = convolution_of(x.dimensions(), W.dimensions(), y->dimensions(), strides, before, dilation);
  convolution_forward(pool, c, x.typed_data(), W.typed_data(), b.typed_data(), static_cast<Activation>(activation), y->typed_data());
  return ffi::Error::Success();
}

static ffi::Error input_gradient(ffi::ThreadPool pool, Input W, Input y, Input g, Output dx, int32_t activation, Numbers strides,
                                 Numbers before, Numbers dilation) {
  Convolution c = convolution_of(dx->dimensions(), W.dimensions(), y.dimensions(), strides, before, dilation);
  Image image{g.typed_data(), y.typed_data(), static_cast<Activation>(activation)};
  convolution_input_gradient(pool, c, image, W.typed_data(), dx->typed_data());
  return ffi::Error::Success();
}

static ffi::Error kernel_gradient(ffi::ThreadPool pool, Input x, Input y, Input g, Output dW, Output db, int32_t activation,
                                  Numbers strides, Numbers before, Numbers dilation) {
  Convolution c = convolution_of(x.dimensions(), dW->dimensions(), y.dimensions(), strides, before, dilation);
  Image image{g.typed_data(), y.typed_data(), static_cast<Activation>(activation)};
  convolution_kernel_gradient(pool, c, x.typed_data(), image, dW->typed_data(), db->typed_data());
  return ffi::Error::Success();
}


}  // namespace neurona

#define NEURONA_GEOMETRY                       \
  Attr<int32_t>("activation")                  \
      .Attr<neurona::Numbers>("strides")       \
      .Attr<neurona::Numbers>("before")        \
      .Attr<neurona::Numbers>("dilation")

NEURONA_HANDLER(neurona_convolution, neurona::forward,
                neurona::ffi::Ffi::Bind()
                    .Ctx<neurona::ffi::ThreadPool>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .NEURONA_GEOMETRY);
NEURONA_HANDLER(neurona_convolution_input_gradient, neurona::input_gradient,
                neurona::ffi::Ffi::Bind()
                    .Ctx<neurona::ffi::ThreadPool>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .NEURONA_GEOMETRY);
NEURONA_HANDLER(neurona_convolution_kernel_gradient, neurona::kernel_gradient,
                neurona::ffi::Ffi::Bind()
                    .Ctx<neurona::ffi::ThreadPool>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Arg<neurona::Input>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .Ret<neurona::ffi::Buffer<neurona::ffi::F32>>()
                    .NEURONA_GEOMETRY);
