// How a kernel becomes a function that XLA calls. XLA's header infers the binding of most functions from
// their signatures; this adds what it lacks.
#pragma once

#include "vector.h"
#include "xla/ffi/api/ffi.h"

namespace xla::ffi {

template <>
struct CtxBinding<ThreadPool> {
  using Ctx = ThreadPool;
};

}  // namespace xla::ffi

XLA_FFI_REGISTER_ENUM_ATTR_DECODING(neurona::Activation);

namespace neurona {

namespace ffi = xla::ffi;
using Input = ffi::Buffer<ffi::F32>;
using Output = ffi::ResultBuffer<ffi::F32>;
using Flags = ffi::Buffer<ffi::PRED>;
using Numbers = ffi::Span<const int64_t>;

// An attribute is a parameter with a name: Attribute<float, SCALE> scale, whose value is *scale.
template <class Value, const char* NAME>
using Attribute = ffi::Attr<Value, NAME>;

inline constexpr char ACTIVATION[] = "activation";
inline constexpr char AXES[] = "axes";
inline constexpr char BLIND_IS_ZERO[] = "blind_is_zero";
inline constexpr char EPSILON[] = "epsilon";
inline constexpr char KEEP[] = "keep";
inline constexpr char MEAN[] = "mean";
inline constexpr char NEGATIVE[] = "negative";
inline constexpr char RECURRENT_ACTIVATION[] = "recurrent_activation";
inline constexpr char RELU[] = "relu";
inline constexpr char REVERSE[] = "reverse";
inline constexpr char SCALE[] = "scale";
inline constexpr char SIZES[] = "sizes";
inline constexpr char TRANSPOSE_W[] = "transpose_w";
inline constexpr char TRANSPOSE_X[] = "transpose_x";
inline constexpr char WINDOW[] = "window";

// Defines the C symbol `name`, which library.py looks up and registers with XLA: NEURONA_HANDLER(name,
// function), or with a binding as the third argument where the signature does not tell it.
#define NEURONA_HANDLER(name, ...)                                                           \
  extern "C" __attribute__((visibility("default"))) XLA_FFI_Error* name(XLA_FFI_CallFrame*); \
  XLA_FFI_DEFINE_HANDLER_SYMBOL(name, __VA_ARGS__)

}  // namespace neurona
