"""Audit hooks that record executed code, new processes, connections, and changes of the disk."""

import ast
import collections
import dataclasses
import os
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
DISK_EVENTS = {
    "os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir",
    "os.symlink", "os.truncate", "os.utime",
}  # fmt: skip
WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
INSTALLED = (str(ROOT / "translate"), str(ROOT / "plugins"), "<frozen ")
INSTALLED += tuple(path for path in sys.path if path.endswith("site-packages"))
INSTALLED += (sysconfig.get_path("stdlib"),)
TRACEBACK = b"_getframe()"
"""source that Cython modules of the stable ABI compile, to add a frame to a traceback"""
COMPILERS = {str(m.__file__) for m in (ast, collections, dataclasses, typing, typing_extensions)}
"""modules that compile generated source, to define classes or to read a signature"""


def record_events() -> list[str]:
    """Return a list that collects forbidden events until the process ends."""
    installed = {*sys.stdlib_module_names, *packages_distributions(), *sys.modules}
    installed |= {"translate", "translate_plugins"}  # which an editable install does not list
    events: list[str] = []

    def record(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("exec", "compile"):
            code = arguments[0] if event == "exec" else arguments[1]
            name = code.co_filename if isinstance(code, CodeType) else str(code)
            if arguments[0] == TRACEBACK:
                return
            caller = sys._getframe(1).f_code.co_filename
            if not (name.startswith(INSTALLED) or caller in COMPILERS):
                events.append(f"{event} {arguments[0]!r:.200}")
        elif event == "import":
            if str(arguments[0]).partition(".")[0] not in installed:
                events.append(f"import {arguments[0]}")
        elif event in FORBIDDEN_EVENTS and not _is_expected(event, arguments):
            events.append(f"{event} {arguments!r:.200}")

    sys.addaudithook(record)
    return events


def record_writes() -> list[str]:
    """Return a list that collects changes of the disk until the process ends."""
    events: list[str] = []

    def record(event: str, arguments: tuple[Any, ...]) -> None:
        opened = event == "open" and arguments[2] & WRITE_FLAGS and arguments[0] != os.devnull
        if opened or event in DISK_EVENTS:
            events.append(f"{event} {arguments!r:.200}")

    sys.addaudithook(record)
    return events


def _is_expected(event: str, arguments: tuple[Any, ...]) -> bool:
    """Return whether the event is a call of git, a load of the C library, or a local port."""
    if event == "socket.getaddrinfo":
        return arguments[0] == "127.0.0.1"
    if event == "socket.bind":
        return arguments[1][0] == "127.0.0.1"
    return (event == "subprocess.Popen" and arguments[0] == "git") or arguments == (None,)
