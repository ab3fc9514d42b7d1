"""Jobs: an image and the file that its translation becomes, in little memory for millions."""

from pathlib import Path, PurePosixPath
from typing import NamedTuple

from translate.engine.inference.inputs.paths import Inputs
from translate.engine.inference.outputs.names import OutputNames
from translate.engine.shards.shard import Shard
from translate.engine.system.locations import UrlPath
from translate.images.files.tar_files import SUFFIX, without_tar_suffixes

Files = tuple[Path, Path | None]
"""an image and its mask"""


class Places(NamedTuple):
    """The folders whose trees are alike."""

    root: Path
    """of the images"""
    out: Path
    """of the outputs"""


class Job(NamedTuple):
    """One image to translate."""

    places: Places
    name: str
    """the path of the image below its folder, with slashes"""
    output_name: str
    """the path of its output below that of the outputs"""
    mask: Path | None = None
    """the image of the hole, which is white"""
    frame: int | None = None
    """the index of one of several; None: the first, with a note if there are others"""

    @classmethod
    def of(
        cls, image: Path, output: Path, mask: Path | None = None, frame: int | None = None
    ) -> "Job":
        """Return the job that makes the file `output` from a file."""
        return cls(Places(image.parent, output.parent), image.name, output.name, mask, frame)

    @property
    def input(self) -> Path:
        """The file of the image."""
        return self.places.root / self.name

    @property
    def output(self) -> Path:
        """The file of the output."""
        return self.places.out / self.output_name

    @property
    def origin(self) -> str:
        """The input, as the output manifest names it."""
        return str(self.input)

    @property
    def files(self) -> Files:
        """The files that are read for it."""
        return self.input, self.mask


def list_jobs(
    inputs: Inputs, out: Path, outputs: OutputNames, shard: Shard | None = None
) -> list[Job]:
    """Return a job for each image, or for those of a shard; the others take no memory.

    Outputs of a tar file ``00.tar`` go to a folder ``00``.

    Raises `ConfigError` where two images would become one file, if only on some file systems.
    """
    places = Places(inputs.root, out)
    jobs = [
        Job(places, name, _without_tars(output, inputs.root))
        for siblings in inputs.folders()
        for name, output in outputs.name(siblings)
        if shard is None or shard.has(name)
    ]
    outputs.require_no_clash()
    return jobs


def _without_tars(name: str, root: Path) -> str:
    """Return the path of an output with ``00`` for a tar file ``00.tar`` below `root`."""
    if f"{SUFFIX}/" not in name.lower() or isinstance(root, UrlPath):
        return name
    return without_tar_suffixes(PurePosixPath(name), root).as_posix()
