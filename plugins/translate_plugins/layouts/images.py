"""Images of one domain, without labels or captions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from translate.batches import Domain, Images, ImageSpec, Item, Transform
from translate.folders.lookup import expect_domains, find_domains, notes, problems, usable_files
from translate_plugins.layouts.single_files import SingleFiles


class OneDomain(SingleFiles):
    """One folder of images."""

    batch = Images

    def __init__(
        self, root: Path, domains: Sequence[str], split: str, leave_out: Iterable[Path] = ()
    ) -> None:
        expect_domains("images", domains, 1)
        self.spec = ImageSpec(domains=tuple(map(Domain, domains)))
        (folder,) = find_domains(root, domains, split)
        self.files = usable_files(folder, leave_out)
        self.domain_files = [self.files]
        self.notes, self.problems = notes(folder), problems(folder)

    def load(self, item: Item, transform: Transform) -> Images:
        return Images(*transform(transform.read(item.files[0]), roles=("source",)))
