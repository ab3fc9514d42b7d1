"""The file of a report."""

from collections.abc import Sequence
from pathlib import Path

from translate.engine.disk import files
from translate.engine.disk.records import json_files
from translate.errors import ConfigError, SaveError
from translate.report.page import GENERATOR

FILE = "report.html"
MARK = f'<meta name="generator" content="{GENERATOR}">'.encode()
SEARCHED_BYTES = 4096
"""number of bytes in which the mark of a report is searched"""


def default_path(runs: Sequence[Path]) -> Path:
    """Return the default path of a report: in the run, or in the working directory for several."""
    return runs[0] / FILE if len(runs) == 1 else Path(FILE)


def require_replaceable(path: Path) -> None:
    """Raise `ConfigError` if there is something else than a report at `path`."""
    if path.is_dir():
        raise ConfigError(f"--out {path}: it is a folder. Expected a file: --out {path / FILE}")
    try:
        with json_files.open_regular(path) as file:
            start = file.read(SEARCHED_BYTES)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(
            f"--out {path}: {error.strerror or error}. Expected a file that can be replaced."
        ) from error
    if MARK not in start:
        raise ConfigError(
            f"--out {path}: the file exists and is no report. Expected a new file, or an earlier "
            "report: choose another name."
        )


def write(path: Path, page: bytes) -> None:
    """Write a page atomically; raise `SaveError` if that fails."""
    try:
        files.replace(path, page)
    except OSError as error:
        raise SaveError(f"could not write {path}: {error.strerror or error}.") from error
