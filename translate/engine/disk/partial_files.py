"""Temporary files and folders: their names, and how those of killed processes are removed."""

import glob
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PART, STAGED = ".part-", ".tmp-"
"""Marks in the names of temporary files and folders, which `remove_partial_files` deletes."""
PARTIAL = re.compile(r"\..*\.part-\d+(-[0-9a-f]{12})?", re.DOTALL)
"""a temporary file's name; older versions gave it no random end"""
PREFIX = 80
"""Bytes of a name that its temporary name begins with: the whole is under 143, the least limit."""


def remove_partial_files(folder: Path, *names: str) -> None:
    """Delete what a killed process left half written in `folder`, or only of the files `names`."""
    starts = [glob.escape(_prefix(name)) for name in names]
    patterns = [f".{start}{PART}*" for start in starts] or [f"{STAGED}*", f".*{PART}*"]
    for left in [path for pattern in patterns for path in folder.glob(pattern)]:
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


def remove_old_partial_files(root: Path, *, older: float) -> None:
    """Delete the files that killed processes left half written below `root`.

    What was written to in the last `older` seconds stays.
    """
    for left in root.rglob(f".*{PART}*"):
        _remove_old(left, older)


def remove_partial_files_of(paths: Iterable[Path], *, older: float) -> None:
    """Delete what killed processes left half written of the files `paths`, and of no others.

    What was written to in the last `older` seconds stays.
    """
    prefixes = dict[Path, set[str]]()
    for path in paths:
        prefixes.setdefault(path.parent, set()).add(_prefix(path.name))
    for folder, own in prefixes.items():
        for left in folder.glob(f".*{PART}*"):
            if left.name[1:].rpartition(PART)[0] in own:
                _remove_old(left, older)


def _remove_old(left: Path, older: float) -> None:
    if PARTIAL.fullmatch(left.name):
        with suppress(FileNotFoundError):
            if not older or time.time() - left.lstat().st_mtime > older:
                left.unlink()


def remove_partial_folders(root: Path, name: str) -> None:
    """Delete what killed processes left in `root` of writing the folder `name`."""
    for left in root.glob(f"{STAGED}{glob.escape(_prefix(name))}*"):
        shutil.rmtree(left)


def temporary_file(path: Path) -> Path:
    """Return a name next to `path` that no other call, thread, process or machine returns."""
    return path.with_name(f".{_prefix(path.name)}{PART}{_unique()}")


def temporary_folder(path: Path) -> Path:
    return path.with_name(f"{STAGED}{_prefix(path.name)}-{_unique()}")


def _unique() -> str:
    return f"{os.getpid()}-{secrets.token_hex(6)}"


def _prefix(name: str) -> str:
    """Return the beginning of `name`, in whole characters, and without bytes that are none."""
    return os.fsencode(name)[:PREFIX].decode("utf-8", "ignore")
