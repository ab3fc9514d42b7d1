"""Translation of batches of rows, in the workers of Ray Data or another engine for large data.

`Translate` is an ordinary class: an engine makes one in each worker and calls it with batches. A
batch is a mapping of columns: for each name a list or an array with a value for each row.

Columns of a batch:

- ``path``: the image; required.
- ``bytes``: the content of its file. Without this column, it is read from ``path``.
- ``output``: the relative path of the output; by default that of ``path`` below ``root``.
- ``mask``: the image of the hole, for a model that fills holes; empty for none.
- ``frame``: the index of the frame or page; -1 for the first.

Columns of the result, with all others of the batch:

- ``bytes``: the content of the translated file; empty where there is an error.
- ``output``: its relative path, with the suffix of its format.
- ``error``: why there is no translation; empty if there is one.
- ``stage`` and ``reason`` of the error, as in ``problems.jsonl``.
- ``notes``: what was lost in reading the image, as a JSON list of (kind, text).
- ``seconds``: the time of the call, divided by its rows.
- ``input_sha256``: the hash of the input.
- ``made_by``: the model and the options, as JSON.
"""

import json
import warnings
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import gettempdir
from time import perf_counter
from typing import Any

from translate.engine.config.arguments import check_arguments
from translate.engine.disk.records.problems import Problem
from translate.engine.exports.loading import load_model
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.sources import Sources
from translate.engine.inference.outputs.destinations import MemoryOutputs
from translate.engine.inference.outputs.names import suffix_of_result
from translate.engine.inference.pipeline import ImageResult, Pipeline
from translate.engine.inference.planning import make_processor
from translate.engine.models.options import InferenceOptions
from translate.engine.models.tile_options import TileOptions
from translate.engine.pixels.windows import takes_windows
from translate.images.files.tar_files import without_tar_suffixes
from translate.images.source import MAX_PIXELS
from translate.scale.columns import Columns, Row, read_rows, to_columns

FOLDER_OPTIONS = ("mask", "frames", "overwrite", "limit", "shard")
"""fields of `InferenceOptions` that are columns of a batch, or of the folder of outputs"""


class Translate:
    """Translates batches of images with one model; no image makes it raise.

    Outputs have the bytes that `translate infer` writes. Where memory does not suffice for a batch,
    it is halved. An instance is pickled as its arguments, and loads the model again.

    Args:
        run: A run, one of its checkpoints, or an exported file.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        root: The folder that outputs are named relative to; None: by the name of the file alone.
        to: The target domain; None: the last.
        size: Length of the shorter side to which images are scaled first.
        scale_back: Scale results to the size that they would have without `size`.
        side: After training on side-by-side images, the half to translate, or ``whole``.
        batch_size: Images of one size that are translated at once; None: 1, on a GPU 8.
        format: The suffix of every output; None: the input's, where it can hold the result.
        max_pixels: Larger images are not decoded: they have an error.
        keep_metadata: Keep EXIF and XMP data.
        to_srgb: Convert colours to sRGB.
        provenance: Say in outputs what made them.
        seed: Seed of the noise, for a recipe that draws noise.
        tile: Sides of the tiles in which images are translated.
        memory: Bytes that the values of the network may take.
        backend: The program that runs the model; None: PyTorch.
        options: Of the recipe's own `translate`, such as ``steps=20``.

    Raises:
        translate.errors.TranslateError: The run cannot be read, or the options do not fit.

    Example:
        >>> rows = ray.data.read_binary_files("photos/", include_paths=True)
        >>> rows.map_batches(Translate, fn_constructor_args=["runs/cyclegan-summer-winter"])
    """

    @check_arguments()
    def __init__(
        self,
        run: str | Path,
        *,
        device: str = "auto",
        root: str | Path | None = None,
        to: str | None = None,
        size: int | None = None,
        scale_back: bool = False,
        side: str | None = None,
        batch_size: int | None = None,
        format: str | None = None,  # noqa: A002 - as the command line has it
        max_pixels: int = MAX_PIXELS,
        keep_metadata: bool = False,
        to_srgb: bool = False,
        provenance: bool = True,
        seed: int | None = None,
        tile: int | None = None,
        memory: int | None = None,
        backend: str | None = None,
        **options: Any,
    ) -> None:
        self._settings = InferenceOptions(
            to=to,
            size=size,
            scale_back=scale_back,
            side=side,
            batch_size=batch_size,
            format=format,
            max_pixels=max_pixels,
            keep_metadata=keep_metadata,
            to_srgb=to_srgb,
            provenance=provenance,
            options=options,
            seed=seed,
            tile=tile,
            memory=memory,
            backend=backend,
        )
        self._place = (run, device, root)
        model, messages = load_model(run, device, self._settings)
        for message in messages:
            warnings.warn(f"{message} An older checkpoint is used.", stacklevel=3)
        limits = TileOptions(tile, memory, Path(gettempdir()))
        self._processor, made_by = make_processor(model, self._settings, limits)
        self._made_by = json.dumps(made_by)
        self._suffix = suffix_of_result(self._processor.target, format, gray=model.keeps_gray)

    def __reduce__(self) -> tuple[Any, ...]:
        run, device, root = self._place
        given = {**vars(self._settings)}
        given |= given.pop("options")
        for name in FOLDER_OPTIONS:
            del given[name]
        return partial(type(self), run, device=device, root=root, **given), ()

    def __call__(self, batch: Columns) -> dict[str, Any]:
        """Return `batch` with its images translated; see `translate.scale` for the columns.

        Raises:
            translate.errors.ConfigError: There is no column ``path``, or a column holds values of
                another type.
        """
        start = perf_counter()
        rows = read_rows(batch)
        for each in _without_repeated_paths(self._within_root(rows)):
            self._translate(each)
        seconds = (perf_counter() - start) / max(1, len(rows))
        return {**batch, **to_columns(rows, seconds=seconds, made_by=self._made_by)}

    def _within_root(self, rows: list[Row]) -> list[Row]:
        """Return the rows that have a place for their output; the others get their problem."""
        root, placed = self._place[2], []
        for row in rows:
            if root is None or row.output or row.path.is_relative_to(root):
                placed.append(row)
            else:
                message = f"not below {root}: expected an image there, or a column 'output'"
                row.problem = Problem(row.path, "read", "outside", message)
        return placed

    def _translate(self, rows: Mapping[Path, Row]) -> None:
        """Fill in the results of `rows`, by the paths of their images."""
        jobs = [self._job(row) for row in rows.values()]
        contents = {path: row.data for path, row in rows.items() if row.data is not None}
        processor, settings, outputs = self._processor, self._settings, MemoryOutputs()
        pipeline = Pipeline(
            processor,
            Sources(
                settings.max_pixels,
                lambda job: takes_windows(processor, job.output.suffix),
                contents,
            ),
            outputs,
            batch_size=settings.batch_size or processor.model.batch_size,
            keep_metadata=settings.keep_metadata,
            to_srgb=settings.to_srgb,
            provenance=settings.provenance,
        )
        for result in pipeline.run(jobs, stop=bool):
            if isinstance(result, ImageResult):
                row = rows[result.job.input]
                encoded = outputs.outputs.pop(result.job.input)
                row.output, row.notes = str(result.job.output), result.notes
                row.result, row.input_sha256 = encoded.data, encoded.input_sha256
            else:
                rows[result.path].problem = result

    def _job(self, row: Row) -> Job:
        """Return what the pipeline gets for a row; its output is a relative path."""
        root = self._place[2]
        below = without_tar_suffixes(row.path.relative_to(root), Path(root)) if root else None
        name = Path(row.output or below or row.path.name)
        suffix = self._suffix(name.suffix)
        output = name if suffix == name.suffix else name.with_suffix(suffix)
        return Job.of(row.path, output, row.mask, row.frame)


def _without_repeated_paths(rows: list[Row]) -> Iterator[dict[Path, Row]]:
    """Yield the rows by the paths of their images, those of a path that comes again later."""
    while rows:
        first: dict[Path, Row] = {}
        later = [row for row in rows if first.setdefault(row.path, row) is not row]
        yield first
        rows = later
