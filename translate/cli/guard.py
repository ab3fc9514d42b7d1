"""How commands end: interrupts, lack of memory, unexpected exceptions, and threads still running.

An unexpected exception is printed as one line, its traceback is written to a log file, and its
origin (translate or another package) selects the exit code.
"""

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
"""exit codes: of a bug of translate, of a mistake outside translate, and of SIGINT"""
DEBUG_VARIABLE = "TRANSLATE_DEBUG"
PYTORCH_MB, PYTORCH_AND_OPENCV_MB = 3300, 4000
"""address space, in MiB, that the imports of PyTorch alone and of PyTorch and OpenCV need"""
EXIT_SECONDS = 5.0
"""longest wait for the threads and processes of plugins before the command ends, in seconds"""
RESOURCE_PHRASES = (
    *("can't start new thread", "failed to map segment", "Cannot allocate memory"),
    *("not enough memory", "out of memory", "allocate memory"),
)
"""phrases in messages of Python and the dynamic linker about too little memory or processes"""


class ExitCallError(Exception):
    """`sys.exit` was called within a command."""


def is_debugging() -> bool:
    """Return whether to show tracebacks: TRANSLATE_DEBUG is set, and is not 0."""
    return os.environ.get(DEBUG_VARIABLE, "0") not in ("", "0")


@contextmanager
def recorded_interrupts() -> Iterator[list[int]]:
    """Yield a list that gets an entry for each SIGINT during the block.

    A library that is interrupted while it is imported may turn KeyboardInterrupt into another
    exception, as if the library were broken. A list with entries shows that SIGINT was the cause.
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


def report_unexpected_error(error: BaseException) -> int:
    """Print what an unexpected exception means for the user; return the exit code."""
    if message := file_system.explain_path_error(error) or _resource_message(error):
        if is_debugging():
            console.show("".join(traceback.format_exception(error)), err=True)
        console.say(f"Error: {message}", err=True)
        return USAGE
    message = f"{_description(error)} {_write_log(error)}; {DEBUG_VARIABLE}=1 shows the traceback."
    console.say(f"Error: {message}", err=True)
    return USAGE if _is_third_party(error) else BUG


def _is_third_party(error: BaseException) -> bool:
    """Return whether code outside translate, such as a plugin, has raised `error`."""
    if not _plugins_have_run():
        return False
    from translate.engine.plugins.errors import is_third_party

    return is_third_party(_cause(error))


def _plugins_have_run() -> bool:
    """Return whether code of plugins may have run: of plugins with commands, or of any plugin."""
    loaders = {"torch", "translate.engine.plugins.commands"}  # plugins are loaded only after these
    return not sys.modules.keys().isdisjoint(loaders)


def check_address_space() -> None:
    """Print a warning if the limit of the address space is below `PYTORCH_AND_OPENCV_MB`.

    Raises `ConfigError` if the limit is below `PYTORCH_MB`: importing PyTorch would abort.
    """
    limit = _address_space_mb()
    if limit is None or limit >= PYTORCH_AND_OPENCV_MB:
        return
    message = f"the address space is limited to {limit} MB, and PyTorch needs about"
    message += f" {PYTORCH_AND_OPENCV_MB} MB"
    advice = "Raise it: ulimit -v unlimited"
    if limit < PYTORCH_MB:
        raise ConfigError(f"{message}. {advice}")
    console.say(f"Warning: {message}: it may end the process. {advice}", err=True)


def print_cause_if_debugging(error: BaseException) -> None:
    """Print the traceback of the exception that caused `error`, if TRANSLATE_DEBUG is set."""
    is_from_code = isinstance(error, (PluginError, TrainingError))  # other errors are the user's
    if is_from_code and is_debugging() and error.__cause__ is not None:
        console.show("".join(traceback.format_exception(error.__cause__)), err=True)


def end_process(code: int) -> None:
    """End the process, even if a thread or a process of a plugin is still running."""
    try:
        running_threads = _join_threads_and_processes()
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)
    if running_threads:
        names = ", ".join(running_threads)
        console.say(f"Warning: stopped while {names} was still at work.", err=True)
        os._exit(code)
    sys.exit(code)


def _join_threads_and_processes() -> list[str]:
    """Wait for threads and processes, then kill the processes; return names of running threads."""
    deadline = time.monotonic() + EXIT_SECONDS
    multiprocessing = sys.modules.get("multiprocessing")
    for process in multiprocessing.active_children() if multiprocessing else ():
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
    main = threading.main_thread()
    other_threads = [t for t in threading.enumerate() if t is not main and not t.daemon]
    for thread in other_threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return [thread.name for thread in other_threads if thread.is_alive()]


def _resource_message(error: BaseException) -> str:
    """Return a message if a library cannot be imported or memory is exhausted, else ""."""
    text = " ".join(message_of(error).split())
    if "No usable temporary directory" in text:
        return f"{text}. Name one that can be written to, TMPDIR=DIR, or: ulimit -f unlimited"
    no_memory = isinstance(error, MemoryError) or any(phrase in text for phrase in RESOURCE_PHRASES)
    is_import = isinstance(error, ImportError)
    if not (no_memory or is_import):
        return ""
    name = getattr(error, "name", None) or "_"
    name = _library(error) if name.startswith("_") else name  # "_C" is a module within a library
    if name.partition(".")[0] == "translate":
        return ""
    failure = f"{name} could not be loaded" if is_import else "too little memory"
    message = f"{failure}: {type(error).__name__}: {text or 'no more memory'} (in {name})."
    if (limit := _address_space_mb()) is not None:
        advice = "raise it, `ulimit -v unlimited`"
        return f"{message} The address space is limited to {limit} MB: {advice}."
    if no_memory:
        return f"{message} Close other programs, or try a smaller --size or --batch-size."
    return f"{message} See `translate doctor`, or: pip install --force-reinstall translate-kit"


def _library(error: BaseException) -> str:
    """Return the package, other than translate, of the innermost frame in the traceback."""
    frames = list(traceback.walk_tb(error.__traceback__))
    names = [str(frame.f_globals.get("__name__", "")).partition(".")[0] for frame, _ in frames]
    libraries = [name for name in names if name not in ("importlib", "translate", "click", "")]
    return libraries[-1] if libraries else "Python"


def _address_space_mb() -> int | None:
    """Return the limit of the address space in MiB; None if there is none."""
    try:
        import resource
    except ImportError:  # Windows has no such module
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft >> 20


def _description(error: BaseException) -> str:
    """Return what happened, its place, and where to report it."""
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
    for find_folder in (os.getcwd, tempfile.gettempdir):
        try:  # both functions may raise
            path = Path(find_folder()) / name
            files.replace(path, data)
        except OSError as failure:
            reason = failure.strerror or str(failure)
        else:
            return f"The traceback is in {path}"
    return f"The traceback could not be written to a file ({reason})"
