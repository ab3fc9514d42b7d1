"""Images with captions, from a file ``captions.jsonl`` in the folder of the images.

Each line is a caption: ``{"file": "0001.png", "text": "a red house by a lake"}``. An image may have
several captions.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import torch

from translate.batches import Captioned, Domain, ImageSpec, Item, Layout, Transform
from translate.errors import DataError
from translate.folders.lookup import (
    Folder,
    expect_domains,
    find_domains,
    notes,
    problems,
    usable_files,
)

CAPTION_FILE = "captions.jsonl"
EXAMPLE = '{"file": "0001.png", "text": "..."}'


class CaptionedFolders(Layout):
    """One or more folders of images with captions in captions.jsonl; other images are skipped."""

    batch = Captioned

    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        expect_domains("captioned", domains, 1, or_more=True)
        unreadable = set(leave_out)
        self.captions: dict[Path, list[Caption]] = {}
        self.domain_files = []
        folders = find_domains(root, domains, split)
        for folder in folders:
            captions = _read_folder(folder)
            captioned_folder = Folder(folder.path, list(captions))
            self.domain_files.append(usable_files(captioned_folder, unreadable))
            for path in self.domain_files[-1]:
                self.captions[path] = captions[path]
        self.files = list(self.captions)
        all_captions = [caption for captions in self.captions.values() for caption in captions]
        self.texts = {(caption.file, caption.line): caption.text for caption in all_captions}
        self.sources = sorted({caption.file for caption in all_captions})
        self.notes, self.problems = notes(*folders, read=self.sources), problems(*folders)
        max_length = max(map(len, self.texts.values()))
        self.spec = ImageSpec(domains=tuple(map(Domain, domains)), text_length=max_length)

    def __len__(self) -> int:
        return len(self.files)

    def pick(self, index: int, random: Random) -> Item:
        """Return image `index` and its caption file; the key is the line of a random caption."""
        path = self.files[index]
        caption = random.choice(self.captions[path])
        return Item((path, caption.file), caption.line)

    def load(self, item: Item, transform: Transform) -> Captioned:
        """Return an image and its caption: UTF-8 bytes, padded with zeros to `text_length`."""
        (image,) = transform(transform.read(item.files[0]), roles=("source",))
        text = bytearray(self.texts[item.files[1], item.key].ljust(self.spec.text_length, b"\0"))
        return Captioned(image, torch.frombuffer(text, dtype=torch.uint8))


class Caption(NamedTuple):
    """A line of a caption file."""

    file: Path
    line: int
    """number of the line, from 1"""
    image: Path
    text: bytes
    """in UTF-8"""


def _read_folder(folder: Folder) -> dict[Path, list[Caption]]:
    """Return the captions of each image that has any; raises `DataError` if no image has one."""
    folders = {
        parent
        for file in folder.files
        for parent in file.parents
        if parent.is_relative_to(folder.path)
    }
    by_image: dict[Path, list[Caption]] = {path: [] for path in folder.files}
    missing = list[Caption]()
    for path in sorted(parent / CAPTION_FILE for parent in folders):
        for caption in _read_file(path) if path.is_file() else ():
            if caption.image in by_image:
                by_image[caption.image].append(caption)
            else:
                missing.append(caption)
    if missing:
        raise DataError(
            f"{folder.path}: captions of images that do not exist: {len(missing)}. The first: "
            f"{missing[0].file}, line {missing[0].line}, of {missing[0].image}. Remove these "
            "lines, or add the images."
        )
    if captioned := {path: captions for path, captions in by_image.items() if captions}:
        return captioned
    raise DataError(
        f"{folder.path}: none of its {len(folder.files)} images has a caption. Expected "
        f"{CAPTION_FILE} in their folder, with a line {EXAMPLE} for each."
    )


def _read_file(path: Path) -> Iterator[Caption]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                match json.loads(line):
                    case {"file": str(image), "text": str(text)} if text.strip():
                        yield Caption(path, number, path.parent / image, text.encode())
                        continue
            except ValueError:  # not JSON, or not UTF-8: see the error below
                pass
            raise DataError(f"{path}, line {number}: expected {EXAMPLE}, got {line[:80]!r}.")
