"""Write the file of a report; only an earlier report may be replaced."""

from collections.abc import Sequence
from pathlib import Path

from translate.engine.disk import files
from translate.engine.disk.records import json_files
from translate.errors import ConfigError, SaveError
from translate.report.page import META_GENERATOR

DEFAULT_NAME = "report.html"
REPORT_MARK = f'<meta name="generator" content="{META_GENERATOR}">'.encode()
"""tag in the head of every report"""
SEARCHED_BYTES = 4096
"""number of bytes, at the start of a file, that must contain the mark of a report"""


def default_path(runs: Sequence[Path]) -> Path:
    """Return the default path of a report: in the run, or in the working directory for several."""
    return runs[0] / DEFAULT_NAME if len(runs) == 1 else Path(DEFAULT_NAME)


def require_replaceable(path: Path) -> None:
    """Raise `ConfigError` if `path` exists and is not an earlier report."""
    if path.is_dir():
        raise ConfigError(
            f"--out {path}: it is a folder. Expected a file: --out {path / DEFAULT_NAME}"
        )
    try:
        with json_files.open_regular(path) as file:
            start = file.read(SEARCHED_BYTES)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigError(
            f"--out {path}: {error.strerror or error}. Expected a file that can be replaced."
        ) from error
    if REPORT_MARK not in start:
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
