"""Public data sets, fetched by their cards: checked before they are believed, unpacked whole."""

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
"""in each folder of a fetched set: which card, and the sha256 of what it was made of"""
PATIENCE = 60.0
"""seconds without a byte, after which a connection is given up"""
ATTEMPTS, PAUSE = 5, 2.0
"""how often a download that breaks off is taken up again, and seconds between"""
CHUNK = 1 << 20
Progress = Callable[[int, int | None], object]
"""called with the bytes received and, if the server sends it, the total"""

logger = logging.getLogger(__name__)


def fetch(name: str, root: Path, progress: Progress = lambda *_: None) -> list[Path]:
    """Fetch the public set `name` into folders below `root`, and return these.

    Existing folders are not changed. Raises `ConfigError` for a name without a card, `DataError`
    where a folder of another origin is in the way, where nothing comes from the address, or where
    what comes is not what the card says. The next call continues an interrupted download.
    """
    card = _card(name)
    wanted = _free(card, root)
    targets = [root / domain for domain in sorted({_domain(place) for place in card["folders"]})]
    if not wanted:
        logger.info(f"{name} exists already: {', '.join(map(str, targets))}")
        return targets
    folders.ensure_writable(root)
    kept = root / f".fetch-{name}"
    archive = kept / PurePosixPath(card["url"]).name
    logger.info(f"{card['url']} -> {root}")
    counts: Counter[str] = Counter()
    try:
        download(card["url"], archive, progress)
        digest = _verify(archive, card)
        archives.inspect(archive)
        folders.write_folders(root, name, _placed(archive, card, wanted, digest, counts))
        folders.remove_folder(kept)
    except OSError as error:
        raise SaveError(
            f"cannot write to {root}: {error.strerror or error}. The same command "
            "continues the download."
        ) from error
    for folder in targets:
        logger.info(f"{folder}: {counts[folder.name]} images")
    if "sha256" not in card:
        logger.info(f"sha256 of the download: {digest}; its card has none")
    logger.info(f"licence: {card['licence']}; cite: {card['citation']}")
    return targets


def download(url: str, target: Path, progress: Progress = lambda *_: None) -> None:
    """Download `url` to `target`, continuing a partial file of an earlier attempt.

    Raises `DataError` if the server does not have it, or repeatedly breaks off.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"{url}: only http:// and https:// are fetched.")
    for attempt in range(ATTEMPTS):
        try:
            if _attempt(url, target, progress):
                return
            reason = "the server breaks off"
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
    """Fetch what is missing of `target`; return whether it is whole, as far as the server says."""
    here, same = _begun(target, url)
    headers = {"User-Agent": "translate-kit"}
    if here and same:
        headers |= {"Range": f"bytes={here}-", "If-Range": same}
    request = urllib.request.Request(url, headers=headers)
    try:
        response = urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not here:
            raise
        if error.headers.get("Content-Range", "").rpartition("/")[2] == str(here):
            return True
        files.discard(target)  # it is longer than what there is: begin again
        return False
    with response:
        start = here if response.status == 206 else 0
        size = response.headers.get("Content-Length")
        total = start + int(size) if size else None
        origin = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        files.replace_json(_origin(target), {"url": url, "same": origin})
        files.extend(target, _counted(response, start, total, progress), start=start)
    return total is None or target.stat().st_size == total


def _begun(target: Path, url: str) -> tuple[int, str]:
    """Return how much of `url` is in `target`, and by what the server knows it again."""
    try:
        known = json_files.read_json(_origin(target))
        same = str(known["same"]) if known["url"] == url else ""
        return target.stat().st_size, "" if same.startswith("W/") else same
    except (OSError, CheckpointError, KeyError):
        return 0, ""


def _origin(target: Path) -> Path:
    return target.with_name(f"{target.name}.origin.json")


def _counted(response: Any, here: int, total: int | None, progress: Progress) -> Iterator[bytes]:
    """Yield what comes, as long as it comes; a connection that breaks ends it."""
    while True:
        progress(here, total)
        try:
            piece = response.read(CHUNK)
        except (HTTPException, TimeoutError, ConnectionError):
            return
        if not piece:
            return
        here += len(piece)
        yield piece


def _card(name: str) -> dict[str, Any]:
    cards = {card["name"]: card for card in samples.cards()}
    if name not in cards:
        raise ConfigError(f"there is no card of a set called {name!r}.{suggest(name, cards)}")
    return cards[name]


def _free(card: dict[str, Any], root: Path) -> set[str]:
    """Return the folders of `card` that are not below `root` yet; raise if others are."""
    missing = set()
    for domain in {_domain(place) for place in card["folders"]}:
        folder = root / domain
        if not folder.exists():
            missing.add(domain)
        elif _made_by(folder) != card["name"]:
            raise DataError(
                f"{folder} exists, and is not of {card['name']}: rename it, or fetch into another "
                f"folder, as by --data {root / card['name']}."
            )
    return missing


def _made_by(folder: Path) -> str:
    try:
        return str(json_files.read_json(folder / MARKER)["card"])
    except (CheckpointError, KeyError):
        return ""


def _domain(place: str) -> str:
    return PurePosixPath(place).parts[0]


def _verify(archive: Path, card: dict[str, Any]) -> str:
    """Return the sha256 of `archive`; delete it and raise an error if it is another file."""
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        start = file.read(512).lstrip().lower()
    fault = ""
    if start.startswith((b"<!doctype html", b"<html")):
        fault = "a web page, perhaps of a network that wants you to log in"
    elif start.startswith(b"version https://git-lfs"):
        fault = "a pointer of Git LFS, not the file itself"
    elif not archives.is_archive(archive):
        fault = f"no archive ({archive.stat().st_size:,} bytes)"
    elif card.get("sha256", digest) != digest:
        fault = f"another file: its sha256 is {digest}, the card's {card['sha256']}"
    if fault:
        files.discard(archive)
        raise DataError(f"{card['url']}: what came is {fault}. It was deleted; try again.")
    return digest


def _placed(
    archive: Path, card: dict[str, Any], wanted: set[str], digest: str, counts: Counter[str]
) -> Iterator[tuple[str, durable.Content]]:
    """Yield the images of `archive` that belong in the `wanted` folders, by their new paths."""
    for domain in wanted:
        record = {"card": card["name"], "url": card["url"], "sha256": digest}
        yield f"{domain}/{MARKER}", json.dumps(record).encode()
    for member in archives.members(archive):
        name = _place(PurePosixPath(member.name), card["folders"])
        if name and _domain(name) in wanted and samples.is_image(name):
            counts[_domain(name)] += 1
            yield name, member.chunks()
    for place, inside in card["folders"].items():
        if _domain(place) in wanted and not counts[_domain(place)]:
            raise DataError(f"{card['url']}: no image in its folder {inside}.")


def _place(name: PurePosixPath, folders: dict[str, str]) -> str:
    """Return where the file `name` of an archive goes, or nothing.

    All may lie in a folder more than its card says. A card's ``*`` is any folder, and is kept.
    """
    for place, inside in folders.items():
        wanted = PurePosixPath(inside).parts
        for parts in (name.parts, name.parts[1:]):
            pairs = list(zip(wanted, parts[:-1], strict=False))
            if len(pairs) == len(wanted) and all(want in ("*", there) for want, there in pairs):
                kept = [there for want, there in pairs if want == "*"]
                return str(PurePosixPath(place, *kept, *parts[len(wanted) :]))
    return ""
