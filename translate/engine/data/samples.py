"""Generate sample domains (folders of images that plugins generate), and list all domains.

The folder of a sample domain has a marker file with the version that generated it. A folder without
a marker belongs to the user, and is never written to.
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
from translate.engine.data.check import is_joined
from translate.engine.disk import folders, locks, partial_files
from translate.engine.disk.records import json_files
from translate.engine.system import bundled
from translate.errors import CheckpointError, DataError, PluginError, SaveError
from translate.folders.listing import find_images, subfolders
from translate.folders.lookup import expect_different_domains
from translate.folders.names import any_hidden
from translate.images.encode import encode_image
from translate.images.files.format_registry import image_suffixes

ROOT = Path("datasets")
MARKER = ".sample-domain.json"
SPLITS = ("train", "val", "test")

logger = logging.getLogger(__name__)


class DomainFolder(NamedTuple):
    """The folder of a domain, of the user or generated."""

    name: str
    path: Path
    counts: dict[str, int]
    """Number of images by split; those outside of splits are counted as ``images``."""
    sample: bool
    """whether it is a sample domain"""


def ensure(data: Data) -> None:
    """Generate each sample domain that `data` names and that does not exist below the default root.

    Raises `DataError` for a domain that is named twice.
    """
    expect_different_domains(data.root, data.domains)
    for name in _sample_names(data):
        draw(name, ROOT)


def expect_existing(data: Data) -> None:
    """Raise `DataError` where `ensure` would generate a sample domain."""
    expect_different_domains(data.root, data.domains)
    missing = [name for name in _sample_names(data) if not _is_current(name, ROOT)]
    if missing:
        raise DataError(
            f"sample domains that do not exist yet: {', '.join(str(ROOT / n) for n in missing)}. "
            "Training generates them; a dry run, which writes nothing, expects them: translate "
            f"datasets draw {' '.join(missing)}"
        )


def _sample_names(data: Data) -> list[str]:
    """Return the domains of `data` that are sample domains rather than folders of the user."""
    if data.root != ROOT or is_joined(data):  # a joined image holds both domains
        return []
    sample_domains = registry.names("domain")
    names = []
    for name in data.domains:
        candidates = (
            ROOT / name,
            ROOT / data.split / name,
            ROOT / f"{data.split}{name}",
            Path(name),
        )
        if name in sample_domains and (
            _is_sample(ROOT / name) or not any(p.exists() for p in candidates)
        ):
            names.append(name)
    return names


def draw(name: str, root: Path) -> None:
    """Generate the sample domain `name` below `root`, unless this version of it exists.

    Raises `ConfigError` for a name that no plugin registers, `DataError` if the user has a
    folder of this name.
    """
    folder = _folder(name, root)
    if _is_current(name, root):
        return
    folders.ensure_writable(root)
    waiting = partial(logger.info, f"another process is writing to {root}: waiting for it")
    with locks.exclusive_lock(root, waiting) as is_first:
        if is_first:
            partial_files.remove_partial_folders(root, folder.name)
        _draw_once(folder, name)


def _draw_once(folder: Path, name: str) -> None:
    """Generate the sample domain `name`, unless another process has done so."""
    factory, marker = registry.find("domain", name), _current_marker(name)
    if not folder.exists():
        logger.info(f"{folder} does not exist: generating the sample domain {name}")
    elif not _is_sample(folder):
        raise DataError(f"{folder} is a folder of your own: the sample domain is not generated.")
    elif _marker(folder) == marker:
        return
    else:
        logger.info(f"{folder} is of another version: generating the sample domain {name} again")
    start = time.perf_counter()
    contents = _encoded_files(name, factory)
    try:
        folders.write_folder(folder, {**contents, MARKER: json.dumps(marker).encode()})
    except OSError as error:
        raise SaveError(f"cannot write to {folder.parent}: {error.strerror or error}.") from error
    count = sum(is_image(file) for file in contents)
    logger.info(f"{folder}: {count} images, {time.perf_counter() - start:.0f} s")


def find(root: Path) -> list[DomainFolder]:
    """Return the domains below `root`, by name."""
    domains = []
    for folder in subfolders(root) if root.is_dir() else ():
        counts = dict.fromkeys((*SPLITS, "images"), 0)
        for path in find_images(folder):
            split = path.relative_to(folder).parts[0]
            counts[split if split in SPLITS else "images"] += 1
        if any(counts.values()):
            counts = {split: count for split, count in counts.items() if count}
            domains.append(DomainFolder(folder.name, folder, counts, _is_sample(folder)))
    return domains


def sample_name(root: Path, domain: str) -> str:
    """Return the name of the sample domain in the folder of `domain`; empty for another folder."""
    for folder in (root / domain, Path(domain), Path(domain).parent):
        if _is_sample(folder):
            return str((_marker(folder) or {}).get("name", ""))
    return ""


def sample_domains() -> list[str]:
    """Return the names of the sample domains."""
    return sorted(registry.names("domain"))


def cards() -> list[dict[str, Any]]:
    """Return the bundled descriptions of public data sets, each with its ``name``."""
    folder = bundled.bundled_folder("datasets")
    files = sorted(folder.iterdir(), key=lambda file: file.name) if folder.is_dir() else []
    return [
        {"name": card.name.removesuffix(".toml"), **tomllib.loads(card.read_text("utf-8"))}
        for card in files
        if card.name.endswith(".toml")
    ]


def is_image(file: str) -> bool:
    """Return whether the file at this path counts as an image."""
    path = PurePosixPath(file)
    return path.suffix.lower() in image_suffixes() and not any_hidden(path.parts)


def _encoded_files(name: str, factory: Callable[..., Any]) -> dict[str, bytes]:
    """Return the encoded files of a sample domain, by path below its folder."""
    contents = {}
    for text, content in factory():
        file = PurePosixPath(text)
        if file.is_absolute() or ".." in file.parts:
            raise PluginError(f"the domain {name!r} would write to {text!r}, outside its folder.")
        data = content if isinstance(content, bytes) else encode_image(content, file.suffix)
        contents[str(file)] = data
    return contents


def _folder(name: str, root: Path) -> Path:
    return root / name.rpartition("/")[2]


def _is_current(name: str, root: Path) -> bool:
    """Return whether the current version of a sample domain exists below `root`."""
    folder, marker = _folder(name, root), _current_marker(name)
    return _is_sample(folder) and _marker(folder) == marker


def _current_marker(name: str) -> dict[str, Any]:
    """Return the content of the marker of the current version.

    The version is ``VERSION`` of the module that defines the domain's function, or 1.
    """
    factory = registry.find("domain", name)
    function = factory.func if isinstance(factory, partial) else factory
    return {"name": name, "version": vars(sys.modules[function.__module__]).get("VERSION", 1)}


def _is_sample(folder: Path) -> bool:
    return (folder / MARKER).is_file()


def _marker(folder: Path) -> Any:
    """Return the content of the marker in `folder`; None if it is damaged."""
    try:
        return json_files.read_json(folder / MARKER)
    except CheckpointError:
        return None  # the domain is generated again
