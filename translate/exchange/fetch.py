"""Download public data sets by their cards, verify the downloads, and unpack them atomically.

The card of a data set has its name, URL, licence, citation and folders, and may have a sha256. A
domain is a folder of images below the root, such as ``horse`` for ``horse/train``.
"""

import hashlib
import json
import logging
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import Any

from translate.engine.data import samples
from translate.engine.disk import durable, files, folders
from translate.engine.disk.records import json_files
from translate.errors import CheckpointError, ConfigError, DataError, SaveError, suggest
from translate.exchange import archives

MARKER = ".fetched.json"
"""a file in each domain of a fetched data set: name of the card, URL, sha256 of the archive"""
TIMEOUT = 60.0
"""seconds without data, after which a connection is closed"""
ATTEMPTS = 5
PAUSE = 2.0
"""seconds before the third attempt; each further attempt waits this much longer"""
CHUNK = 1 << 20
"""bytes of a download that are written at once"""
Progress = Callable[[int, int | None], object]
"""function of the number of bytes received, and of all bytes if the server sends their number"""

logger = logging.getLogger(__name__)


def fetch(name: str, root: Path, progress: Progress = lambda *_: None) -> list[Path]:
    """Download the public data set `name` into folders below `root`, and return the folders.

    Existing folders are not changed. The next call continues an interrupted download.

    Raises:
        ConfigError: No card has this name.
        DataError: A folder of another origin exists, the download fails, or its content does not
            match the card.
        SaveError: `root` is not writable.
    """
    card = _card(name)
    domains = sorted({_domain(folder) for folder in card["folders"]})
    domain_folders = [root / domain for domain in domains]
    missing_domains = _missing_domains(card, root, domains)
    if not missing_domains:
        logger.info(f"{name} exists already: {', '.join(map(str, domain_folders))}")
        return domain_folders
    folders.ensure_writable(root)
    downloads = root / f".fetch-{name}"
    archive = downloads / PurePosixPath(card["url"]).name
    logger.info(f"{card['url']} -> {root}")
    counts: Counter[str] = Counter()
    try:
        download(card["url"], archive, progress)
        digest = _verify(archive, card)
        archives.check_archive(archive)
        folders.write_folders(root, name, _files(archive, card, missing_domains, digest, counts))
        folders.remove_folder(downloads)
    except OSError as error:
        reason = f"cannot write to {root}: {error.strerror or error}"
        raise SaveError(f"{reason}. The same command continues the download.") from error
    for folder in domain_folders:
        logger.info(f"{folder}: {counts[folder.name]} images")
    if "sha256" not in card:
        logger.info(f"sha256 of the download: {digest}; the card has none to compare with")
    logger.info(f"licence: {card['licence']}; cite: {card['citation']}")
    return domain_folders


def download(url: str, target: Path, progress: Progress = lambda *_: None) -> None:
    """Download `url` to `target`, continuing a partial file of an earlier attempt.

    Raises `DataError` if the server does not have the file, or `ATTEMPTS` attempts fail.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"{url}: only http:// and https:// are fetched.")
    for attempt in range(ATTEMPTS):
        try:
            if _download_rest(url, target, progress):
                return
            reason = "the server closed the connection"
        except urllib.error.HTTPError as error:
            if error.code < 500:
                raise DataError(
                    f"{url}: the server answered {error.code} {error.reason}."
                ) from error
            reason = f"the server answered {error.code} {error.reason}"
        except (urllib.error.URLError, HTTPException, TimeoutError, ConnectionError) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        if attempt < ATTEMPTS - 1:
            time.sleep(PAUSE * attempt)
    raise DataError(f"{url} cannot be fetched: {reason}. The same command continues the download.")


def _download_rest(url: str, target: Path, progress: Progress) -> bool:
    """Download the rest of `target`; return False if it is not complete."""
    received, validator = _partial_download(target, url)
    headers = {"User-Agent": "translate-kit"}
    if received and validator:
        headers |= {"Range": f"bytes={received}-", "If-Range": validator}
    request = urllib.request.Request(url, headers=headers)
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not received:
            raise
        size = error.headers.get("Content-Range", "").rpartition("/")[2]
        if size != str(received):
            files.discard(target)  # longer than the file of the server: start again
        return size == str(received)
    with response:
        start = received if response.status == 206 else 0
        size = response.headers.get("Content-Length")
        total = start + int(size) if size else None
        validator = response.headers.get("ETag") or response.headers.get("Last-Modified") or ""
        files.replace_json(_origin(target), {"url": url, "validator": validator})
        files.extend(target, _chunks(response, start, total, progress), start=start)
    return total is None or target.stat().st_size == total


def _partial_download(target: Path, url: str) -> tuple[int, str]:
    """Return the number of bytes of `url` in `target`, and the ETag or date of the file."""
    try:
        origin = json_files.read_json(_origin(target))
        validator = str(origin["validator"]) if origin["url"] == url else ""
        return target.stat().st_size, "" if validator.startswith("W/") else validator
    except (OSError, CheckpointError, KeyError):
        return 0, ""


def _origin(target: Path) -> Path:
    """Return the path of the file with URL and validator of the partial download `target`."""
    return target.with_name(f"{target.name}.origin.json")


def _chunks(response: Any, received: int, total: int | None, progress: Progress) -> Iterator[bytes]:
    """Yield the content of `response` until its end, or until the connection fails."""
    progress(received, total)
    with suppress(HTTPException, TimeoutError, ConnectionError):
        while chunk := response.read(CHUNK):
            yield chunk
            received += len(chunk)
            progress(received, total)


def _card(name: str) -> dict[str, Any]:
    cards = {card["name"]: card for card in samples.cards()}
    if name not in cards:
        raise ConfigError(f"there is no card of a data set called {name!r}.{suggest(name, cards)}")
    return cards[name]


def _missing_domains(card: dict[str, Any], root: Path, domains: Iterable[str]) -> set[str]:
    """Return the domains without a folder; raise `DataError` for a folder of another origin."""
    missing_domains = {domain for domain in domains if not (root / domain).exists()}
    for domain in domains:
        if domain not in missing_domains and _card_name(root / domain) != card["name"]:
            raise DataError(
                f"{root / domain} exists, and was not fetched as {card['name']}: rename it, or "
                f"fetch into another folder, such as by --data {root / card['name']}."
            )
    return missing_domains


def _card_name(folder: Path) -> str:
    """Return the name of the card that `folder` was fetched with, or ""."""
    try:
        return str(json_files.read_json(folder / MARKER)["card"])
    except (CheckpointError, KeyError):
        return ""


def _domain(path: str) -> str:
    """Return the domain of a path below the root, which is the name of its first folder."""
    return PurePosixPath(path).parts[0]


def _verify(archive: Path, card: dict[str, Any]) -> str:
    """Return the sha256 of `archive`; delete the file and raise `DataError` if it is wrong."""
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
    """Yield path and content of the files of `domains`: a marker for each, and the images.

    `counts` gets the number of images of each domain.
    """
    for domain in domains:
        record = {"card": card["name"], "url": card["url"], "sha256": digest}
        yield f"{domain}/{MARKER}", json.dumps(record).encode()
    for member in archives.members(archive):
        name = _path_below_root(PurePosixPath(member.name), card["folders"])
        if name and _domain(name) in domains and samples.is_image(name):
            counts[_domain(name)] += 1
            yield name, member.chunks()
    for folder, source in card["folders"].items():
        if _domain(folder) in domains and not counts[_domain(folder)]:
            raise DataError(f"{card['url']}: its folder {source} has no image.")


def _path_below_root(name: PurePosixPath, folders: dict[str, str]) -> str:
    """Return the path below the root of a file in an archive, or "" if it is in no folder.

    Args:
        name: The path in the archive; the first folder is ignored if that is necessary.
        folders: Folders of the archive by their path below the root, such as ``train/*/blur`` by
            ``blurred/train``. The folders that ``*`` matches are appended to the path.
    """
    for folder, source in folders.items():
        pattern = PurePosixPath(source).parts
        for parts in (name.parts, name.parts[1:]):
            pairs = list(zip(pattern, parts[:-1], strict=False))
            if len(pairs) == len(pattern) and all(p in ("*", part) for p, part in pairs):
                any_folders = [part for p, part in pairs if p == "*"]
                return str(PurePosixPath(folder, *any_folders, *parts[len(pattern) :]))
    return ""
