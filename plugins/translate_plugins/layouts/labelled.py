"""Images with class labels, in a folder for each class: ``digits/train/7/*``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch

from translate.batches import Domain, ImageSpec, Item, Labelled, Transform
from translate.errors import DataError
from translate.folders.listing import subfolders
from translate.folders.lookup import (
    Folder,
    expect_domains,
    find_domains,
    notes,
    problems,
    usable_files,
)
from translate.folders.names import is_split
from translate_plugins.layouts.single_files import SingleFiles


class LabelledFolders(SingleFiles):
    """One folder with a subfolder for each class of images."""

    batch = Labelled

    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        expect_domains("labelled", domains, 1)
        unreadable = set(leave_out)
        (folder,) = find_domains(root, domains, split)
        classes = [
            (class_folder.path.name, usable_files(class_folder, unreadable))
            for class_folder in _class_folders(folder)
        ]
        self.spec = ImageSpec(
            domains=tuple(map(Domain, domains)), classes=tuple(name for name, _ in classes)
        )
        self.labels = {path: label for label, (_, files) in enumerate(classes) for path in files}
        self.files = list(self.labels)
        self.domain_files = [self.files]
        self.notes, self.problems = notes(folder), problems(folder)

    def load(self, item: Item, transform: Transform) -> Labelled:
        (path,) = item.files
        (image,) = transform(transform.read(path), roles=("source",))
        return Labelled(image, torch.tensor(self.labels[path]))


def _class_folders(domain: Folder) -> list[Folder]:
    """Return a folder for each class, in natural order.

    Raises `DataError` if images are outside of class folders, or a class has no image.
    """
    root = domain.path
    files: dict[str, list[Path]] = {f.name: [] for f in subfolders(root) if not is_split(f.name)}
    outside = [path for path in domain.files if path.parent == root]
    if not files:
        raise DataError(
            f"{root} contains {len(outside)} images and no class folders: layout 'labelled' reads "
            f"{root}/CLASS/*. For images without classes: --set data.layout=images"
        )
    if outside:
        raise DataError(
            f"{root}: {len(outside)} images are outside the class folders, the first is "
            f"{outside[0].name}: move them into one of "
            f"{', '.join(sorted(files, key=_natural_order))}."
        )
    for path in domain.files:
        files[path.relative_to(root).parts[0]].append(path)
    for name, paths in files.items():
        if not paths:
            raise DataError(f"{root / name}: a class without images. Fill or remove the folder.")
    return [Folder(root / name, files[name]) for name in sorted(files, key=_natural_order)]


def _natural_order(name: str) -> tuple[list[str | int], str]:
    """Return a key that sorts 2 before 10, and numbers before words."""
    parts = re.split(r"([0-9]+)", name.casefold())
    return [int(part) if index % 2 else part for index, part in enumerate(parts)], name
