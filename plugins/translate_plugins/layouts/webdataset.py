"""Samples in the tar shards of webdataset: ``0001.photo.png`` and ``0001.labels.png``.

The key of a sample is the name of its files up to the first dot. Samples are read by their offset
in the shards, in the random order of the engine, so that training resumes bit for bit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import torch

from translate.batches import Domain, ImageSpec, Item, Labelled, Layout, Transform
from translate.errors import BadImage, DataError, join_words
from translate.folders.braces import is_pattern
from translate.folders.listing import match
from translate.folders.lookup import (
    Folder,
    expect_different_domains,
    expect_domains,
    first_folder_with_images,
    notes,
    problems,
    usable_files,
)
from translate.folders.walk import is_folder
from translate.images.files.file_bytes import read_file
from translate.images.files.tar_files import find_tar
from translate_plugins.layouts.partners import AlignedPairs, match_partners
from translate_plugins.layouts.single_files import SingleFiles

CLASS_SUFFIX = "cls"
"""suffix of the file with the class of a sample"""


def webdataset(
    root: Path,
    domains: Sequence[str],
    split: str,
    leave_out: Iterable[Path] = (),
    *,
    labels: Annotated[
        bool, "read images of one domain with a class in KEY.cls, instead of pairs"
    ] = False,
    drop_unpaired: Annotated[bool, "skip samples without an image of a domain"] = False,
) -> Layout:
    """Return samples of tar shards: pairs KEY.DOMAIN.png, or images with a class in KEY.cls."""
    if labels:
        return LabelledSamples(root, domains, split, leave_out)
    return PairedSamples(root, domains, split, leave_out, drop_unpaired=drop_unpaired)


vars(webdataset)["reads_stores"] = True


class PairedSamples(AlignedPairs):
    """Samples of two images, one of each domain."""

    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        leave_out: Iterable[Path] = (),
        *,
        drop_unpaired: bool = False,
    ) -> None:
        expect_domains("webdataset", domains, 2)
        expect_different_domains(root, domains)
        self.spec = ImageSpec(domains=tuple(map(Domain, domains)))
        folder = _find_shards(root, split)
        sources, targets = (_images_by_key(folder, name) for name in domains)
        keys, skip_notes = match_partners(
            domains,
            sources,
            targets,
            drop_unpaired=drop_unpaired,
            rule=f"A sample is KEY.{domains[0]}.png and KEY.{domains[1]}.png in one shard, "
            "with any file type.",
        )
        self.set_pairs([(sources[key], targets[key]) for key in keys], leave_out)
        if not self.pairs:
            raise DataError(
                f"{folder.path}: no sample has usable images of {join_words(domains)}. Expected "
                f"names such as KEY.{domains[0]}.png, got {folder.files[0].name}. For a folder of "
                "shards per domain, leave the layout out: --domains shards/a shards/b"
            )
        self.sources = _shards(self.files)
        self.notes, self.problems = [*notes(folder), *skip_notes], problems(folder)


class LabelledSamples(SingleFiles):
    """Samples of one image with its class, a number in ``KEY.cls``."""

    batch = Labelled

    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        expect_domains("webdataset", domains, 1)
        folder = _find_shards(root, split, domains[0])
        self.problems = problems(folder)
        self.class_numbers = _read_classes(folder, self.problems)
        if not self.class_numbers:
            raise DataError(
                f"{folder.path}: none of {len(folder.files)} images has a class. Expected "
                f"KEY.{CLASS_SUFFIX}, a text file with a number, next to each KEY.png in its shard."
            )
        self.classes = sorted(set(self.class_numbers.values()))
        self.files = usable_files(folder._replace(files=list(self.class_numbers)), leave_out)
        self.domain_files = [self.files]
        self.sources = _shards(self.files)
        self.spec = ImageSpec(
            domains=tuple(map(Domain, domains)), classes=tuple(map(str, self.classes))
        )
        self.notes = notes(folder, read=_class_files(folder).values())

    def load(self, item: Item, transform: Transform) -> Labelled:
        (path,) = item.files
        (image,) = transform(transform.read(path), roles=("source",))
        return Labelled(image, torch.tensor(self.classes.index(self.class_numbers[path])))


def _find_shards(root: Path, split: str, domain: str = "") -> Folder:
    """Return the images in the shards of a split.

    The root may also be a pattern that names the shards, such as ``shards/{000..127}.tar``.
    """
    if not is_folder(root):
        folder, files = match(root)
        if files.images:
            return Folder(folder, *files)
        if is_pattern(str(root)):
            raise DataError(f"samples: there is no image in tar files that match {root}.")
    folders = [root / domain / split, root / domain] if domain else []
    name = f"domain {domain!r}" if domain else "samples"
    return first_folder_with_images(name, [*folders, root / split, root])


def _split_key(path: Path) -> tuple[Path, str]:
    """Return the key of a sample, which is the path without suffix, and the suffix."""
    match = re.fullmatch(r"([^.]+)\.(.*)", path.name)
    key, suffix = match.groups() if match else (path.name, "")
    return path.parent / key, suffix.lower()


def _images_by_key(folder: Folder, domain: str) -> Mapping[str, Path]:
    """Return the images of a domain by the keys of their samples, relative to the folder."""
    images: dict[str, Path] = {}
    for path in folder.files:
        key, suffix = _split_key(path)
        if not (suffix == domain.lower() or suffix.startswith(f"{domain.lower()}.")):
            continue
        relative_key = key.relative_to(folder.path).as_posix()
        if relative_key in images:
            raise DataError(
                f"{images[relative_key]} and {path} are of one sample: keep one of them."
            )
        images[relative_key] = path
    return images


def _class_files(folder: Folder) -> dict[Path, Path]:
    """Return the files with classes by the keys of their samples."""
    files = ((path, *_split_key(path)) for path in folder.skipped)
    return {key: path for path, key, suffix in files if suffix == CLASS_SUFFIX}


def _read_classes(folder: Folder, unreadable: list[BadImage]) -> dict[Path, int]:
    """Return the class of each image; images without a class are added to `unreadable`."""
    files, numbers = _class_files(folder), dict[Path, int]()
    for path in folder.files:
        key, _ = _split_key(path)
        file = files.get(key)
        if file is None:
            unreadable.append(BadImage(path, f"no file {key.name}.{CLASS_SUFFIX} in its shard"))
            continue
        text = read_file(file)
        try:
            numbers[path] = int(text)
        except ValueError:
            unreadable.append(BadImage(path, f"{file.name}: expected a number, got {text[:40]!r}"))
    return numbers


def _shards(files: Iterable[Path]) -> list[Path]:
    """Return the tar files that contain `files`."""
    parents = {path.parent for path in files}
    # `find_tar` needs a path in the tar file; the path need not exist
    return sorted({tar for parent in parents if (tar := find_tar(parent / "_"))})
