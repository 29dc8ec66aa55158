// A vector of floats, as wide as the registers of the instruction set that this file is compiled for. It is a
// type of the compiler: +, -, *, /, comparisons and `condition ? a : b` work lane by lane.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace neurona {

#if defined(__AVX512F__)
constexpr int LANES = 16;
constexpr int REGISTERS = 32;
#elif defined(__AVX__)
constexpr int LANES = 8;
constexpr int REGISTERS = 16;
#elif defined(__aarch64__)
constexpr int LANES = 4;
constexpr int REGISTERS = 32;
#else
constexpr int LANES = 4;
constexpr int REGISTERS = 16;
#endif

typedef float Vector __attribute__((vector_size(4 * LANES)));
typedef int32_t Integers __attribute__((vector_size(4 * LANES)));

#define NEURONA_INLINE static inline __attribute__((always_inline))

NEURONA_INLINE Vector broadcast(float value) { return value - Vector{}; }

NEURONA_INLINE Vector load(const float* from) {
  Vector v;
  std::memcpy(&v, from, sizeof v);
  return v;
}

NEURONA_INLINE void store(float* to, Vector v) { std::memcpy(to, &v, sizeof v); }

// The first `count` lanes, 0 to LANES. The other lanes are 0, and their memory is not touched.
#if defined(__AVX512F__)
NEURONA_INLINE __mmask16 first_lanes(long count) { return static_cast<__mmask16>((1u << count) - 1u); }
NEURONA_INLINE Vector load(const float* from, long count) {
  return (Vector)_mm512_maskz_loadu_ps(first_lanes(count), from);
}
NEURONA_INLINE void store(float* to, Vector v, long count) {
  _mm512_mask_storeu_ps(to, first_lanes(count), (__m512)v);
}
#else
NEURONA_INLINE Vector load(const float* from, long count) {
  if (count == LANES) return load(from);
  float all[LANES] = {};
  for (long i = 0; i < count; i++) all[i] = from[i];
  return load(all);
}
NEURONA_INLINE void store(float* to, Vector v, long count) {
  if (count == LANES) return store(to, v);
  float all[LANES];
  store(all, v);
  for (long i = 0; i < count; i++) to[i] = all[i];
}
#endif

// LANES integers, which are one byte each in memory.
#if defined(__AVX512F__)
NEURONA_INLINE Integers load_bytes(const int8_t* from) {
  return (Integers)_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}
NEURONA_INLINE void store_bytes(int8_t* to, Integers v) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm512_cvtepi32_epi8((__m512i)v));
}
#elif defined(__AVX2__)
NEURONA_INLINE Integers load_bytes(const int8_t* from) {
  return (Integers)_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
}
NEURONA_INLINE void store_bytes(int8_t* to, Integers v) {
  __m128i halves =
      _mm_packs_epi32(_mm256_castsi256_si128((__m256i)v), _mm256_extracti128_si256((__m256i)v, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packs_epi16(halves, halves));
}
#else
NEURONA_INLINE Integers load_bytes(const int8_t* from) {
  Integers v;
  for (int i = 0; i < LANES; i++) v[i] = from[i];
  return v;
}
NEURONA_INLINE void store_bytes(int8_t* to, Integers v) {
  for (int i = 0; i < LANES; i++) to[i] = static_cast<int8_t>(v[i]);
}
#endif

// Cuts a row of `width` floats into strips of four vectors, then of one vector, and calls
// strip(how many vectors, the first float, how many lanes of the last vector exist) for each.
template <class Strip>
NEURONA_INLINE void for_strips(long width, const Strip& strip) {
  long i = 0;
  for (; i + 4 * LANES <= width; i += 4 * LANES)
    strip(std::integral_constant<int, 4>{}, i, static_cast<long>(LANES));
  for (; i < width; i += LANES)
    strip(std::integral_constant<int, 1>{}, i, width - i < LANES ? width - i : LANES);
}

// Lane i of v for i < lanes; `other` in the lanes after them.
NEURONA_INLINE Vector first_or(Vector v, long lanes, float other) {
  if (lanes == LANES) return v;
  Integers number;
  for (int i = 0; i < LANES; i++) number[i] = i;
  return number < static_cast<int32_t>(lanes) ? v : broadcast(other);
}

// Each lane changes places with the lane DISTANCE away. The numbers of the lanes are constants, so that the
// compiler makes one instruction of it.
template <int DISTANCE, int... LANE>
NEURONA_INLINE Vector swapped(Vector v, std::integer_sequence<int, LANE...>) {
#if defined(__clang__)
  return __builtin_shufflevector(v, v, (LANE ^ DISTANCE)...);
#else
  return __builtin_shuffle(v, Integers{(LANE ^ DISTANCE)...});
#endif
}

// The sum of all lanes, in each of them.
template <int DISTANCE = LANES / 2>
NEURONA_INLINE Vector sum_of_lanes(Vector v) {
  if constexpr (DISTANCE == 0)
    return v;
  else
    return sum_of_lanes<DISTANCE / 2>(v + swapped<DISTANCE>(v, std::make_integer_sequence<int, LANES>()));
}

NEURONA_INLINE float sum(Vector v) { return sum_of_lanes(v)[0]; }

NEURONA_INLINE Vector square_root(Vector v) {
#if defined(__AVX512F__)
  return (Vector)_mm512_sqrt_ps((__m512)v);
#elif defined(__AVX__)
  return (Vector)_mm256_sqrt_ps((__m256)v);
#elif defined(__SSE2__)
  return (Vector)_mm_sqrt_ps((__m128)v);
#elif defined(__aarch64__)
  return (Vector)vsqrtq_f32((float32x4_t)v);
#else
  for (int i = 0; i < LANES; i++) v[i] = __builtin_sqrtf(v[i]);
  return v;
#endif
}

// A comparison with NaN is false, so a NaN in the second argument is the result.
NEURONA_INLINE Vector maximum(Vector bound, Vector v) { return v < bound ? bound : v; }
NEURONA_INLINE Vector minimum(Vector bound, Vector v) { return v > bound ? bound : v; }

// The greatest of all lanes, in each of them.
template <int DISTANCE = LANES / 2>
NEURONA_INLINE Vector greatest_of_lanes(Vector v) {
  if constexpr (DISTANCE == 0)
    return v;
  else
    return greatest_of_lanes<DISTANCE / 2>(
        maximum(v, swapped<DISTANCE>(v, std::make_integer_sequence<int, LANES>())));
}

NEURONA_INLINE Vector relu(Vector v) { return maximum(Vector{}, v); }

// e^x to about one unit in the last place: 2^n * p(r) with x = n ln 2 + r. Overflows to infinity, underflows
// to 0.
NEURONA_INLINE Vector exponential(Vector x) {
  const Vector magic = broadcast(12582912.f);  // 1.5 * 2^23: adding it rounds to an integer
  Vector bounded = minimum(broadcast(89.f), maximum(broadcast(-104.f), x));
  Vector shifted = bounded * broadcast(1.44269504f) + magic;
  Vector n = shifted - magic;
  Vector r = bounded - n * broadcast(0.693359375f);
  r = r + n * broadcast(2.12194440e-4f);
  Vector p = broadcast(1.9875691500e-4f);
  p = p * r + broadcast(1.3981999507e-3f);
  p = p * r + broadcast(8.3334519073e-3f);
  p = p * r + broadcast(4.1665795894e-2f);
  p = p * r + broadcast(1.6666665459e-1f);
  p = p * r + broadcast(5.0000001201e-1f);
  p = p * (r * r) + (r + broadcast(1.f));
#if defined(__AVX512F__)
  return (Vector)_mm512_scalef_ps((__m512)p, (__m512)n);
#else
  // 2^n in two factors, so that neither leaves the range of exponents.
  Integers whole = (Integers)shifted - (Integers)magic;
  Integers half = whole >> 1;
  Vector first = (Vector)((half + 127) << 23), second = (Vector)((whole - half + 127) << 23);
  return p * first * second;
#endif
}

NEURONA_INLINE Vector sigmoid(Vector x) { return broadcast(1.f) / (broadcast(1.f) + exponential(-x)); }

// 2 * sigmoid(2x) - 1, and near 0, where that cancels, an odd polynomial.
NEURONA_INLINE Vector hyperbolic_tangent(Vector x) {
  Vector square = x * x;
  Vector near = broadcast(-1.37776e-2f);
  near = near * square + broadcast(5.26112e-2f);
  near = near * square + broadcast(-1.33268e-1f);
  near = near * square + broadcast(3.33331e-1f);
  near = x - x * square * near;
  Vector far = broadcast(2.f) * sigmoid(x + x) - broadcast(1.f);
  return square < broadcast(0.16f) ? near : far;
}

enum class Activation : int32_t { linear = 0, relu = 1, tanh = 2, sigmoid = 3 };

NEURONA_INLINE Vector activate(Activation activation, Vector v) {
  switch (activation) {
    case Activation::relu:
      return relu(v);
    case Activation::tanh:
      return hyperbolic_tangent(v);
    case Activation::sigmoid:
      return sigmoid(v);
    default:
      return v;
  }
}

// dL/dz from dL/dy and y = activation(z).
NEURONA_INLINE Vector before_activation(Activation activation, Vector gradient, Vector value) {
  switch (activation) {
    case Activation::relu:
      return value > Vector{} ? gradient : Vector{};
    case Activation::tanh:
      return gradient * ((broadcast(1.f) - value) * (broadcast(1.f) + value));  // exact near 1
    case Activation::sigmoid:
      return gradient * value * (broadcast(1.f) - value);
    default:
      return gradient;
  }
}

// Blocks of DISTANCE lanes change places: the odd blocks of `first` with the even blocks of `second`.
template <int DISTANCE, int... LANE>
NEURONA_INLINE void exchange(Vector& first, Vector& second, std::integer_sequence<int, LANE...>) {
#if defined(__clang__)
  Vector low =
      __builtin_shufflevector(first, second, (LANE / DISTANCE % 2 ? LANES + LANE - DISTANCE : LANE)...);
  second = __builtin_shufflevector(first, second, (LANE / DISTANCE % 2 ? LANES + LANE : LANE + DISTANCE)...);
#else
  Vector low =
      __builtin_shuffle(first, second, Integers{(LANE / DISTANCE % 2 ? LANES + LANE - DISTANCE : LANE)...});
  second =
      __builtin_shuffle(first, second, Integers{(LANE / DISTANCE % 2 ? LANES + LANE : LANE + DISTANCE)...});
#endif
  first = low;
}

// Transposes LANES rows of LANES lanes: pairs of rows exchange blocks for distances 1, 2, 4, ...
template <int DISTANCE = 1>
NEURONA_INLINE void transpose_lanes(Vector* rows) {
  if constexpr (DISTANCE < LANES) {
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i++)
      if (i / DISTANCE % 2 == 0)
        exchange<DISTANCE>(rows[i], rows[i + DISTANCE], std::make_integer_sequence<int, LANES>());
    transpose_lanes<2 * DISTANCE>(rows);
  }
}

// Lane i of rows[0] becomes the sum of row i. Cheaper than to transpose and add, and than LANES single sums.
template <int DISTANCE = 1>
NEURONA_INLINE void sum_rows(Vector* rows) {
  if constexpr (DISTANCE < LANES) {
#pragma GCC unroll 16
    for (int i = 0; i < LANES; i += 2 * DISTANCE) {
      exchange<DISTANCE>(rows[i], rows[i + DISTANCE], std::make_integer_sequence<int, LANES>());
      rows[i] += rows[i + DISTANCE];
    }
    sum_rows<2 * DISTANCE>(rows);
  }
}

static inline long up_to_multiple(long size, long of) { return (size + of - 1) / of * of; }

// The definitions of the kernels, as plain loops in double precision: what the fast ones compute, for readers
// and for the tests.
namespace plain {

inline double activate(Activation activation, double z) {
  switch (activation) {
    case Activation::relu:
      return z < 0 ? 0 : z;
    case Activation::tanh:
      return std::tanh(z);
    case Activation::sigmoid:
      return 1 / (1 + std::exp(-z));
    default:
      return z;
  }
}

// dL/dz from dL/dy and y = activation(z).
inline double before_activation(Activation activation, double gradient, double y) {
  switch (activation) {
    case Activation::relu:
      return y > 0 ? gradient : 0;
    case Activation::tanh:
      return gradient * (1 - y * y);
    case Activation::sigmoid:
      return gradient * y * (1 - y);
    default:
      return gradient;
  }
}

}  // namespace plain

}  // namespace neurona
