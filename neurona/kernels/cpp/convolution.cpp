#include "convolution.h"

#include "depthwise.h"
#include "handler.h"

namespace neurona {

// W is (*taps, channels of a group, filters).
static Convolution convolution_of(long batch, long channels, Numbers W, Numbers axes) {
  return convolution_of(batch, channels, W.back(), channels / W[W.size() - 2], axes);
}

static ffi::Error forward(ffi::ThreadPool pool, Input x, Input W, Input b, Output y,
                          Attribute<Activation, ACTIVATION> activation, Attribute<Numbers, AXES> axes) {
  Convolution c = convolution_of(x.dimensions()[0], x.dimensions().back(), W.dimensions(), *axes);
  auto forward = is_depthwise(c) ? depthwise_forward<ffi::ThreadPool> : convolution_forward<ffi::ThreadPool>;
  forward(pool, c, x.typed_data(), W.typed_data(), b.typed_data(), *activation, y->typed_data());
  return ffi::Error::Success();
}

static ffi::Error input_gradient(ffi::ThreadPool pool, Input W, Input y, Input g, Output dx,
                                 Attribute<Activation, ACTIVATION> activation,
                                 Attribute<Numbers, AXES> axes) {
  Convolution c = convolution_of(dx->dimensions()[0], dx->dimensions().back(), W.dimensions(), *axes);
  Image image{g.typed_data(), y.typed_data(), *activation};
  auto gradient = is_depthwise(c) ? depthwise_input_gradient<ffi::ThreadPool>
                                  : convolution_input_gradient<ffi::ThreadPool>;
  gradient(pool, c, image, W.typed_data(), dx->typed_data());
  return ffi::Error::Success();
}

static ffi::Error kernel_gradient(ffi::ThreadPool pool, Input x, Input y, Input g, Output dW, Output db,
                                  Attribute<Activation, ACTIVATION> activation,
                                  Attribute<Numbers, AXES> axes) {
  Convolution c = convolution_of(x.dimensions()[0], x.dimensions().back(), dW->dimensions(), *axes);
  Image image{g.typed_data(), y.typed_data(), *activation};
  auto gradient = is_depthwise(c) ? depthwise_kernel_gradient<ffi::ThreadPool>
                                  : convolution_kernel_gradient<ffi::ThreadPool>;
  gradient(pool, c, x.typed_data(), image, dW->typed_data(), db->typed_data());
  return ffi::Error::Success();
}

// Followed by the maximum of each 2x2 window. `where` holds the winners, in the order of place_of_winner.
static ffi::Error max_pool_forward(ffi::ThreadPool pool, Input x, Input W, Input b, Output y,
                                   ffi::ResultBuffer<ffi::S8> where,
                                   Attribute<Activation, ACTIVATION> activation,
                                   Attribute<Numbers, AXES> axes) {
  Convolution c = convolution_of(x.dimensions()[0], x.dimensions().back(), W.dimensions(), *axes);
  few_channels(pool, few_channels_of(c), inputs_of(c, {x.typed_data()}), W.typed_data(), b.typed_data(),
               *activation, y->typed_data(), where->typed_data());
  return ffi::Error::Success();
}

static UnpooledSource unpooled_of(const Convolution& c, Input y, Input g, ffi::Buffer<ffi::S8> where,
                                  Activation activation) {
  const Image image{g.typed_data(), y.typed_data(), activation};
  return {image, where.typed_data(), {c.outputs[0], c.outputs[2]}, c.filters};
}

static ffi::Error max_pool_input_gradient(ffi::ThreadPool pool, Input W, Input y, Input g,
                                          ffi::Buffer<ffi::S8> where, Output dx,
                                          Attribute<Activation, ACTIVATION> activation,
                                          Attribute<Numbers, AXES> axes) {
  Convolution c = convolution_of(dx->dimensions()[0], dx->dimensions().back(), W.dimensions(), *axes);
  few_channels_input_gradient(pool, few_channels_of(c), unpooled_of(c, y, g, where, *activation),
                              W.typed_data(), dx->typed_data());
  return ffi::Error::Success();
}

static ffi::Error max_pool_kernel_gradient(ffi::ThreadPool pool, Input x, Input y, Input g,
                                           ffi::Buffer<ffi::S8> where, Output dW, Output db,
                                           Attribute<Activation, ACTIVATION> activation,
                                           Attribute<Numbers, AXES> axes) {
  Convolution c = convolution_of(x.dimensions()[0], x.dimensions().back(), dW->dimensions(), *axes);
  few_channels_kernel_gradient(pool, few_channels_of(c), inputs_of(c, {x.typed_data()}),
                               unpooled_of(c, y, g, where, *activation), dW->typed_data(), db->typed_data());
  return ffi::Error::Success();
}

}  // namespace neurona

NEURONA_HANDLER(neurona_convolution, neurona::forward);
NEURONA_HANDLER(neurona_convolution_input_gradient, neurona::input_gradient);
NEURONA_HANDLER(neurona_convolution_kernel_gradient, neurona::kernel_gradient);
NEURONA_HANDLER(neurona_convolution_max_pool, neurona::max_pool_forward);
NEURONA_HANDLER(neurona_convolution_max_pool_input_gradient, neurona::max_pool_input_gradient);
NEURONA_HANDLER(neurona_convolution_max_pool_kernel_gradient, neurona::max_pool_kernel_gradient);
