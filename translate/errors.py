"""Exceptions with messages for the user, and exit codes for scripts."""

from collections.abc import Iterable
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

MAX_SHOWN = 300
"""characters of a value that an error shows"""


class TranslateError(Exception):
    """An error that the user can correct, with a message that says how; others are bugs.

    The first argument is one line; further arguments are lines below it, such as a table.
    """

    exit_code: ClassVar[int] = 2

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class ConfigError(TranslateError):
    """A name, key, value or combination that does not exist."""


class MissingPackageError(ConfigError):
    """An optional package that is not installed."""


class DataError(TranslateError):
    """A folder or file that cannot be used."""


class CheckpointError(TranslateError):
    """A run or checkpoint that is missing, damaged or made by something else."""


class PluginError(TranslateError):
    """A plugin that broke one of the rules in ``plugins/README.md``."""


class NothingUsableError(TranslateError):
    """Not one item could be used."""

    exit_code = 4


class TrainingError(TranslateError):
    """Training was stopped by a guard; the checkpoint before it is kept."""

    exit_code = 5


class SaveError(TranslateError):
    """Something that must last could not be written."""

    exit_code = 6


class BadImage(Exception):  # noqa: N818 - a value that is listed, more often than an error that is raised
    """A file that cannot be read as an image: it is listed, and the others are processed."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            path, reason
        )  # both arguments, so that it survives a trip between processes
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


class ItemError(BadImage):  # a value that is listed, too
    """An item that raised another exception than `BadImage`: a bug of a plugin or of translate."""


class UnreachableImage(BadImage):
    """An image in a store that does not answer, or not to us: it may be read at another time."""


def short_repr(value: object) -> str:
    """Return `value` as an error says what it got: in one line, its beginning where it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of 5,000 digits
        return "a number of thousands of digits"
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]} ..."


def message_of(error: BaseException) -> str:
    """Return ``str(error)``, or nothing if the exception's own ``__str__`` fails."""
    try:
        return str(error)
    except Exception:
        return ""


def describe_error(error: BaseException) -> str:
    """Return the exception's class and message in one line."""
    return " ".join(f"{type(error).__name__}: {message_of(error)}".split()).removesuffix(":")


def printable_name(key: str) -> str:
    """Return `key` bare where that is one line, else as `shown`."""
    return key if key.isprintable() and len(key) <= MAX_SHOWN else short_repr(key)


def suggest(name: str, known: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for a misspelt name, or " Choose from: ..." if nothing is close.

    Args:
        name: The unknown name.
        known: The names that exist; the result is empty if there are none.
    """
    known = sorted(known)
    if close := get_close_matches(str(name), known, n=1):
        return f" Did you mean {close[0]!r}?"
    if not known:
        return ""
    return f" Choose from: {', '.join(known[:12])}{', ...' if len(known) > 12 else '.'}"


def require_package(package: str, extra: str) -> None:
    """Raise `MissingPackageError` unless an optional package is installed; it is not imported.

    Args:
        package: What is imported, such as ``torch_fidelity``.
        extra: The extra of translate-kit that has it.
    """
    if find_spec(package) is None:
        raise MissingPackageError(
            f'the package {package} is not installed: pip install "translate-kit[{extra}]"'
        )
