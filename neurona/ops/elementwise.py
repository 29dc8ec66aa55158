"""Element by element: one table from Keras's names to `jax.numpy`. `_float` takes integers as `floatx()`."""

import functools
from typing import Any

import jax.numpy as jnp

from neurona.ops.registry import Operand, Tensor, binary, define, to_float, unary

_float = functools.partial(unary, floats=True)

# One array.
absolute = abs = unary("Absolute", jnp.absolute)
angle = _float("Angle", jnp.angle)
arccos = _float("Arccos", jnp.arccos)
arccosh = _float("Arccosh", jnp.arccosh)
arcsin = _float("Arcsin", jnp.arcsin)
arcsinh = _float("Arcsinh", jnp.arcsinh)
arctan = _float("Arctan", jnp.arctan)
arctanh = _float("Arctanh", jnp.arctanh)
bitwise_invert = unary("BitwiseInvert", jnp.invert)
bitwise_not = unary("BitwiseNot", jnp.invert)
cbrt = _float("Cbrt", jnp.cbrt)
ceil = _float("Ceil", jnp.ceil)
conjugate = conj = unary("Conjugate", jnp.conjugate)
copy = unary("Copy", jnp.copy)
cos = _float("Cos", jnp.cos)
cosh = _float("Cosh", jnp.cosh)
deg2rad = _float("Deg2rad", jnp.deg2rad)
exp = _float("Exp", jnp.exp)
exp2 = _float("Exp2", jnp.exp2)
expm1 = _float("Expm1", jnp.expm1)
fabs = _float("Fabs", jnp.fabs)
floor = _float("Floor", jnp.floor)
i0 = _float("I0", jnp.i0)
imag = unary("Imag", jnp.imag)
isfinite = unary("Isfinite", jnp.isfinite)
isinf = unary("Isinf", jnp.isinf)
isnan = unary("Isnan", jnp.isnan)
isneginf = unary("Isneginf", jnp.isneginf)
isposinf = unary("Isposinf", jnp.isposinf)
isreal = unary("Isreal", jnp.isreal)
log = _float("Log", jnp.log)
log10 = _float("Log10", jnp.log10)
log1p = _float("Log1p", jnp.log1p)
log2 = _float("Log2", jnp.log2)
logical_not = unary("LogicalNot", jnp.logical_not)
negative = unary("Negative", jnp.negative)
rad2deg = _float("Rad2deg", jnp.rad2deg)
real = unary("Real", jnp.real)
reciprocal = _float("Reciprocal", jnp.reciprocal)
sign = unary("Sign", jnp.sign)
signbit = unary("Signbit", jnp.signbit)
sin = _float("Sin", jnp.sin)
sinc = _float("Sinc", jnp.sinc)
sinh = _float("Sinh", jnp.sinh)
sqrt = _float("Sqrt", jnp.sqrt)
square = unary("Square", jnp.square)
tan = _float("Tan", jnp.tan)
tanh = _float("Tanh", jnp.tanh)
trunc = unary("Trunc", jnp.trunc)

# Two arrays.
add = binary("Add", jnp.add)
arctan2 = binary("Arctan2", jnp.arctan2)
divide = binary("Divide", jnp.divide)
equal = binary("Equal", jnp.equal)
floor_divide = binary("FloorDivide", jnp.floor_divide)
fmax = binary("Fmax", jnp.fmax)
fmin = binary("Fmin", jnp.fmin)
fmod = binary("Fmod", jnp.fmod)
gcd = binary("Gcd", jnp.gcd)
greater = binary("Greater", jnp.greater)
greater_equal = binary("GreaterEqual", jnp.greater_equal)
heaviside = binary("Heaviside", jnp.heaviside)
hypot = binary("Hypot", jnp.hypot)
lcm = binary("Lcm", jnp.lcm)
ldexp = binary("Ldexp", jnp.ldexp)
less = binary("Less", jnp.less)
less_equal = binary("LessEqual", jnp.less_equal)
logaddexp = binary("Logaddexp", jnp.logaddexp)
logaddexp2 = binary("Logaddexp2", jnp.logaddexp2)
logical_and = binary("LogicalAnd", jnp.logical_and)
logical_or = binary("LogicalOr", jnp.logical_or)
logical_xor = binary("LogicalXor", jnp.logical_xor)
maximum = binary("Maximum", jnp.maximum)
minimum = binary("Minimum", jnp.minimum)
mod = binary("Mod", jnp.mod)
multiply = binary("Multiply", jnp.multiply)
nextafter = binary("Nextafter", jnp.nextafter)
not_equal = binary("NotEqual", jnp.not_equal)
power = binary("Power", jnp.power)
subtract = binary("Subtract", jnp.subtract)
true_divide = binary("TrueDivide", jnp.true_divide)


# Keras calls the arguments of these x and y.


@define("BitwiseAnd")
def bitwise_and(x: Tensor, y: Tensor) -> Any:
    """Bit by bit, 1 where both are."""
    return jnp.bitwise_and(x, y)


@define("BitwiseOr")
def bitwise_or(x: Tensor, y: Tensor) -> Any:
    """Bit by bit, 1 where either is."""
    return jnp.bitwise_or(x, y)


@define("BitwiseXor")
def bitwise_xor(x: Tensor, y: Tensor) -> Any:
    """Bit by bit, 1 where exactly one is."""
    return jnp.bitwise_xor(x, y)


@define("BitwiseLeftShift")
def bitwise_left_shift(x: Tensor, y: Tensor) -> Any:
    """x * 2**y, on the bits of integers."""
    return jnp.left_shift(x, y)


@define("LeftShift")
def left_shift(x: Tensor, y: Tensor) -> Any:
    """x * 2**y, on the bits of integers."""
    return jnp.left_shift(x, y)


@define("BitwiseRightShift")
def bitwise_right_shift(x: Tensor, y: Tensor) -> Any:
    """floor(x / 2**y), on the bits of integers."""
    return jnp.right_shift(x, y)


@define("RightShift")
def right_shift(x: Tensor, y: Tensor) -> Any:
    """floor(x / 2**y), on the bits of integers."""
    return jnp.right_shift(x, y)


# Functions with options.


@define("AllClose")
def allclose(x1: Tensor, x2: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """Whether |x1 - x2| <= atol + rtol |x2| everywhere."""
    return jnp.allclose(x1, x2, rtol, atol, equal_nan)


@define("Isclose")
def isclose(
    x1: Tensor, x2: Tensor, rtol: Operand = 1e-5, atol: Operand = 1e-8, equal_nan: bool = False
) -> Any:
    """Where |x1 - x2| <= atol + rtol |x2|."""
    return jnp.isclose(x1, x2, rtol, atol, equal_nan)


@define("Clip")
def clip(x: Tensor, x_min: Any, x_max: Any) -> Any:
    """x, but at least x_min and at most x_max."""
    return jnp.clip(x.astype("int32") if x.dtype == bool else x, x_min, x_max)


@define("DivideNoNan")
def divide_no_nan(x1: Tensor, x2: Tensor) -> Any:
    """x1 / x2, and 0 where x2 is 0; the gradient stays finite there too."""
    return jnp.where(x2 == 0, 0, jnp.divide(x1, jnp.where(x2 == 0, 1, x2)))


@define("IsIn")
def isin(x1: Tensor, x2: Tensor, assume_unique: bool = False, invert: bool = False) -> Any:
    """Where an element of x1 is one of x2's."""
    return jnp.isin(x1, x2, assume_unique=assume_unique, invert=invert)


@define("NanToNum")
def nan_to_num(x: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    """x with numbers in place of NaN and the infinities."""
    return jnp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


@define("Round")
def round(x: Tensor, decimals: int = 0) -> Any:
    """x to so many decimals; halves go to the even neighbour."""
    if decimals < 0 and jnp.issubdtype(x.dtype, jnp.integer):
        factor = 10.0**-decimals
        return (jnp.round(to_float(x) / factor) * factor).astype(x.dtype)
    return jnp.round(x, decimals)


@define("Where")
def where(condition: Tensor, x1: Tensor = None, x2: Tensor = None) -> Any:
    """x1 where the condition holds, else x2; with the condition alone, the indices where it holds."""
    return jnp.where(condition, x1, x2)


# fmt: off
__all__ = [
    "abs", "absolute", "add", "allclose", "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan",
    "arctan2", "arctanh", "bitwise_and", "bitwise_invert", "bitwise_left_shift", "bitwise_not", "bitwise_or",
    "bitwise_right_shift", "bitwise_xor", "cbrt", "ceil", "clip", "conj", "conjugate", "copy", "cos", "cosh",
    "deg2rad", "divide", "divide_no_nan", "equal", "exp", "exp2", "expm1", "fabs", "floor", "floor_divide",
    "fmax", "fmin", "fmod", "gcd", "greater", "greater_equal", "heaviside", "hypot", "i0", "imag", "isclose",
    "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "isreal", "lcm", "ldexp", "left_shift",
    "less", "less_equal", "log", "log1p", "log2", "log10", "logaddexp", "logaddexp2", "logical_and",
    "logical_not", "logical_or", "logical_xor", "maximum", "minimum", "mod", "multiply", "nan_to_num",
    "negative", "nextafter", "not_equal", "power", "rad2deg", "real", "reciprocal", "right_shift", "round",
    "sign", "signbit", "sin", "sinc", "sinh", "sqrt", "square", "subtract", "tan", "tanh", "true_divide",
    "trunc", "where",
]
