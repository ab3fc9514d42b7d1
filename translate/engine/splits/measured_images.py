"""The images that metrics of a run are measured on: equal crops each time, and ground truth."""

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
from translate.engine.loading.item_errors import item_error
from translate.engine.loading.order import item_rng, spread
from translate.engine.loading.transform import Augment
from translate.engine.processes.pool import DaemonThreadPool
from translate.errors import BadImage
from translate.images.domains import domain_images
from translate.images.tensors import as_pixels

THREADS = 8
NamedItem = tuple[str, Any]
"""the name of a file, with its pixels or the item that it belongs to"""
LoadResult = tuple[list[NamedItem], list[BadImage]]
"""what could be read, and an error for each file or item that could not"""


class CenterCropRandom(Random):
    """Returns the middle of every range: images are cropped at the centre, and not mirrored."""

    def random(self) -> float:
        """Return 0.5."""
        return 0.5

    def randint(self, a: int, b: int) -> int:
        """Return the number in the middle."""
        return (a + b) // 2


class UnpairedFiles(NamedTuple):
    """The files of two unpaired domains that are measured, each once."""

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
        """Prepare to read the images of `layout`; no file is read yet.

        Args:
            layout: The layout of the split.
            data: Its settings.
            seed: The seed of training: the files of an item depend on it.
            read: Returns the pixels of a file, such as from a cache.
        """
        self.layout, self.data, self.seed = layout, data, seed
        common_domain = domain_images.common_domain(layout.spec)  # of files of no domain
        domains = domain_images.domains_by_file(layout)
        self.transform = center_crop(
            layout.spec,
            data,
            read or (lambda path: domain_images.read(path, domains.get(path, common_domain))),
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

    def load_items(self, limit: int | None) -> LoadResult:
        """Return items of the layout, spread evenly, and an error for each that cannot be read."""

        def load(index: int) -> NamedItem:
            item = self.pick(index)
            return item.names[0], self.load(item)

        return load_all(load, spread(range(len(self.layout)), limit))

    def load_files(self, paths: Sequence[Path], role: str) -> LoadResult:
        """Return the pixels of crops, and an error for each file that cannot be read."""
        return load_all(lambda path: (str(path), as_pixels(self.crop(path, role))), paths)

    @property
    def is_unpaired(self) -> bool:
        """Whether each domain has files of its own, which are not paired with files of another."""
        layout = self.layout
        separate = len(layout.domain_files) == len(layout.spec.domains) > 1
        return separate and not (layout.paired or layout.joined)

    def unpaired_files(self, source: int, target: int, limit: int | None) -> UnpairedFiles:
        """Return the files of two domains, given by their indices, of an unpaired layout.

        At most `limit` files of each domain are returned, spread evenly.
        """
        sources = spread(self.layout.domain_files[source], limit)
        if truth := self._same_scenes(source, target):
            return UnpairedFiles(sources, [truth[path] for path in sources], truth=True)
        targets = spread(self.layout.domain_files[target], limit)
        return UnpairedFiles(sources, targets, truth=False)

    def _same_scenes(self, source: int, target: int) -> dict[Path, Path]:
        """Return the ground truth of each source file; {} if it is not known for all files.

        It is known for sample domains that show the same scenes: their functions have an attribute
        ``scenes`` with equal values. Then files of a split with equal names show the same scene.
        """
        data, files = self.data, self.layout.domain_files
        functions = registry.names("domain")
        names = [samples.sample_name(data.root, data.domains[i]) for i in (source, target)]
        scenes = [getattr(functions.get(name), "scenes", None) for name in names]
        if data.split == "train" or None in scenes or scenes[0] != scenes[1]:
            return {}
        targets = {path.name: path for path in files[target]}
        truth = {path: targets[path.name] for path in files[source] if path.name in targets}
        return truth if len(truth) == len(files[source]) else {}


def load_all(load: Callable[[Any], NamedItem], arguments: Sequence[Any]) -> LoadResult:
    """Return what `load` returns for each argument, called in several threads, and its errors."""

    def attempt(argument: Any) -> NamedItem | BadImage:
        try:
            return load(argument)
        except BaseException as error:
            return item_error([str(argument)], error)

    with DaemonThreadPool(THREADS) as pool:
        results = list(pool.map(attempt, arguments))
    items = [result for result in results if not isinstance(result, BadImage)]
    return items, [result for result in results if isinstance(result, BadImage)]


def center_crop(spec: ImageSpec, data: Data, read: Callable[[Path], NDArray[Any]]) -> Augment:
    """Return the transform of training without its random changes."""
    resize = data.resize if data.resize in ("none", "fit") else min(data.crop)
    fixed = data.model_copy(update={"resize": resize, "flip": False, "augment": ()})
    return Augment(fixed, spec, read)
