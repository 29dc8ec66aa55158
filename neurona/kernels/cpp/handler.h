// How a kernel becomes a function that XLA calls.
#pragma once

#include "xla/ffi/api/ffi.h"

namespace neurona {

namespace ffi = xla::ffi;
using Input = ffi::Buffer<ffi::F32>;
using Output = ffi::ResultBuffer<ffi::F32>;

// Defines the C symbol `name`, which native.py looks up and registers with XLA.
#define NEURONA_HANDLER(name, function, binding)                                             \
  extern "C" __attribute__((visibility("default"))) XLA_FFI_Error* name(XLA_FFI_CallFrame*); \
  XLA_FFI_DEFINE_HANDLER_SYMBOL(name, function, binding)

}  // namespace neurona
