"""Unexpected exceptions: one line, a log file with the traceback, and an exit code."""

import os
import platform
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from translate import __version__
from translate.engine.disk import file_system, files
from translate.engine.system import console
from translate.errors import ConfigError, PluginError, TrainingError, describe_error, message_of

BUG, USAGE, INTERRUPTED = 1, 2, 130
"""exit codes"""
DEBUG = "TRANSLATE_DEBUG"
LEAST_MB, NEEDED_MB = 3300, 4000
"""address space to import PyTorch alone, and to import PyTorch and OpenCV"""
EXIT_SECONDS = 5.0
"""how long the command waits at its end for threads and processes of plugins, in seconds"""
RESOURCE_ERRORS = (
    *("can't start new thread", "failed to map segment", "Cannot allocate memory"),
    *("not enough memory", "out of memory", "allocate memory"),
)
"""parts of messages of Python and the linker about limited address space or processes"""


class ExitCallError(Exception):
    """`sys.exit` was called within a command."""


def is_debugging() -> bool:
    """Return whether to show tracebacks: TRANSLATE_DEBUG is set, and is not 0."""
    return os.environ.get(DEBUG, "0") not in ("", "0")


@contextmanager
def recorded_interrupts() -> Iterator[list[int]]:
    """Yield a list that gets an entry for each SIGINT during the block.

    A library that is interrupted while it is imported may turn KeyboardInterrupt into another
    exception, as if it were broken; the list tells the two apart.
    """
    interrupts: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        interrupts.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield interrupts  # SIGINT is ignored, or has another handler
        return
    signal.signal(signal.SIGINT, handle)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def report(error: BaseException) -> int:
    """Print what an unexpected exception means for the user; return the exit code."""
    if message := file_system.explain_path_error(error) or _resource_message(error):
        if is_debugging():
            console.show("".join(traceback.format_exception(error)), err=True)
        console.say(f"Error: {message}", err=True)
        return USAGE
    message = f"{_description(error)} {_write_log(error)}; {DEBUG}=1 shows the traceback."
    console.say(f"Error: {message}", err=True)
    return USAGE if _is_third_party(error) else BUG


def _is_third_party(error: BaseException) -> bool:
    """Return whether a plugin that is not built in has raised `error`."""
    if not _plugins_have_run():
        return False
    from translate.engine.plugins.errors import is_third_party

    return is_third_party(_cause(error))


def _plugins_have_run() -> bool:
    """Return whether code of a plugin may have run: a command, or anything loaded with torch."""
    return not sys.modules.keys().isdisjoint({"torch", "translate.engine.plugins.commands"})


def check_address_space() -> None:
    """Print a warning if the address space is small, as PyTorch may end the process.

    Raises `ConfigError` if it is too small to import PyTorch, which would abort.
    """
    limit = _address_space()
    if not limit or (megabytes := int(limit.removesuffix(" MB"))) >= NEEDED_MB:
        return
    message = (
        f"the address space is limited to {limit}, and PyTorch needs about {NEEDED_MB} MB{{}} "
        "Raise it: ulimit -v unlimited"
    )
    if megabytes < LEAST_MB:
        raise ConfigError(message.format("."))
    console.say(f"Warning: {message.format(': it may end the process.')}", err=True)


def show_cause(error: BaseException) -> None:
    """Print the traceback of the exception that caused `error`, if TRANSLATE_DEBUG is set."""
    in_code = isinstance(error, (PluginError, TrainingError))  # other errors are the user's
    if in_code and is_debugging() and error.__cause__ is not None:
        console.show("".join(traceback.format_exception(error.__cause__)), err=True)


def leave(code: int) -> None:
    """End the process, even if a thread or a process of a plugin is still running."""
    try:
        alive = _join_all()
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)
    if alive:
        console.say(f"Warning: stopped while {', '.join(alive)} was still at work.", err=True)
        os._exit(code)
    sys.exit(code)


def _join_all() -> list[str]:
    """Wait for other threads and processes; return the names of threads that still run."""
    deadline = time.monotonic() + EXIT_SECONDS
    multiprocessing = sys.modules.get("multiprocessing")
    for process in multiprocessing.active_children() if multiprocessing else ():
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
    main = threading.main_thread()
    others = [t for t in threading.enumerate() if t is not main and not t.daemon]
    for thread in others:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread.name for thread in others if thread.is_alive()]


def _resource_message(error: BaseException) -> str:
    """Return a message if a library cannot be imported or memory is exhausted; otherwise ""."""
    text = " ".join(message_of(error).split())
    if "No usable temporary directory" in text:
        return f"{text}. Name one that can be written to, TMPDIR=DIR, or: ulimit -f unlimited"
    no_memory = isinstance(error, MemoryError) or any(phrase in text for phrase in RESOURCE_ERRORS)
    if not (no_memory or isinstance(error, ImportError)):
        return ""
    name = getattr(error, "name", None) or "_"
    name = _library(error) if name.startswith("_") else name  # "_C" is a part of another library
    if name.partition(".")[0] == "translate":
        return ""
    limit = _address_space()
    what = f"{name} could not be loaded" if isinstance(error, ImportError) else "too little memory"
    message = f"{what}: {type(error).__name__}: {text or 'no more memory'} (in {name})."
    if limit and (no_memory or isinstance(error, ImportError)):
        advice = "raise it, `ulimit -v unlimited`"
        return f"{message} The address space is limited to {limit}: {advice}."
    if no_memory:
        return f"{message} Close other programs, or try a smaller --size or --batch-size."
    return f"{message} See `translate doctor`, or: pip install --force-reinstall translate-kit"


def _library(error: BaseException) -> str:
    """Return the package of the innermost line in the traceback of `error`."""
    frames = list(traceback.walk_tb(error.__traceback__))
    names = [str(frame.f_globals.get("__name__", "")).partition(".")[0] for frame, _ in frames]
    known = [name for name in names if name not in ("importlib", "translate", "click", "")]
    return known[-1] if known else "Python"


def _address_space() -> str:
    """Return the limit of the address space, or "" if there is none."""
    try:
        import resource
    except ImportError:  # Windows has no such module
        return ""
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return "" if soft == resource.RLIM_INFINITY else f"{soft >> 20} MB"


def _description(error: BaseException) -> str:
    """Return what happened, where, and to whom to report it."""
    error = _cause(error)
    if _plugins_have_run():
        from translate.engine.plugins.errors import describe_unexpected

        return describe_unexpected(error)
    return f"{describe_error(error)}. This is a bug of translate: please report it."


def _cause(error: BaseException) -> BaseException:
    """Return the `SystemExit` that caused an `ExitCallError`, or `error`."""
    called_exit = isinstance(error, ExitCallError) and error.__cause__ is not None
    return (error.__cause__ or error) if called_exit else error


def _write_log(error: BaseException) -> str:
    """Write the traceback to a file in the working or temporary directory; return where it is."""
    now = datetime.now(UTC)
    facts = (
        f"translate-kit {__version__}, Python {platform.python_version()}, {platform.platform()}",
        f"{now.isoformat(timespec='seconds')}: {' '.join(map(ascii, sys.argv))}",
    )
    trace = "".join(traceback.format_exception(error))
    data = "\n".join((*facts, "", trace)).encode("utf-8", "backslashreplace")
    name = f"translate-error-{now:%Y%m%d-%H%M%S}-{os.getpid()}.log"
    reason = ""
    for folder in (lambda: Path.cwd(), lambda: Path(tempfile.gettempdir())):
        try:
            path = folder() / name
            files.replace(path, data)
        except OSError as failure:
            reason = failure.strerror or str(failure)
        else:
            return f"The traceback is in {path}"
    return f"The traceback could not be written to a file ({reason})"
