"""Console output that never ends a command, even if a line cannot be encoded or written.

Every command prints with `say` and `show`. Control characters, bidirectional marks and characters
that the console cannot encode are escaped. A line that cannot be written, because of a closed pipe,
a full disk or a closed terminal, is dropped, and `take_loss` returns the reason once.
"""

import io
import json
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
"""Unicode categories of escaped characters: control, format (such as bidirectional marks),
surrogate, line and paragraph separators"""
JOINERS = "\u200c\u200d"
"""format characters within words and emoji, which are not escaped"""
PLAIN_TERMINALS = ("dumb", "unknown")
"""values of ``TERM`` for terminals that can only print lines"""

_losses: list[str] = []
"""reasons why lines could not be printed, since the last `take_loss`"""


class SafeStream(io.TextIOBase):
    """A text stream that escapes characters it cannot encode, and drops text it cannot write."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._stream, "encoding", None) or "utf-8"

    @property
    def buffer(self) -> Any:
        """The underlying stream of bytes, if there is one: shell completion writes to it."""
        return getattr(self._stream, "buffer", None)

    def isatty(self) -> bool:
        """Return whether this is an open terminal."""
        try:
            return bool(self._stream.isatty())
        except (OSError, ValueError, AttributeError):
            return False

    def fileno(self) -> int:
        """Return the file descriptor, if there is one."""
        if self._stream is None:
            raise io.UnsupportedOperation("fileno")
        return int(self._stream.fileno())

    def writable(self) -> bool:
        """Return True: text that cannot be written is dropped."""
        return True

    def write(self, text: str) -> int:
        """Write `text`, or drop it."""
        if not isinstance(text, str):  # libraries test whether this is a stream of bytes
            raise TypeError(f"expected str, got {type(text).__name__}")
        if self._stream is not None:
            try:
                self._stream.write(self._encodable(text))
            except BlockingIOError:
                pass  # the reader is slow: this line is lost, the next may not be
            except (OSError, ValueError) as error:
                self._give_up(error)
        return len(text)

    def flush(self) -> None:
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
        """Drop all text from now on, also buffered text, which Python would write at its exit."""
        stream, self._stream = self._stream, None
        _losses.append(getattr(error, "strerror", None) or str(error))
        with suppress(OSError, ValueError, AttributeError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)


def printable(text: str) -> str:
    r"""Return `text` in one line, with control characters as ``\n``, ``\x1b`` or ``\u202e``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if category(c) in ESCAPED else c for c in text)


def say(text: object = "", *, err: bool = False) -> None:
    """Print one line on standard output, or on standard error."""
    _write(f"{printable(str(text))}\n", err)


def show(text: str, *, err: bool = False) -> None:
    """Print a document of several lines, such as YAML or JSON, and a line break at its end."""
    lines = text.removesuffix("\n").split("\n")
    _write("".join(f"{printable(line)}\n" for line in lines), err)


def show_json(document: Any) -> None:
    """Print `document` as indented JSON."""
    show(json.dumps(document, indent=2))


class _MessageHandler(logging.Handler):
    """Passes the text of each record to a function."""

    def __init__(self, write: Callable[[str], object], level: int) -> None:
        super().__init__(level)
        self.write = write

    def emit(self, record: logging.LogRecord) -> None:
        self.write(record.getMessage())


@contextmanager
def messages(write: Callable[[str], object] = say, *, quiet: bool = False) -> Iterator[None]:
    """Pass messages of level INFO, of the logger ``translate`` and its children, to `write`.

    If `quiet`, do nothing.
    """
    if quiet:
        yield
        return
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
    """Print warnings and errors that are logged by ``translate`` and its children."""
    logger = logging.getLogger("translate")
    handler = _MessageHandler(lambda text: say(f"Warning: {text}", err=True), logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def stdout() -> SafeStream:
    """Return the current standard output as a `SafeStream`."""
    return sys.stdout if isinstance(sys.stdout, SafeStream) else SafeStream(sys.stdout)


def stderr() -> SafeStream:
    """Return the current standard error as a `SafeStream`."""
    return sys.stderr if isinstance(sys.stderr, SafeStream) else SafeStream(sys.stderr)


def has_bars() -> bool:
    """Return whether standard output is a terminal that can redraw a line."""
    return stdout().isatty() and os.environ.get("TERM") not in PLAIN_TERMINALS


def rich_console() -> "Console":
    """Return a console for progress bars that writes to a `SafeStream`."""
    from rich.console import Console

    file: Any = stdout()
    return Console(file=file, no_color="NO_COLOR" in os.environ or None)


def take_loss() -> str:
    """Return the reason why lines could not be printed, once; "" if all lines could."""
    reason = _losses[0] if _losses else ""
    _losses.clear()
    return f"what was printed is lost from here on: {reason}" if reason else ""


@contextmanager
def safe_streams() -> Iterator[None]:
    """Replace standard output and error by `SafeStream`s while the block runs."""
    _open_closed_descriptors()
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = stdout(), stderr()
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _open_closed_descriptors() -> None:
    """Open the file descriptors 0 to 2 if they are closed: otherwise other files would get them."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # the lowest free descriptor


def _write(text: str, err: bool) -> None:
    stream = stderr() if err else stdout()
    stream.write(text)
    stream.flush()


def _escape(character: str) -> str:
    if character in JOINERS:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode()
