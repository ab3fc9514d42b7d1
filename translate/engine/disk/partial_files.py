"""Name temporary files and folders, and remove those that killed processes have left."""

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
"""part of the names of temporary files, and beginning of the names of temporary folders"""
PARTIAL = re.compile(r"\..*\.part-\d+(-[0-9a-f]{12})?", re.DOTALL)
"""the name of a temporary file; earlier versions wrote names without the random number"""
PREFIX_BYTES = 80
"""largest number of bytes of a file's name that are part of its temporary name, which stays below
143 bytes: the lowest limit of file systems"""


def remove_partial_files(folder: Path, *names: str) -> None:
    """Delete temporary files and folders in `folder`; with `names`, only those of these files."""
    prefixes = [glob.escape(_prefix(name)) for name in names]
    patterns = [f".{prefix}{PART}*" for prefix in prefixes] or [f"{STAGED}*", f".*{PART}*"]
    for path in [path for pattern in patterns for path in folder.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def remove_old_partial_files(root: Path, *, min_age: float) -> None:
    """Delete temporary files below `root` last written over `min_age` seconds ago; 0: all."""
    for path in root.rglob(f".*{PART}*"):
        _remove_old(path, min_age)


def remove_partial_files_of(paths: Iterable[Path], *, min_age: float) -> None:
    """Delete temporary files of `paths` last written over `min_age` seconds ago; 0: all."""
    prefixes = dict[Path, set[str]]()
    for path in paths:
        prefixes.setdefault(path.parent, set()).add(_prefix(path.name))
    for folder, folder_prefixes in prefixes.items():
        for path in folder.glob(f".*{PART}*"):
            if path.name[1:].rpartition(PART)[0] in folder_prefixes:
                _remove_old(path, min_age)


def _remove_old(path: Path, min_age: float) -> None:
    if PARTIAL.fullmatch(path.name):
        with suppress(FileNotFoundError):
            if not min_age or time.time() - path.lstat().st_mtime > min_age:
                path.unlink()


def remove_partial_folders(root: Path, name: str) -> None:
    """Delete temporary folders of the folder `name` in `root`."""
    for path in root.glob(f"{STAGED}{glob.escape(_prefix(name))}*"):
        shutil.rmtree(path)


def temporary_file(path: Path) -> Path:
    """Return a path next to `path` that no other call, thread, process or machine gets."""
    return path.with_name(f".{_prefix(path.name)}{PART}{_unique()}")


def temporary_folder(path: Path) -> Path:
    """Return the path of a temporary folder next to `path`; see `temporary_file`."""
    return path.with_name(f"{STAGED}{_prefix(path.name)}-{_unique()}")


def _unique() -> str:
    return f"{os.getpid()}-{secrets.token_hex(6)}"


def _prefix(name: str) -> str:
    """Return the first characters of `name`, of at most `PREFIX_BYTES` bytes of UTF-8."""
    return os.fsencode(name)[:PREFIX_BYTES].decode("utf-8", "ignore")
