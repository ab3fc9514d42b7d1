"""Jobs: an input and an output file each, small enough to keep millions in memory."""

from pathlib import Path, PurePosixPath
from typing import NamedTuple

from translate.engine.inference.inputs.paths import Inputs
from translate.engine.inference.outputs.names import OutputNames
from translate.engine.shards.shard import Shard
from translate.images.files.tar_files import without_tar_suffixes
from translate.images.files.tar_index import SUFFIX

Files = tuple[Path, Path | None]
"""an image and its mask"""


class Places(NamedTuple):
    """The input and output folder, which have the same tree."""

    root: Path
    """folder of the images"""
    out: Path
    """folder of the outputs"""


class Job(NamedTuple):
    """One image to translate."""

    places: Places
    name: str
    """path of the image relative to `Places.root`, with slashes"""
    output_name: str
    """path of the output relative to `Places.out`"""
    mask: Path | None = None
    """file of the mask"""
    frame: int | None = None
    """index of the frame; None: the first frame, with a note if the file has others"""

    @classmethod
    def of(
        cls, image: Path, output: Path, mask: Path | None = None, frame: int | None = None
    ) -> "Job":
        """Return the job that translates the file `image` to the file `output`."""
        return cls(Places(image.parent, output.parent), image.name, output.name, mask, frame)

    @property
    def input(self) -> Path:
        """The image file."""
        return self.places.root / self.name

    @property
    def output(self) -> Path:
        """The output file."""
        return self.places.out / self.output_name

    @property
    def origin(self) -> str:
        """The name of the input in the records of outputs."""
        return str(self.input)

    @property
    def files(self) -> Files:
        """The image file and its mask."""
        return self.input, self.mask


def list_jobs(
    inputs: Inputs, out: Path, outputs: OutputNames, shard: Shard | None = None
) -> list[Job]:
    """Return a job for each image, or for each image of a shard.

    Outputs of images in a tar file ``00.tar`` are in a folder ``00``. Raises `ConfigError` if two
    images would become one file, on this or another file system.
    """
    places = Places(inputs.root, out)
    jobs = [
        Job(places, name, _without_tar_suffixes(output, inputs.root))
        for siblings in inputs.folders()
        for name, output in outputs.name(siblings)
        if shard is None or shard.has(name)
    ]
    outputs.require_no_clash()
    return jobs


def _without_tar_suffixes(name: str, root: Path) -> str:
    if f"{SUFFIX}/" not in name.lower():
        return name
    return without_tar_suffixes(PurePosixPath(name), root).as_posix()
