"""An audit hook that notes what no file should ever cause: code run, processes, calls, imports."""

import collections
import dataclasses
import sys
import sysconfig
import typing
from importlib.metadata import packages_distributions
from types import CodeType
from typing import Any

import typing_extensions
from command_result import ROOT

FORBIDDEN_EVENTS = {
    "ctypes.dlopen", "ftplib.connect", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn",
    "os.spawn", "os.system", "pickle.find_class", "pty.spawn", "smtplib.connect", "socket.bind",
    "socket.connect", "socket.getaddrinfo", "socket.sendto", "subprocess.Popen", "urllib.Request",
    "webbrowser.open",
}  # fmt: skip
INSTALLED = (str(ROOT / "translate"), str(ROOT / "plugins"), "<frozen ")
INSTALLED += tuple(path for path in sys.path if path.endswith("site-packages"))
INSTALLED += (sysconfig.get_path("stdlib"),)
WRITERS = {str(m.__file__) for m in (collections, dataclasses, typing, typing_extensions)}
"""modules that make classes, and read annotations, by running text that code has given them"""


def record_events() -> list[str]:
    """Return a list in which from now on, and until the process ends, such things are noted."""
    known = {*sys.stdlib_module_names, *packages_distributions(), *sys.modules}
    known |= {"translate", "translate_plugins"}  # which an editable install does not list
    seen: list[str] = []

    def note(event: str, given: tuple[Any, ...]) -> None:
        if event in ("exec", "compile"):
            code = given[0] if event == "exec" else given[1]
            name = code.co_filename if isinstance(code, CodeType) else str(code)
            if not (name.startswith(INSTALLED) or sys._getframe(1).f_code.co_filename in WRITERS):
                seen.append(f"{event} {given[0]!r:.200}")
        elif event == "import":
            if str(given[0]).partition(".")[0] not in known:
                seen.append(f"import {given[0]}")
        elif event in FORBIDDEN_EVENTS and not _is_ours(event, given):
            seen.append(f"{event} {given!r:.200}")

    sys.addaudithook(note)
    return seen


def _is_ours(event: str, given: tuple[Any, ...]) -> bool:
    """Whether training asks git for the state of the code, or the C library for its memory."""
    return (event == "subprocess.Popen" and given[0] == "git") or given == (None,)
