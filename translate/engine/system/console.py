"""The one place that prints: no line that cannot be shown or written ends the work.

Every command prints through `say` and `show`. What the console cannot encode, control characters
and marks that turn the direction of text are escaped; a line that cannot be written (a closed pipe,
a full disk, a terminal that is gone) is dropped, and `take_loss` says so once.
"""

import io
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from unicodedata import category

if TYPE_CHECKING:
    from rich.console import Console

ESCAPED = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories: control, format (bidirectional marks), surrogate, line and paragraph"""
JOINERS = "\u200c\u200d"
"""format characters that are parts of words and emoji"""
PLAIN_TERMINALS = ("dumb", "unknown")
"""values of ``TERM`` of which nothing but lines can be expected"""

_losses: list[str] = []


class SafeStream(io.TextIOBase):
    """A text stream that escapes what its encoding lacks, and drops what cannot be written."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of what is written to."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def buffer(self) -> Any:
        """The stream of bytes below, where there is one: shell completion writes to it."""
        return getattr(self._stream, "buffer", None)

    def isatty(self) -> bool:
        """Return whether this is a terminal that is still there."""
        try:
            return bool(self._stream.isatty())
        except (OSError, ValueError, AttributeError):
            return False

    def fileno(self) -> int:
        """Return the number of the file, where there is one."""
        if self._stream is None:
            raise io.UnsupportedOperation("fileno")
        return int(self._stream.fileno())

    def writable(self) -> bool:
        """Return True: what cannot be written is dropped."""
        return True

    def write(self, text: str) -> int:
        """Write `text`, or drop it."""
        if not isinstance(text, str):  # a library tries whether this is a stream of bytes
            raise TypeError(f"expected str, got {type(text).__name__}")
        if self._stream is not None:
            try:
                self._stream.write(self._encodable(text))
            except BlockingIOError:
                pass  # whoever reads is slow: this line is lost, the next may not be
            except (OSError, ValueError) as error:
                self._give_up(error)
        return len(text)

    def flush(self) -> None:
        """Pass on what is buffered."""
        if self._stream is not None:
            try:
                self._stream.flush()
            except BlockingIOError:
                pass
            except (OSError, ValueError) as error:
                self._give_up(error)

    def _encodable(self, text: str) -> str:
        try:
            return text.encode(self.encoding, "backslashreplace").decode(self.encoding)
        except LookupError:
            return text.encode("ascii", "backslashreplace").decode()

    def _give_up(self, error: Exception) -> None:
        """Write no more; what is still buffered goes nowhere, so that Python ends in peace."""
        stream, self._stream = self._stream, None
        _losses.append(getattr(error, "strerror", None) or str(error))
        with suppress(OSError, ValueError, AttributeError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)


def printable(text: str) -> str:
    r"""Return `text` in one line, with ``\n``, ``\x1b`` or ``\u202e`` for what consoles obey."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(c) if category(c) in ESCAPED else c for c in text)


def say(text: object = "", *, err: bool = False) -> None:
    """Print one line on standard output, or on standard error."""
    _write(f"{printable(str(text))}\n", err)


def show(text: str, *, err: bool = False) -> None:
    """Print a document of several lines, such as YAML or JSON; a last line break is added."""
    lines = text.removesuffix("\n").split("\n")
    _write("".join(f"{printable(line)}\n" for line in lines), err)


class _MessageHandler(logging.Handler):
    """Passes the text of each record to a function."""

    def __init__(self, write: Callable[[str], object], level: int) -> None:
        super().__init__(level)
        self.write = write

    def emit(self, record: logging.LogRecord) -> None:
        self.write(record.getMessage())


@contextmanager
def messages(write: Callable[[str], object] = say) -> Iterator[None]:
    """Pass what is logged to ``translate`` and below it at level INFO to `write`."""
    logger, handler = logging.getLogger("translate"), _MessageHandler(write, logging.INFO)
    handler.addFilter(lambda record: record.levelno < logging.WARNING)  # see `warnings_on_stderr`
    level = logger.level
    logger.addHandler(handler)
    if not logger.isEnabledFor(logging.INFO):
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


@contextmanager
def warnings_on_stderr() -> Iterator[None]:
    """Print what is logged to ``translate`` and below it from level WARNING on."""
    logger = logging.getLogger("translate")
    handler = _MessageHandler(lambda text: say(f"Warning: {text}", err=True), logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def stdout() -> SafeStream:
    """Return standard output as it is now, safe to write to."""
    return sys.stdout if isinstance(sys.stdout, SafeStream) else SafeStream(sys.stdout)


def stderr() -> SafeStream:
    """Return standard error as it is now, safe to write to."""
    return sys.stderr if isinstance(sys.stderr, SafeStream) else SafeStream(sys.stderr)


def has_bars() -> bool:
    """Return whether standard output is a terminal on which a line can be drawn again."""
    return stdout().isatty() and os.environ.get("TERM") not in PLAIN_TERMINALS


def rich_console() -> "Console":
    """Return what draws progress bars, safe to write to."""
    from rich.console import Console

    file: Any = stdout()
    return Console(file=file, no_color="NO_COLOR" in os.environ or None)


def take_loss() -> str:
    """Return once why lines could not be printed, or "" where all could."""
    reason = _losses[0] if _losses else ""
    _losses.clear()
    return f"what was printed is lost from here on: {reason}" if reason else ""


@contextmanager
def guarded() -> Iterator[None]:
    """Make standard output and error safe for everything that prints while the block runs."""
    _open_missing()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = stdout(), stderr()
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _open_missing() -> None:
    """Open what was closed of the first three files, or a file of ours would get its number."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # takes the lowest free number


def _write(text: str, err: bool) -> None:
    stream = stderr() if err else stdout()
    stream.write(text)
    stream.flush()


def _escaped(character: str) -> str:
    if character in JOINERS:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
