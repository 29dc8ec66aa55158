// How a kernel becomes a function that XLA calls.
#pragma once

#include <utility>

#include "xla/ffi/api/ffi.h"

namespace neurona {

namespace ffi = xla::ffi;
using Input = ffi::Buffer<ffi::F32>;
using Output = ffi::ResultBuffer<ffi::F32>;

// What XLA hands over for a parameter of this type; unless it is one of those below, the attribute of the next name.
template <class Parameter>
struct Handed {
  template <class Binding>
  static auto by(Binding&& binding, const char* const*& name) {
    return std::move(binding).template Attr<Parameter>(*name++);
  }
};

template <>
struct Handed<ffi::ThreadPool> {
  template <class Binding>
  static auto by(Binding&& binding, const char* const*&) {
    return std::move(binding).template Ctx<ffi::ThreadPool>();
  }
};

template <ffi::DataType TYPE, size_t RANK>
struct Handed<ffi::Buffer<TYPE, RANK>> {
  template <class Binding>
  static auto by(Binding&& binding, const char* const*&) {
    return std::move(binding).template Arg<ffi::Buffer<TYPE, RANK>>();
  }
};

template <class Array>
struct Handed<ffi::Result<Array>> {
  template <class Binding>
  static auto by(Binding&& binding, const char* const*&) {
    return std::move(binding).template Ret<Array>();
  }
};

template <>
struct Handed<ffi::RemainingArgs> {
  template <class Binding>
  static auto by(Binding&& binding, const char* const*&) {
    return std::move(binding).RemainingArgs();
  }
};

template <>
struct Handed<ffi::RemainingRets> {
  template <class Binding>
  static auto by(Binding&& binding, const char* const*&) {
    return std::move(binding).RemainingRets();
  }
};

// Bindings can't be moved: each is handed on as it is made.
template <class Parameter, class... Others, class Binding>
auto bound(Binding&& binding, const char* const*& name) {
  if constexpr (sizeof...(Others) == 0) {
    return Handed<Parameter>::by(std::move(binding), name);
  } else {
    return bound<Others...>(Handed<Parameter>::by(std::move(binding), name), name);
  }
}

// The binding of a function: its parameters in their order, `names` being those of its attributes.
template <class... Parameters, class... Names>
auto binding_of(ffi::Error (*)(Parameters...), Names... names) {
  const char* const all[] = {names..., nullptr};
  const char* const* next = all;
  return bound<Parameters...>(ffi::Ffi::Bind(), next);
}

// Defines the C symbol `name`, which native.py looks up and registers with XLA: NEURONA_HANDLER(name, function, names of attributes...).
#define NEURONA_HANDLER(name, ...)                                                           \
  extern "C" __attribute__((visibility("default"))) XLA_FFI_Error* name(XLA_FFI_CallFrame*); \
  XLA_FFI_DEFINE_HANDLER_SYMBOL(name, NEURONA_FIRST(__VA_ARGS__, ), neurona::binding_of(__VA_ARGS__))
#define NEURONA_FIRST(function, ...) function

}  // namespace neurona
