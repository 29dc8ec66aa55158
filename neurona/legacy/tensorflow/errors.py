"""`tf.errors`: the errors that TensorFlow's programs catch."""

from typing import Any

from neurona.core.errors import ArgumentError


class OpError(ArgumentError):
    """The base of `tf.errors`.

    Args:
        message: as the only argument, or as the third after a node and an operation.
    """

    def __init__(self, *arguments: Any) -> None:
        text = [one for one in arguments if isinstance(one, str)]
        super().__init__(text[-1] if text else "")
        self.message = text[-1] if text else ""
        self.node_def = self.op = self.error_code = None


class OperatorNotAllowedInGraphError(TypeError):
    """Python asked a tensor of a graph for a truth value."""


class OutOfRangeError(OpError):
    """There is no further element."""


class InvalidArgumentError(OpError):
    """A value, a shape or a dtype does not fit."""


class NotFoundError(OpError):
    """A file or a key does not exist."""


class AlreadyExistsError(OpError):
    """Something exists already."""


class FailedPreconditionError(OpError):
    """Something must be done before, such as the initialization of variables."""


class UnimplementedError(OpError):
    """This does not exist."""


class ResourceExhaustedError(OpError):
    """There is no memory left."""


class InternalError(OpError):
    """Something that should never happen."""


class PermissionDeniedError(OpError):
    """A file may not be used."""


class AbortedError(OpError):
    """Something was stopped."""


class CancelledError(OpError):
    """Something was called off."""


class UnavailableError(OpError):
    """A machine does not answer."""


class UnknownError(OpError):
    """Anything else."""


class DataLossError(OpError):
    """A file is damaged."""


class DeadlineExceededError(OpError):
    """Something took too long."""


class UnauthenticatedError(OpError):
    """Nobody is known by this name."""


# The numbers of the errors.
OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS = range(7)
PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE = range(7, 12)
UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS, UNAUTHENTICATED = range(12, 17)
