"""Distillation: a small model, the student, learns from a large one, the teacher, as well as from targets."""

import numbers
from collections.abc import Mapping, Sequence
from typing import Any, Self

import jax
import jax.numpy as jnp

from neurona import losses, saving, tree
from neurona.core.errors import ArgumentError, ShapeError
from neurona.core.lazy import suggest_names
from neurona.core.registry import Serializable, described_function, examined, serialize
from neurona.losses import KLDivergence, Loss, LossFunctionWrapper, kl_divergence
from neurona.messages import translated
from neurona.metrics import Mean
from neurona.models import Model
from neurona.tracebacks import warn

__all__ = ["DistillationLoss", "Distiller", "FeatureDistillation", "LogitsDistillation"]


class DistillationLoss(Serializable):
    """Base of the losses that compare a student with its teacher. A subclass defines `compute_loss`.

    Example:

        >>> class Gap(DistillationLoss):
        ...     def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        ...         return jnp.max(abs(teacher_outputs - student_outputs))
        >>> float(Gap().compute_loss(jnp.ones(3), jnp.zeros(3)))
        1.0
    """

    _kind = "distillation"
    teacher_layer_name: str | None = None
    student_layer_name: str | None = None

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        """How far the student is from the teacher, a scalar.

        Args:
            teacher_outputs, student_outputs: arrays, or lists or dictionaries of them.
            **kwargs: for subclasses.
        """
        raise NotImplementedError(
            translated(
                f"{type(self).__name__} needs a method compute_loss(self, teacher_outputs, student_outputs) "
                "that returns a scalar."
            )
        )

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        """Check that both have the same structure.

        Raises:
            ArgumentError: they do not.
        """
        tree.assert_same_structure(teacher_outputs, student_outputs)

    def validate_model_compatibility(self, teacher: Model, student: Model) -> None:
        """Check that the loss can be computed for these models."""


class _OfEachOutput(DistillationLoss):
    """A loss for each output, None for outputs that are left alone."""

    loss: Any

    def _set_losses(self, loss: Any) -> None:
        self.loss = tree.map_structure(losses.get, loss)
        if all(one is None for one in tree.flatten(self.loss)):
            raise ArgumentError(f"{type(self).__name__} needs a loss for at least one output.")

    def _of_one(self, loss: Any, teacher_outputs: Any, student_outputs: Any) -> Any:
        return jnp.mean(loss(teacher_outputs, student_outputs))

    def compute_loss(self, teacher_outputs: Any, student_outputs: Any, **kwargs: Any) -> Any:
        """The sum of the means of the losses, a scalar."""

        def one(loss: Any, teacher: Any, student: Any) -> Any:
            return 0.0 if loss is None else self._of_one(loss, teacher, student)

        found = tree.map_structure(one, self.loss, teacher_outputs, student_outputs)
        return sum(tree.flatten(found), jnp.zeros(()))

    def get_config(self) -> dict[str, Any]:
        """The arguments that rebuild this loss, as Keras writes them."""

        def plain(loss: Any) -> Any:
            description = serialize(loss)
            return described_function(description) if isinstance(description, str) else description

        return {**super().get_config(), "loss": tree.map_structure(plain, self.loss)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Build it from what `get_config` returned."""

        def rebuilt(value: Any) -> Any:
            if isinstance(value, (list, tuple)):
                return [rebuilt(one) for one in value]
            if isinstance(value, Mapping) and "class_name" not in value:
                return {key: rebuilt(one) for key, one in value.items()}
            return losses.get(value)

        return cls(**{**config, "loss": rebuilt(config["loss"])})


class LogitsDistillation(_OfEachOutput):
    """The student's outputs z are to be the teacher's: loss(z_teacher / T, z_student / T).

    With the object `KLDivergence()` as the loss, it is T^2 * KL(softmax(z_teacher / T) || softmax(z_student /
    T)). The name `"kl_divergence"`, which Keras has as the default, means the function: as in Keras, it
    compares z / T itself, which is right only for outputs that are probabilities.

    Args:
        temperature: T; a larger one shows more of what the teacher holds for less likely.
        loss: a name, a function or a `Loss`; a list or dictionary of them for several outputs, with None for
            those that are left out.

    Raises:
        ArgumentError: temperature is no number above 0; there is no loss.

    Source: Hinton et al., Distilling the Knowledge in a Neural Network, 2015.

    Example:

        >>> loss = LogitsDistillation(temperature=2.0, loss=KLDivergence())
        >>> teacher, student = jnp.array([[4.0, 0.0]]), jnp.array([[0.0, 0.0]])
        >>> round(float(loss.compute_loss(teacher, student)), 4)
        1.3113
    """

    def __init__(self, temperature: float = 3.0, loss: Any = "kl_divergence") -> None:
        if not isinstance(temperature, numbers.Real) or not temperature > 0:
            raise ArgumentError(
                f"LogitsDistillation takes a temperature above 0. Received: temperature={temperature!r}"
            )
        self.temperature = temperature
        self._set_losses(loss)
        if any(one is kl_divergence for one in tree.flatten(self.loss)):
            warn(
                "LogitsDistillation: 'kl_divergence' compares the outputs as they are, as in Keras: for "
                "models that end in a softmax. Where they give logits, pass "
                "loss=neurona.losses.KLDivergence()."
            )

    def _of_one(self, loss: Any, teacher_outputs: Any, student_outputs: Any) -> Any:
        scaled = teacher_outputs / self.temperature, student_outputs / self.temperature
        if isinstance(loss, KLDivergence):
            teacher, student = (jax.nn.softmax(one, axis=-1) for one in scaled)
            return super()._of_one(loss, teacher, student) * self.temperature**2
        return super()._of_one(loss, *scaled)


class FeatureDistillation(_OfEachOutput):
    """What a layer of the student gives is to be what one of the teacher gives: loss(h_teacher, h_student).

    Args:
        loss: a name, a function or a `Loss`; a list or dictionary of them for several outputs, with None for
            those that are left out.
        teacher_layer_name: the teacher's layer; None for its outputs.
        student_layer_name: the student's layer; None for its outputs.

    Raises:
        ArgumentError: there is no loss.

    Source: Romero et al., FitNets: Hints for Thin Deep Nets, 2015.

    Example:

        >>> loss = FeatureDistillation("mse", "hidden", "hidden")
        >>> float(loss.compute_loss(jnp.ones((2, 3)), jnp.zeros((2, 3))))
        1.0
    """

    def __init__(
        self,
        loss: Any = "mse",
        teacher_layer_name: str | None = None,
        student_layer_name: str | None = None,
    ) -> None:
        self.teacher_layer_name, self.student_layer_name = teacher_layer_name, student_layer_name
        self._set_losses(loss)

    def validate_model_compatibility(self, teacher: Model, student: Model) -> None:
        """Check that both models have the layers.

        Raises:
            ArgumentError: one has no such layer, or is not drawn from symbolic tensors.
        """
        names = {"teacher": self.teacher_layer_name, "student": self.student_layer_name}
        for role, model in (("teacher", teacher), ("student", student)):
            if any(names.values()) and model.inputs is None:
                raise ArgumentError(
                    f"FeatureDistillation finds layers in functional and built Sequential models. The {role} "
                    f"{model.name!r} is none: leave out the names of layers, to compare the outputs."
                )
            if names[role] is not None:
                model.get_layer(names[role])

    def validate_outputs(self, teacher_outputs: Any, student_outputs: Any) -> None:
        """Check that both have the structure of the losses.

        Raises:
            ArgumentError: they do not.
        """
        super().validate_outputs(teacher_outputs, student_outputs)
        tree.assert_same_structure(self.loss, teacher_outputs)


class Distiller(Model):
    """A student that learns from targets and from a frozen teacher; called, it is the student.

    loss = w * student_loss + (1 - w) * sum_i w_i * distillation_loss_i, with w the student_loss_weight.

    Args:
        teacher: a trained model, which is frozen.
        student: the model to train; it stays usable by itself, as the attribute `student`.
        distillation_losses: one or a list: `LogitsDistillation`, `FeatureDistillation` or subclasses of
            `DistillationLoss`.
        distillation_loss_weights: a number for each of them; 1 by default.
        student_loss_weight: w, from 0 to 1.
        name: of the model.
        **kwargs: those of `Model`.

    Raises:
        ArgumentError: teacher or student is no model, weights do not fit, or a layer does not exist.
        ShapeError: inputs or outputs of the two models have different shapes or dtypes.

    Source: Hinton et al., Distilling the Knowledge in a Neural Network, 2015.

    Example:

        >>> import numpy as np
        >>> from neurona import Input, Sequential, layers
        >>> teacher = Sequential([Input((3,)), layers.Dense(8, "relu"), layers.Dense(2)])
        >>> student = Sequential([Input((3,)), layers.Dense(2)])
        >>> distiller = Distiller(teacher, student, LogitsDistillation(loss="mse"))
        >>> distiller.compile("adam", "mse")
        >>> history = distiller.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0).history
        >>> sorted(history)
        ['distillation_loss', 'loss', 'student_loss', 'total_loss']
    """

    _kind = "distillation"

    def __init__(
        self,
        teacher: Model,
        student: Model,
        distillation_losses: DistillationLoss | Sequence[DistillationLoss],
        distillation_loss_weights: Sequence[float] | None = None,
        student_loss_weight: float = 0.5,
        name: str = "distiller",
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        _check_models(teacher, student)
        if not isinstance(student_loss_weight, numbers.Real) or not 0 <= student_loss_weight <= 1:
            raise ArgumentError(
                "Distiller takes a student_loss_weight from 0 to 1. Received: "
                f"student_loss_weight={student_loss_weight!r}"
            )
        several = isinstance(distillation_losses, (list, tuple))
        self.distillation_losses: list[Any] = list(distillation_losses) if several else [distillation_losses]
        weights = [1.0] * len(self.distillation_losses)
        if distillation_loss_weights is not None:
            weights = list(distillation_loss_weights)
        if len(weights) != len(self.distillation_losses):
            raise ArgumentError(
                f"Distiller has {len(self.distillation_losses)} distillation_losses. Received "
                f"{len(weights)} distillation_loss_weights."
            )
        self.teacher, self.student = teacher, student
        self.distillation_loss_weights, self.student_loss_weight = weights, student_loss_weight
        for loss in self.distillation_losses:
            if not hasattr(loss, "compute_loss"):
                raise ArgumentError(
                    "Distiller takes LogitsDistillation, FeatureDistillation or a DistillationLoss. "
                    f"Received: {loss!r}"
                )
            loss.validate_model_compatibility(teacher, student)
        self._teacher_feature_extractor = _extractor(teacher, self._names("teacher_layer_name"))
        self._student_feature_extractor = _extractor(student, self._names("student_layer_name"))
        teacher.trainable = False
        self._student_loss: Any = None
        self._given_loss: Any = None
        self.student_loss_tracker = Mean(name="student_loss")
        self.distillation_loss_tracker = Mean(name="distillation_loss")
        self.total_loss_tracker = Mean(name="total_loss")

    def _names(self, which: str) -> list[str]:
        names = (getattr(loss, which, None) for loss in self.distillation_losses)
        return list(dict.fromkeys(name for name in names if name))

    def compile(self, optimizer: Any = "adam", loss: Any = None, metrics: Any = None, **kwargs: Any) -> None:
        """Choose how the student is trained.

        Args:
            optimizer: a name or an optimizer.
            loss: between the targets and the student's outputs: a name, a function or a `Loss`; a list or
                dictionary of them for several outputs.
            metrics: what to report besides the losses.
            **kwargs: those of `Model.compile`.

        Raises:
            ArgumentError: there is no loss; metrics is no list.
        """
        if loss is None:
            raise ArgumentError("Distiller.compile needs the student's loss: compile('adam', loss='mse').")
        if metrics is not None and not isinstance(metrics, (list, tuple)):
            raise ArgumentError(f"Distiller.compile takes a list of metrics. Received: {metrics!r}")
        super().compile(optimizer, loss=None, metrics=metrics, **kwargs)
        self._given_loss, self._student_loss = loss, tree.map_structure(_reduced, loss)

    def get_compile_config(self) -> dict[str, Any] | None:
        """What compile() was given, as plain values, or None."""
        config = super().get_compile_config()
        return config and {**config, "loss": serialize(self._given_loss)}

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile as `get_compile_config` says."""
        if config.get("loss") is not None:
            super().compile_from_config(config)
        else:  # of Keras's files
            warn("The file does not say the student's loss: compile the Distiller before training it.")

    def call(self, inputs: Any, training: Any = None, **kwargs: Any) -> Any:
        """What the student gives."""
        return self.student(inputs, training=training, **kwargs)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The weighted sum of the losses; sample_weight counts for the student's."""
        y_pred = self(x, training=training) if y_pred is None else y_pred
        own = taught = jnp.zeros(())
        if self.student_loss_weight > 0 and y is not None:

            def one(loss: Loss, target: Any, output: Any) -> Any:
                return loss(target, output, sample_weight)

            own = sum(tree.flatten(tree.map_structure(one, self._student_loss, y, y_pred)), own)
        if self.student_loss_weight < 1:
            taught = self._distillation_loss(x, y_pred, training)
        total = self.student_loss_weight * own + (1 - self.student_loss_weight) * taught
        self.student_loss_tracker.update_state(own)
        self.distillation_loss_tracker.update_state(taught)
        self.total_loss_tracker.update_state(total)
        return total

    def _distillation_loss(self, x: Any, y_pred: Any, training: bool) -> Any:
        """The weighted sum of the distances between the student and the teacher."""
        if self._teacher_feature_extractor is None:
            of_teacher = {"final_output": self.teacher(x, training=False)}
        else:
            of_teacher = self._teacher_feature_extractor(x, training=False)
        of_student = {"final_output": y_pred}
        if self._student_feature_extractor is not None:
            of_student |= self._student_feature_extractor(x, training=training)
            of_student["final_output"] = y_pred
        total = jnp.zeros(())
        for loss, weight in zip(self.distillation_losses, self.distillation_loss_weights):
            teacher = of_teacher[getattr(loss, "teacher_layer_name", None) or "final_output"]
            student = of_student[getattr(loss, "student_layer_name", None) or "final_output"]
            loss.validate_outputs(teacher, student)
            found = jnp.asarray(loss.compute_loss(teacher, student))
            if found.ndim:
                raise ShapeError(
                    f"{type(loss).__name__}.compute_loss must return a scalar. It returned shape "
                    f"{found.shape}."
                )
            total = total + weight * found
        return total

    def get_config(self) -> dict[str, Any]:
        """The models and the losses, described."""
        return {
            "name": self.name,
            "trainable": self.trainable,
            "dtype": serialize(self.dtype_policy),
            "teacher": saving.describe_layer(self.teacher),
            "student": saving.describe_layer(self.student),
            "distillation_losses": serialize(self.distillation_losses),
            "distillation_loss_weights": self.distillation_loss_weights,
            "student_loss_weight": self.student_loss_weight,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Build it from what `get_config` returned."""
        with saving.custom_object_scope(custom_objects), examined(config):
            made = {name: saving.build_layer(config[name]) for name in ("teacher", "student")}
            taught = [saving.deserialize_keras_object(one) for one in config["distillation_losses"]]
            return cls(**{**config, **made, "distillation_losses": taught})


def _reduced(loss: Any) -> Loss:
    """A loss that gives one number for a batch."""
    found = losses.get(loss)
    return found if isinstance(found, Loss) else LossFunctionWrapper(found)


def _check_models(teacher: Any, student: Any) -> None:
    """Compare what goes into two models and comes out of them, as far as it is known."""
    for role, model in (("teacher", teacher), ("student", student)):
        if not isinstance(model, Model):
            raise ArgumentError(f"Distiller takes a model as {role}. Received: {model!r}")
    for what in ("inputs", "outputs"):
        of_teacher, of_student = getattr(teacher, what), getattr(student, what)
        if of_teacher is None or of_student is None:
            continue
        known = [
            [(tuple(one.shape), str(one.dtype)) for one in tensors] for tensors in (of_teacher, of_student)
        ]
        if len(known[0]) != len(known[1]) or not all(map(_fits, *known)):
            raise ShapeError(
                f"Teacher and student must have {what} of the same shapes and dtypes. The teacher's: "
                f"{known[0]}. The student's: {known[1]}."
            )


def _fits(one: tuple[tuple[int | None, ...], str], other: tuple[tuple[int | None, ...], str]) -> bool:
    (first, dtype), (second, other_dtype) = one, other
    pairs = zip(first, second)
    same = all(a is None or b is None or a == b for a, b in pairs)
    return dtype == other_dtype and len(first) == len(second) and same


def _extractor(model: Model, names: list[str]) -> Model | None:
    """A model that gives what layers of another give, by their names, and the "final_output"."""
    if not names:
        return None
    found = {name: model.get_layer(name).output for name in names}
    name = f"{model.name}_multi_feature_extractor"
    return Model(model.input, {"final_output": model.output, **found}, name=name)


suggest_names(__name__)
