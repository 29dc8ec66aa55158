"""`tf.logging`: messages with a level."""

import logging
from typing import Any

DEBUG, INFO, WARN, ERROR, FATAL = (
    logging.DEBUG,
    logging.INFO,
    logging.WARNING,
    logging.ERROR,
    logging.CRITICAL,
)
WARNING = WARN

_logger = logging.getLogger("tensorflow")
_logger.setLevel(WARN)


def _at(level: int) -> Any:
    def say(msg: Any, *args: Any, **kwargs: Any) -> None:
        if not _logger.handlers and not logging.getLogger().handlers:
            handler = logging.StreamHandler()
            handler.setFormatter(logging.Formatter("%(levelname)s:tensorflow:%(message)s"))
            _logger.addHandler(handler)
        _logger.log(level, msg, *args, **kwargs)

    say.__doc__ = f"Log a message at level {logging.getLevelName(level)}."
    return say


debug, info, warn, error, fatal = (_at(level) for level in (DEBUG, INFO, WARN, ERROR, FATAL))
warning = warn


def log(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log a message at a level."""
    _at(level)(msg, *args, **kwargs)


def log_every_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Log a message."""
    log(level, msg, *args)


def set_verbosity(v: Any) -> None:
    """Show messages from a level on."""
    _logger.setLevel(v)


def get_verbosity() -> int:
    """The level from which on messages are shown."""
    return _logger.getEffectiveLevel()


def get_logger() -> logging.Logger:
    """Python's logger."""
    return _logger


def log_first_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Log a message."""
    log(level, msg, *args)


def log_if(level: int, msg: Any, condition: Any, *args: Any) -> None:
    """Log a message where a condition holds."""
    if condition:
        log(level, msg, *args)


def vlog(level: int, msg: Any, *args: Any) -> None:
    """Log a message for those who look for errors."""
    log(DEBUG, msg, *args)


def flush() -> None:
    """Nothing: messages are written at once."""
