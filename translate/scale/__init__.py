"""Translation of batches of rows in workers of Ray Data or other frameworks for large data.

A framework creates an instance of `Translate` in each worker, and calls it with batches. A batch is
a mapping from names of columns to lists or arrays with a value for each row.

Columns of a batch:

- ``path``: path of the image; required.
- ``bytes``: content of the image file. Without this column, it is read from ``path``.
- ``output``: relative path of the output; by default that of ``path`` below ``root``.
- ``mask``: path of the mask, for a model that fills holes; empty for none.
- ``frame``: index of the frame or page; -1 for the first.

Columns of the result, in addition to all others of the batch:

- ``bytes``: content of the translated file; empty if there is an error.
- ``output``: relative path, with the suffix of the format.
- ``error``: why there is no translation; empty if there is one.
- ``stage`` and ``reason`` of the error, as in ``problems.jsonl``.
- ``notes``: information that reading the image lost, as a JSON list of (kind, text).
- ``seconds``: time of the call, divided by the number of rows.
- ``input_sha256``: hash of the input file.
- ``made_by``: model and options, as JSON.
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
from translate.engine.inference.file_translator import FileTranslator
from translate.engine.inference.inputs.jobs import Job
from translate.engine.inference.inputs.sources import Sources
from translate.engine.inference.outputs.destinations import MemoryOutputs
from translate.engine.inference.outputs.names import suffix_of_result
from translate.engine.inference.pipeline import ImageResult, Pipeline
from translate.engine.inference.planning import make_processor
from translate.engine.models.options import InferenceOptions
from translate.engine.models.tile_options import TileOptions
from translate.engine.pixels.windows import takes_windows
from translate.engine.system.locations import parse_location
from translate.images.files.tar_files import without_tar_suffixes
from translate.images.source import MAX_PIXELS
from translate.scale.columns import Columns, Row, read_rows, to_columns

FOLDER_OPTIONS = ("mask", "frames", "overwrite", "limit", "shard")
"""fields of `InferenceOptions` that `Translate` lacks: columns of a batch, and options of the
output folder"""


class Translate:
    """Translates batches of images with one model; images that fail get an error in their row.

    Outputs have the same bytes as those of `translate infer`. A batch that does not fit in memory
    is halved. An instance is pickled as its arguments; the copy loads the model.

    Args:
        run: A run, one of its checkpoints, or an exported file.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        root: The folder relative to which outputs are named; None: outputs have only file names.
        to: The target domain; None: the last.
        size: Length of the shorter side to which images are scaled first.
        scale_back: Scale results to the size that they would have without `size`.
        side: After training on side-by-side images, the half to translate, or ``whole``.
        batch_size: Images of one size that are translated at once; None: 1 on a CPU, 8 on a GPU.
        format: The suffix of outputs; None: that of the input, if its format can hold the result.
        max_pixels: Pixels above which an image is not decoded and gets an error.
        keep_metadata: Keep EXIF and XMP data.
        to_srgb: Convert colours to sRGB.
        provenance: Write recipe, model and input hash into outputs, as XMP.
        seed: Seed of the noise, for a recipe that draws noise.
        tile: Sides of the tiles in which images are translated.
        memory: Limit of memory for activations, in bytes.
        backend: The inference engine, such as ``onnxruntime``; None: PyTorch.
        options: Options of the recipe's `translate`, such as ``steps=20``.

    Raises:
        translate.errors.TranslateError: The run cannot be read, or the model lacks an option.

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
        self._run, self._device, self._root = run, device, root
        model, messages = load_model(run, device, self._settings)
        for message in messages:
            warnings.warn(f"{message} An older checkpoint is used.", stacklevel=3)
        tiles = TileOptions(tile, memory, Path(gettempdir()))
        self._processor, made_by = make_processor(model, self._settings, tiles)
        self._made_by = json.dumps(made_by)
        self._suffix = suffix_of_result(self._processor.target, format, gray=model.keeps_gray)

    def __reduce__(self) -> tuple[Any, ...]:
        settings = {**vars(self._settings)}
        settings |= settings.pop("options")
        for name in FOLDER_OPTIONS:
            del settings[name]
        create = partial(type(self), self._run, device=self._device, root=self._root, **settings)
        return create, ()

    def __call__(self, batch: Columns) -> dict[str, Any]:
        """Return `batch` with its images translated; see `translate.scale` for the columns.

        Raises:
            translate.errors.ConfigError: There is no column ``path``, or a column has values of a
                wrong type.
        """
        start = perf_counter()
        rows = read_rows(batch)
        for rows_by_path in _without_repeated_paths(self._within_root(rows)):
            self._translate(rows_by_path)
        seconds = (perf_counter() - start) / max(1, len(rows))
        return {**batch, **to_columns(rows, seconds=seconds, made_by=self._made_by)}

    def _within_root(self, rows: list[Row]) -> list[Row]:
        """Return the rows whose output path can be named; the others get a problem."""
        root, within = self._root, []
        for row in rows:
            if root is None or row.output or row.path.is_relative_to(root):
                within.append(row)
            else:
                message = f"not below {root}: expected an image there, or a column 'output'"
                row.problem = Problem(row.path, "read", "outside", message)
        return within

    def _translate(self, rows: Mapping[Path, Row]) -> None:
        """Translate `rows`, keyed by the paths of their images, and store the results in them."""
        jobs = [self._job(row) for row in rows.values()]
        contents = {path: row.data for path, row in rows.items() if row.data is not None}
        processor, settings, outputs = self._processor, self._settings, MemoryOutputs()
        pipeline = Pipeline(
            FileTranslator(processor, settings),
            Sources(
                settings.max_pixels,
                lambda job: takes_windows(processor, job.output.suffix),
                contents,
            ),
            outputs,
            batch_size=settings.batch_size or processor.model.batch_size,
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
        """Return the job of a row; its output is a relative path."""
        root = parse_location(self._root) if self._root else None
        relative = without_tar_suffixes(row.path.relative_to(root), root) if root else None
        name = Path(row.output or relative or row.path.name)
        suffix = self._suffix(name.suffix)
        output = name if suffix == name.suffix else name.with_suffix(suffix)
        return Job.of(row.path, output, row.mask, row.frame)


def _without_repeated_paths(rows: list[Row]) -> Iterator[dict[Path, Row]]:
    """Yield the rows by path; further rows of a path are in further mappings."""
    while rows:
        first: dict[Path, Row] = {}
        repeated = [row for row in rows if first.setdefault(row.path, row) is not row]
        yield first
        rows = repeated
