"""The options that all optimizers take, and the checks of arguments."""

from typing import Annotated, Any, TypedDict

import numpy as np

from neurona.core.errors import ArgumentError, UnexpectedArgument, suggestion
from neurona.core.options import Option
from neurona.core.policy import epsilon
from neurona.core.registry import Serializable, constructor_arguments

# What other libraries call these arguments.
_OTHER_NAMES = {"eps": "epsilon", "b1": "beta_1", "b2": "beta_2", "wd": "weight_decay"}


class WeightDecay(TypedDict, total=False):
    """Weight decay."""

    weight_decay: Annotated[
        float | None,
        Option(None, "each step shrinks a parameter by weight_decay * learning_rate of it; None for none."),
    ]


class CommonOptions(TypedDict, total=False):
    """What every optimizer takes, except weight decay."""

    clipnorm: Annotated[float | None, Option(None, "the greatest L2 norm of each gradient.")]
    clipvalue: Annotated[float | None, Option(None, "the greatest absolute value in a gradient.")]
    global_clipnorm: Annotated[
        float | None, Option(None, "the greatest L2 norm of all gradients together (Pascanu et al., 2013).")
    ]
    use_ema: Annotated[
        bool,
        Option(False, "whether to keep a moving average of the parameters (Polyak and Juditsky, 1992)."),
    ]
    ema_momentum: Annotated[
        float, Option(0.99, "average = ema_momentum * average + (1 - ema_momentum) * parameter.")
    ]
    ema_overwrite_frequency: Annotated[
        int | None,
        Option(
            None,
            "after so many steps the parameters become the average; None leaves that to "
            "`finalize_variable_values`.",
        ),
    ]
    loss_scale_factor: Annotated[
        float | None, Option(None, "what the loss was multiplied by; gradients are divided by it.")
    ]
    gradient_accumulation_steps: Annotated[
        int | None, Option(None, "so many gradients are averaged before the parameters move.")
    ]
    name: Annotated[str | None, Option(None, "made from the class's name if not given.")]


class Options(WeightDecay, CommonOptions):
    """What every optimizer takes."""


class CheckedArguments(Serializable):
    """Checks of constructors' arguments, with errors that name the optimizer."""

    def _argument_names(self) -> list[str]:
        return list(dict.fromkeys(constructor_arguments(type(self))))

    def _unexpected(self, name: str) -> UnexpectedArgument:
        known = self._argument_names()
        if _OTHER_NAMES.get(name) in known:
            hint = f" Did you mean {_OTHER_NAMES[name]!r}?"
        else:
            hint = suggestion(name, known)
        return UnexpectedArgument(
            f"{type(self).__name__} has no argument {name!r}.{hint} It takes: {', '.join(known)}."
        )

    def _argument_error(self, wanted: str, name: str, value: Any) -> ArgumentError:
        return ArgumentError(
            f"{type(self).__name__} {wanted}. Received: {name + '=' if name else ''}{value!r}"
        )

    def _checked_rate(self, rate: Any) -> Any:
        if callable(rate):
            return rate
        if (
            isinstance(rate, (str, bool))
            or np.ndim(rate)
            or not np.isfinite(number := _number(rate))
            or number < 0
        ):
            raise self._argument_error(
                "takes a learning_rate >= 0, a schedule or a function step -> rate", "learning_rate", rate
            )
        return number

    def _checked_minimum(self, name: str, value: Any, least: float = 0.0) -> Any:
        if value is not None and not _number(value) >= least:
            raise self._argument_error(f"takes {name} >= {least:g}", name, value)
        return value

    def _checked_epsilon(self, value: Any) -> Any:
        return epsilon() if value is None else self._checked_minimum("epsilon", value)

    def _checked_fraction(self, name: str, value: Any) -> Any:
        if not 0 <= _number(value) <= 1:
            raise self._argument_error(f"takes {name} from 0 to 1", name, value)
        return value

    def _checked_count(self, name: str, value: Any, least: int) -> Any:
        if value and (not isinstance(value, (int, np.integer)) or value < least):
            raise self._argument_error(f"takes {name}, an integer >= {least} or None", name, value)
        return value


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
