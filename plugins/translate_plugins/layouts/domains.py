"""Images of several domains, labelled with their domain, for one network for all domains."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random

import torch

from translate.batches import Domain, ImageSpec, Item, Labelled, Layout, Transform
from translate.folders.lookup import expect_domains, find_domains, notes, problems, usable_files
from translate.folders.names import short_names


class LabelledDomains(Layout):
    """Two or more folders of unpaired images; the label of an image is its domain."""

    batch = Labelled

    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        expect_domains("domains", domains, 2, or_more=True)
        unreadable = set(leave_out)
        folders = find_domains(root, domains, split)
        self.domain_files = [usable_files(folder, unreadable) for folder in folders]
        self.items = [
            (file, label) for label, files in enumerate(self.domain_files) for file in files
        ]
        self.files = sorted({file for file, _ in self.items})
        self.spec = ImageSpec(domains=tuple(map(Domain, domains)), classes=short_names(domains))
        self.notes, self.problems = notes(*folders), problems(*folders)

    def __len__(self) -> int:
        return len(self.items)

    def pick(self, index: int, random: Random) -> Item:  # noqa: ARG002
        file, label = self.items[index]
        return Item((file,), label)

    def load(self, item: Item, transform: Transform) -> Labelled:
        (image,) = transform(transform.read(item.files[0]), roles=("source",))
        return Labelled(image, torch.tensor(item.key))
