"""Download public data sets by their cards: verified, and unpacked atomically.

The card of a data set has its name, URL, licence, citation, folders, and perhaps the sha256.
"""

import hashlib
import json
import logging
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Any

from translate.engine.data import samples
from translate.engine.disk import durable, files, folders
from translate.engine.disk.records import json_files
from translate.errors import CheckpointError, ConfigError, DataError, SaveError, suggest
from translate.exchange import archives

MARKER = ".fetched.json"
"""a file in each folder of a fetched set: its card, URL and the sha256 of the archive"""
TIMEOUT = 60.0
"""seconds without data, after which a connection is closed"""
ATTEMPTS, PAUSE = 5, 2.0
"""number of attempts to download, and a factor of the seconds between them"""
CHUNK = 1 << 20
Progress = Callable[[int, int | None], object]
"""called with the bytes received, and the total if the server sends it"""

logger = logging.getLogger(__name__)


def fetch(name: str, root: Path, progress: Progress = lambda *_: None) -> list[Path]:
    """Download the public data set `name` into folders below `root`, and return them.

    Existing folders are not changed. The next call continues an interrupted download.

    Raises:
        ConfigError: No card has this name.
        DataError: A folder with another content exists, the download fails, or its content is not
            that of the card.
        SaveError: `root` is not writable.
    """
    card = _card(name)
    missing = _missing_domains(card, root)
    targets = [root / domain for domain in sorted({_domain(path) for path in card["folders"]})]
    if not missing:
        logger.info(f"{name} exists already: {', '.join(map(str, targets))}")
        return targets
    folders.ensure_writable(root)
    downloads = root / f".fetch-{name}"
    archive = downloads / PurePosixPath(card["url"]).name
    logger.info(f"{card['url']} -> {root}")
    counts: Counter[str] = Counter()
    try:
        download(card["url"], archive, progress)
        digest = _verify(archive, card)
        archives.check_archive(archive)
        folders.write_folders(root, name, _files(archive, card, missing, digest, counts))
        folders.remove_folder(downloads)
    except OSError as error:
        raise SaveError(
            f"cannot write to {root}: {error.strerror or error}. The same command "
            "continues the download."
        ) from error
    for folder in targets:
        logger.info(f"{folder}: {counts[folder.name]} images")
    if "sha256" not in card:
        logger.info(f"sha256 of the download: {digest}; the card has none to compare with")
    logger.info(f"licence: {card['licence']}; cite: {card['citation']}")
    return targets


def download(url: str, target: Path, progress: Progress = lambda *_: None) -> None:
    """Download `url` to `target`, continuing a partial file of an earlier attempt.

    Raises `DataError` if the server does not have it, or closes the connection `ATTEMPTS` times.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"{url}: only http:// and https:// are fetched.")
    for attempt in range(ATTEMPTS):
        try:
            if _attempt(url, target, progress):
                return
            reason = "the server closed the connection"
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise DataError(f"{url}: the server says {error.code} {error.reason}.") from error
            reason = f"the server says {error.code} {error.reason}"
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        if attempt < ATTEMPTS - 1:
            time.sleep(PAUSE * attempt)
    raise DataError(f"{url} cannot be fetched: {reason}. The same command continues the download.")


def _attempt(url: str, target: Path, progress: Progress) -> bool:
    """Download the rest of `target`; return whether it is complete, if the size is known."""
    received, validator = _partial(target, url)
    headers = {"User-Agent": "translate-kit"}
    if received and validator:
        headers |= {"Range": f"bytes={received}-", "If-Range": validator}
    request = urllib.request.Request(url, headers=headers)
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not received:
            raise
        if error.headers.get("Content-Range", "").rpartition("/")[2] == str(received):
            return True
        files.discard(target)  # longer than the file of the server: start again
        return False
    with response:
        start = received if response.status == 206 else 0
        size = response.headers.get("Content-Length")
        total = start + int(size) if size else None
        validator = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        files.replace_json(_origin(target), {"url": url, "validator": validator})
        files.extend(target, _chunks(response, start, total, progress), start=start)
    return total is None or target.stat().st_size == total


def _partial(target: Path, url: str) -> tuple[int, str]:
    """Return the number of bytes of `url` in `target`, and the validator for ``If-Range``."""
    try:
        origin = json_files.read_json(_origin(target))
        validator = str(origin["validator"]) if origin["url"] == url else ""
        return target.stat().st_size, "" if validator.startswith("W/") else validator
    except (OSError, CheckpointError, KeyError):
        return 0, ""


def _origin(target: Path) -> Path:
    return target.with_name(f"{target.name}.origin.json")


def _chunks(response: Any, received: int, total: int | None, progress: Progress) -> Iterator[bytes]:
    """Yield the content of `response` until its end, or until the connection fails."""
    while True:
        progress(received, total)
        try:
            chunk = response.read(CHUNK)
        except (HTTPException, TimeoutError, ConnectionError):
            return
        if not chunk:
            return
        received += len(chunk)
        yield chunk


def _card(name: str) -> dict[str, Any]:
    cards = {card["name"]: card for card in samples.cards()}
    if name not in cards:
        raise ConfigError(f"there is no card of a data set called {name!r}.{suggest(name, cards)}")
    return cards[name]


def _missing_domains(card: dict[str, Any], root: Path) -> set[str]:
    """Return the domains of `card` without a folder; raise for a folder of another origin."""
    missing = set()
    for domain in {_domain(path) for path in card["folders"]}:
        folder = root / domain
        if not folder.exists():
            missing.add(domain)
        elif _card_of(folder) != card["name"]:
            raise DataError(
                f"{folder} exists, and was not fetched as {card['name']}: rename it, or fetch into "
                f"another folder, such as by --data {root / card['name']}."
            )
    return missing


def _card_of(folder: Path) -> str:
    try:
        return str(json_files.read_json(folder / MARKER)["card"])
    except (CheckpointError, KeyError):
        return ""


def _domain(path: str) -> str:
    return PurePosixPath(path).parts[0]


def _verify(archive: Path, card: dict[str, Any]) -> str:
    """Return the sha256 of `archive`; delete it and raise `DataError` if it is another file."""
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        start = file.read(512).lstrip().lower()
    problem = ""
    if start.startswith((b"<!doctype html", b"<html")):
        problem = "a web page, perhaps of a network that requires a login"
    elif start.startswith(b"version https://git-lfs"):
        problem = "a pointer of Git LFS, not the file itself"
    elif not archives.is_archive(archive):
        problem = f"not an archive ({archive.stat().st_size:,} bytes)"
    elif card.get("sha256", digest) != digest:
        problem = f"another file: its sha256 is {digest}, the card's {card['sha256']}"
    if problem:
        files.discard(archive)
        raise DataError(f"{card['url']}: the download is {problem}. It was deleted; try again.")
    return digest


def _files(
    archive: Path, card: dict[str, Any], domains: set[str], digest: str, counts: Counter[str]
) -> Iterator[tuple[str, durable.Content]]:
    """Yield the path below the root and the content of each image of `domains`, and a marker."""
    for domain in domains:
        record = {"card": card["name"], "url": card["url"], "sha256": digest}
        yield f"{domain}/{MARKER}", json.dumps(record).encode()
    for member in archives.members(archive):
        name = _target(PurePosixPath(member.name), card["folders"])
        if name and _domain(name) in domains and samples.is_image(name):
            counts[_domain(name)] += 1
            yield name, member.chunks()
    for folder, source in card["folders"].items():
        if _domain(folder) in domains and not counts[_domain(folder)]:
            raise DataError(f"{card['url']}: its folder {source} has no image.")


def _target(name: PurePosixPath, folders: dict[str, str]) -> str:
    """Return the new path of the file `name` in an archive; empty if it is in no folder.

    Args:
        name: The path in the archive, where everything may be in one more folder.
        folders: Folders of the archive by new folder. ``*`` is any folder, and keeps its name.
    """
    for folder, source in folders.items():
        pattern = PurePosixPath(source).parts
        for parts in (name.parts, name.parts[1:]):
            pairs = list(zip(pattern, parts[:-1], strict=False))
            if len(pairs) == len(pattern) and all(want in ("*", part) for want, part in pairs):
                kept = [part for want, part in pairs if want == "*"]
                return str(PurePosixPath(folder, *kept, *parts[len(pattern) :]))
    return ""
