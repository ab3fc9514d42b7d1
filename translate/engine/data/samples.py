"""Domains: the folders that are there, and sample domains drawn by code where none is.

A sample domain's folder holds a marker with the version that drew it. Without that marker a folder
is the user's, and nothing is ever written into it.
"""

import json
import logging
import sys
import time
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from translate import registry
from translate.engine.config.schema import Data
from translate.engine.data.check import joined
from translate.engine.disk import folders, json_files, locks, partial_files
from translate.engine.system import bundled
from translate.errors import CheckpointError, DataError, PluginError, SaveError
from translate.folders.listing import find_images, subfolders
from translate.folders.lookup import expect_different
from translate.folders.names import any_hidden
from translate.images.encode import encode_image
from translate.images.format_registry import image_suffixes

ROOT = Path("datasets")
MARKER = ".sample-domain.json"
SPLITS = ("train", "val", "test")

logger = logging.getLogger(__name__)


class Domain(NamedTuple):
    """A folder of images."""

    name: str
    path: Path
    counts: dict[str, int]
    """Images by split; ``images`` are those that lie in none."""
    sample: bool


def ensure(data: Data) -> None:
    """Draw each sample domain that `data` names and the default root lacks.

    Raises `DataError` before that for a domain that is named twice.
    """
    expect_different(data.root, data.domains)
    if data.root != ROOT or joined(data):  # domains are parts of images, not folders
        return
    known = registry.names("domain")
    for name in data.domains:
        places = (ROOT / name, ROOT / data.split / name, ROOT / f"{data.split}{name}", Path(name))
        if name in known and (_is_sample(ROOT / name) or not any(p.exists() for p in places)):
            draw(name, ROOT)


def draw(name: str, root: Path) -> None:
    """Draw the sample domain `name` into `root`, unless this version of it is there.

    Raises `ConfigError` for a name that no plugin offers, `DataError` where a folder of the user's
    is in the way.
    """
    factory = registry.find("domain", name)
    folder = root / name.rpartition("/")[2]
    marker = {"name": name, "version": _version(factory)}
    if _is_sample(folder) and _marker(folder) == marker:
        return
    folders.ensure_writable(root)
    waiting = partial(logger.info, f"another process is drawing into {root}: waiting for it")
    with locks.one_at_a_time(root, waiting) as alone:
        if alone:
            partial_files.remove_partial_folders(root, folder.name)
        _draw_once(folder, marker, factory)


def _draw_once(folder: Path, marker: dict[str, Any], factory: Callable[..., Any]) -> None:
    """Draw the sample domain that `marker` names, unless another process has just done so."""
    name = marker["name"]
    if not folder.exists():
        logger.info(f"{folder} is not there: drawing the sample domain {name}")
    elif not _is_sample(folder):
        raise DataError(f"{folder} is a folder of your own: the sample domain stays undrawn.")
    elif _marker(folder) == marker:
        return
    else:
        logger.info(f"{folder} is of another version: drawing the sample domain {name} again")
    start = time.perf_counter()
    contents = _draw(name, factory)
    try:
        folders.write_folder(folder, {**contents, MARKER: json.dumps(marker).encode()})
    except OSError as error:
        raise SaveError(f"cannot write to {folder.parent}: {error.strerror or error}.") from error
    count = sum(is_image(file) for file in contents)
    logger.info(f"{folder}: {count} images, {time.perf_counter() - start:.0f} s")


def find(root: Path) -> list[Domain]:
    """Return the domains below `root`, by name."""
    found = []
    for folder in subfolders(root) if root.is_dir() else ():
        counts = dict.fromkeys((*SPLITS, "images"), 0)
        for path in find_images(folder):
            split = path.relative_to(folder).parts[0]
            counts[split if split in SPLITS else "images"] += 1
        if any(counts.values()):
            counts = {split: count for split, count in counts.items() if count}
            found.append(Domain(folder.name, folder, counts, _is_sample(folder)))
    return found


def drawable() -> list[str]:
    """Return the names of the sample domains."""
    return sorted(registry.names("domain"))


def cards() -> list[dict[str, Any]]:
    """Return the cards of public sets, each with its ``name``."""
    folder = bundled.bundled("datasets")
    there = sorted(folder.iterdir(), key=lambda item: item.name) if folder.is_dir() else []
    return [
        {"name": card.name.removesuffix(".toml"), **tomllib.loads(card.read_text("utf-8"))}
        for card in there
        if card.name.endswith(".toml")
    ]


def is_image(file: str) -> bool:
    """Tell whether a file of this path is taken for an image."""
    path = PurePosixPath(file)
    return path.suffix.lower() in image_suffixes() and not any_hidden(path.parts)


def _draw(name: str, factory: Callable[..., Any]) -> dict[str, bytes]:
    """Return the encoded files of a domain, by path below its folder."""
    contents = {}
    for text, content in factory():
        file = PurePosixPath(text)
        if file.is_absolute() or ".." in file.parts:
            raise PluginError(f"the domain {name!r} would write to {text!r}, outside its folder.")
        data = content if isinstance(content, bytes) else encode_image(content, file.suffix)
        contents[str(file)] = data
    return contents


def _version(factory: Callable[..., Any]) -> Any:
    """Return the VERSION of the module that `factory` was written in; 1 where it has none."""
    function = factory.func if isinstance(factory, partial) else factory
    return vars(sys.modules[function.__module__]).get("VERSION", 1)


def _is_sample(folder: Path) -> bool:
    return (folder / MARKER).is_file()


def _marker(folder: Path) -> Any:
    try:
        return json_files.read_json(folder / MARKER)
    except CheckpointError:
        return None  # it is drawn again
