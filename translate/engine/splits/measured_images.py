"""The images that a run is measured on: the same crops every time, and their ground truth."""

from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from numpy.typing import NDArray
from torch import Tensor

from translate import registry
from translate.batches import ImageSpec, Item, Layout
from translate.engine.config.schema import Data
from translate.engine.data import samples
from translate.engine.loading.order import item_rng, spread
from translate.engine.loading.transform import Augment
from translate.images.domains import domain_images


class CenterCropRandom(Random):
    """Returns the middle of every range: images are cropped at the centre, and not mirrored."""

    def random(self) -> float:
        """Return 0.5."""
        return 0.5

    def randint(self, a: int, b: int) -> int:
        """Return the number in the middle."""
        return (a + b) // 2


class UnpairedFiles(NamedTuple):
    """The files of two domains that are measured one by one, each once."""

    source: Sequence[Path]
    target: Sequence[Path]
    truth: bool
    """Whether the target files are the ground truth of the source files, in their order."""


class MeasuredImages:
    """Reads the images of a split, scaled to cover the training crop and cropped at the centre."""

    def __init__(
        self,
        layout: Layout,
        data: Data,
        *,
        seed: int = 0,
        read: Callable[[Path], NDArray[Any]] | None = None,
    ) -> None:
        """Prepare to read `layout` with its settings; nothing is read.

        The files that it picks for an item depend on `seed`, that of training. `read` returns the
        pixels of a file, such as from a cache.
        """
        self.layout, self.data, self.seed = layout, data, seed
        kind, by_file = domain_images.common(layout.spec), domain_images.of_files(layout)
        self.transform = center_crop(
            layout.spec,
            data,
            read or (lambda path: domain_images.read(path, by_file.get(path, kind))),
        )

    def crop(self, path: Path, role: str) -> Tensor:
        """Return the crop (C, H, W) of one file; raises `BadImage`."""
        transform = self.transform.item(CenterCropRandom())
        (image,) = transform(transform.read(path), roles=(role,))
        return image

    def pick(self, index: int) -> Item:
        """Return the files of an item of the layout."""
        return self.layout.pick(index, item_rng(self.seed, 0, index))

    def load(self, item: Item) -> Any:
        """Return an item of the layout; raises `BadImage`."""
        return self.layout.load(item, self.transform.item(CenterCropRandom()))

    @property
    def is_unpaired(self) -> bool:
        """Whether the images of the domains are files of their own, without partners."""
        layout = self.layout
        separate = len(layout.domain_files) == len(layout.spec.domains) > 1
        return separate and not (layout.paired or layout.joined)

    def unpaired_files(self, source: int, target: int, limit: int | None) -> UnpairedFiles:
        """Return the files of two domains, given by their places, where `is_unpaired`.

        At most `limit` files of each domain are returned, spread evenly.
        """
        files = [self.layout.domain_files[place] for place in (source, target)]
        truth = self._same_scenes((source, target))
        chosen = spread(files[0], limit)
        if truth:
            return UnpairedFiles(chosen, [truth[path] for path in chosen], truth=True)
        return UnpairedFiles(chosen, spread(files[1], limit), truth=False)

    def _same_scenes(self, places: tuple[int, int]) -> dict[Path, Path]:
        """Return the ground truth of each source file, where sample domains say so; else nothing.

        A sample domain's function has an attribute ``scenes``: domains with equal values show the
        same scenes in images of one split with one name.
        """
        data, files = self.data, [self.layout.domain_files[place] for place in places]
        known = registry.names("domain")
        names = [samples.sample_name(data.root, data.domains[place]) for place in places]
        scenes = [getattr(known.get(name), "scenes", None) for name in names]
        if data.split == "train" or None in scenes or scenes[0] != scenes[1]:
            return {}
        by_name = {path.name: path for path in files[1]}
        found = {path: by_name[path.name] for path in files[0] if path.name in by_name}
        return found if len(found) == len(files[0]) else {}


def center_crop(spec: ImageSpec, data: Data, read: Callable[[Path], NDArray[Any]]) -> Augment:
    """Return the transform of training without its random changes."""
    resize = data.resize if data.resize in ("none", "fit") else min(data.crop)
    fixed = data.model_copy(update={"resize": resize, "flip": False, "augment": ()})
    return Augment(fixed, spec, read)
