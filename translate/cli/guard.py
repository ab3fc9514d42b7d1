"""What is left of an unforeseen exception: one line, a log file with the traceback, a code."""

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
from translate.errors import PluginError, TrainingError, describe_error, message_of

BUG, USAGE, INTERRUPTED = 1, 2, 130
"""exit codes"""
DEBUG = "TRANSLATE_DEBUG"
LEAST = 4000
"""MB of address space that PyTorch and OpenCV take"""
GRACE = 5.0
"""seconds that threads and processes of plugins have to end after the command"""
RESOURCES = (
    *("can't start new thread", "failed to map segment", "Cannot allocate memory"),
    *("not enough memory", "out of memory", "allocate memory"),
)
"""what Python and the linker say where address space or processes are limited"""


class ExitCallError(Exception):
    """Something that a command called has called `sys.exit`."""


def debugging() -> bool:
    """Return whether tracebacks are wanted: TRANSLATE_DEBUG is set to something but 0."""
    return os.environ.get(DEBUG, "0") not in ("", "0")


@contextmanager
def noticing_interrupts() -> Iterator[list[int]]:
    """Add to a list each SIGINT that raises KeyboardInterrupt while the block runs.

    A library that is interrupted while it is imported says something else: that it is broken.
    """
    noticed: list[int] = []

    def notice(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        noticed.append(number)
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield noticed  # ignored, or somebody else's
        return
    signal.signal(signal.SIGINT, notice)
    try:
        yield noticed
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def report(error: BaseException) -> int:
    """Say what an exception that nobody foresaw means for the user; return the exit code."""
    if said := file_system.explain_path_error(error) or _missing(error):
        if debugging():
            console.show("".join(traceback.format_exception(error)), err=True)
        console.say(f"Error: {said}", err=True)
        return USAGE
    console.say(
        f"Error: {_unforeseen(error)} {_logged(error)}; {DEBUG}=1 shows the traceback.", err=True
    )
    return USAGE if _is_a_plugins(error) else BUG


def _is_a_plugins(error: BaseException) -> bool:
    """Tell whether a plugin that is not our own has raised `error`."""
    if not _plugins_have_run():
        return False
    from translate.engine.plugins.errors import is_third_party

    return is_third_party(_cause(error))


def _plugins_have_run() -> bool:
    """Return whether code of a plugin may have run: a command, or what is loaded with torch."""
    return not sys.modules.keys().isdisjoint({"torch", "translate.engine.plugins.commands"})


def warn_of_limits() -> None:
    """Say that libraries may end the process where they get too little address space."""
    if (limit := _address_space()) and int(limit.removesuffix(" MB")) < LEAST:
        console.say(
            f"Warning: the address space is limited to {limit}, and PyTorch needs about "
            f"{LEAST} MB: it may end the process. Raise it: ulimit -v unlimited",
            err=True,
        )


def show_cause(error: BaseException) -> None:
    """Print the traceback of what an error in words was made from, where tracebacks are wanted."""
    ours = isinstance(error, (PluginError, TrainingError))  # others are the user's own
    if ours and debugging() and error.__cause__ is not None:
        console.show("".join(traceback.format_exception(error.__cause__)), err=True)


def leave(code: int) -> None:
    """End the process, also where a thread or a process of a plugin would keep it alive."""
    try:
        alive = _wait()
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)
    if alive:
        console.say(f"Warning: stopped while {', '.join(alive)} was still at work.", err=True)
        os._exit(code)
    sys.exit(code)


def _wait() -> list[str]:
    """Wait for what runs besides the main thread; return the names of threads that go on."""
    deadline = time.monotonic() + GRACE
    multiprocessing = sys.modules.get("multiprocessing")
    for process in multiprocessing.active_children() if multiprocessing else ():
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
    others = [t for t in threading.enumerate() if t is not threading.main_thread()]
    waited_for = [thread for thread in others if not thread.daemon]
    for thread in waited_for:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread.name for thread in waited_for if thread.is_alive()]


def _missing(error: BaseException) -> str:
    """Return what to say where a library cannot be imported, or memory is short; or nothing."""
    text = " ".join(message_of(error).split())
    if "No usable temporary directory" in text:
        return f"{text}. Name one that can be written to, TMPDIR=DIR, or: ulimit -f unlimited"
    short = isinstance(error, MemoryError) or any(phrase in text for phrase in RESOURCES)
    if not (short or isinstance(error, ImportError)):
        return ""
    name = getattr(error, "name", None) or "_"
    name = _library(error) if name.startswith("_") else name  # "_C" is somebody's own part
    if name.partition(".")[0] == "translate":
        return ""
    limit = _address_space()
    what = f"{name} could not be loaded" if isinstance(error, ImportError) else "too little memory"
    said = f"{what}: {type(error).__name__}: {text or 'no more memory'} (in {name})."
    if limit and (short or isinstance(error, ImportError)):
        return f"{said} The address space is limited to {limit}: raise it, `ulimit -v unlimited`."
    if short:
        return f"{said} Close other programs, or try a smaller --size or --batch-size."
    return f"{said} See `translate doctor`, or: pip install --force-reinstall translate-kit"


def _library(error: BaseException) -> str:
    """Return the package of the innermost line that `error` came through."""
    frames = list(traceback.walk_tb(error.__traceback__))
    names = [str(frame.f_globals.get("__name__", "")).partition(".")[0] for frame, _ in frames]
    known = [name for name in names if name not in ("importlib", "translate", "click", "")]
    return known[-1] if known else "Python"


def _address_space() -> str:
    """Return what the system limits the address space to, or "" where it does not."""
    try:
        import resource
    except ImportError:  # there is none on Windows
        return ""
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return "" if soft == resource.RLIM_INFINITY else f"{soft >> 20} MB"


def _unforeseen(error: BaseException) -> str:
    """Return what happened, where, and whose fault it is."""
    error = _cause(error)
    if _plugins_have_run():
        from translate.engine.plugins.errors import describe_unexpected

        return describe_unexpected(error)
    return f"{describe_error(error)}. This is a bug of translate: please report it."


def _cause(error: BaseException) -> BaseException:
    """Return the `SystemExit` that an `ExitCallError` stands for, or `error`."""
    called_exit = isinstance(error, ExitCallError) and error.__cause__ is not None
    return (error.__cause__ or error) if called_exit else error


def _logged(error: BaseException) -> str:
    """Write the traceback to a file, here or where temporary files are; say where it is."""
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
