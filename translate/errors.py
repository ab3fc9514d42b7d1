"""Exceptions with messages for the user, and exit codes for scripts."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

MAX_SHOWN = 300
"""characters of a value in an error message"""


def error_text(error: Exception) -> str:
    """Return the message of `error` in one line, or its type if it has no message."""
    return " ".join(str(error).split()) or type(error).__name__


class TranslateError(Exception):
    """An error that the user can correct; its message says how. Other errors are bugs.

    The first argument is one line; further arguments are lines below it.
    """

    exit_code: ClassVar[int] = 2

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class ConfigError(TranslateError):
    """A name, key, value or combination of them that is not valid."""


class MissingPackageError(ConfigError):
    """An optional package that is not installed."""


class MissingWeightsError(ConfigError):
    """A pretrained network is not on this machine; the message says where it is from."""


class DataError(TranslateError):
    """A folder or file that cannot be used."""


class CheckpointError(TranslateError):
    """A run or checkpoint that is missing, damaged or not made by this program."""


class PluginError(TranslateError):
    """A plugin that breaks a rule in ``plugins/README.md``."""


class NothingUsableError(TranslateError):
    """None of the items can be used."""

    exit_code = 4


class TrainingError(TranslateError):
    """Training was stopped by a guard, such as against NaN; earlier checkpoints are kept."""

    exit_code = 5


class SaveError(TranslateError):
    """A file could not be written."""

    exit_code = 6


class BadImage(Exception):  # noqa: N818 - more often a value than raised
    """A file that cannot be read as an image: it becomes a problem, others are processed."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(path, reason)  # both, so that it can be pickled
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class ItemError(BadImage):
    """An item that raised another exception: a bug of a plugin or of translate."""


class UnreachableImage(BadImage):
    """An image in object storage that could not be reached or accessed; a retry may succeed."""


def short_repr(value: object) -> str:
    """Return ``repr(value)`` for a message, shortened to `MAX_SHOWN` characters."""
    try:
        text = repr(value)
    except ValueError:  # Python refuses to print integers of more than 4,300 digits
        return "a number of thousands of digits"
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]} ..."


def join_words(things: Iterable[object]) -> str:
    """Return `things` joined for a sentence: a and b."""
    return " and ".join(map(str, things))


def message_of(error: BaseException) -> str:
    """Return ``str(error)``, or an empty string if its ``__str__`` fails."""
    try:
        return str(error)
    except Exception:
        return ""


def describe_error(error: BaseException) -> str:
    """Return the class and message of `error` in one line."""
    return " ".join(f"{type(error).__name__}: {message_of(error)}".split()).removesuffix(":")


def reason_of(error: BaseException) -> str:
    """Return what the system says of an `OSError`; the message of any other error."""
    return getattr(error, "strerror", None) or str(error)


def printable_name(key: str) -> str:
    """Return `key` if it is short and printable, else its `short_repr`."""
    return key if key.isprintable() and len(key) <= MAX_SHOWN else short_repr(key)


def suggest(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?", or " Choose from: ..." if no known name is similar.

    Similar names differ in a few letters, or contain the unknown name if only one does.

    Args:
        name: The unknown name.
        known: The known names; the result is empty if there are none.
    """
    known = sorted(known)
    containing = [other for other in known if str(name) in other]
    close = get_close_matches(str(name), known, n=1)
    if close := close or (containing if len(containing) == 1 else []):
        return f" Did you mean {close[0]!r}?"
    if not known:
        return ""
    return f" Choose from: {', '.join(known[:12])}{', ...' if len(known) > 12 else '.'}"


def require_package(package: str, extra: str) -> None:
    """Raise `MissingPackageError` unless an optional package is installed, without importing it.

    Args:
        package: The name of the module, such as ``torch_fidelity``.
        extra: The extra of translate-kit that installs it.
    """
    if find_spec(package) is None:
        raise MissingPackageError(
            f'the package {package} is not installed: pip install "translate-kit[{extra}]"'
        )
