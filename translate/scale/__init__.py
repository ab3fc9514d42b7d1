"""Translation of images in the workers of Ray Data, or of other frameworks for large data.

A framework creates an instance of `Translate` in each worker, and calls it with batches. A batch is
a table with one row for each image: a mapping from column names to lists or arrays of equal length.

Columns of a batch:

- ``path``: path of the image; required.
- ``bytes``: content of the image file. Without this column, the file at ``path`` is read.
- ``output``: relative path of the output; by default the part of ``path`` below ``root``.
- ``mask``: path of the mask, for an inpainting model; empty for none.
- ``frame``: index of the frame or page to translate, from 0; -1 (default): the first, with a note
  if the file has more.

Columns of the result, which replace columns of the same name or are added:

- ``bytes``: content of the translated file; empty if there is an error.
- ``output``: relative path of the output, with the suffix of its format.
- ``error``: why the image was not translated; empty if it was.
- ``stage`` and ``reason`` of the error, as in ``problems.jsonl``.
- ``notes``: what was lost when the image was read, as a JSON list of (kind, text).
- ``seconds``: time to translate the batch, divided by the number of rows.
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
from translate.engine.pixels.preparation import takes_windows
from translate.engine.system.locations import parse_location
from translate.images.files.tar_files import without_tar_suffixes
from translate.images.source import MAX_PIXELS
from translate.scale.columns import Columns, Row, read_rows, to_columns

FOLDER_OPTIONS = ("mask", "frames", "overwrite", "limit", "shard")
"""fields of `InferenceOptions` that `Translate` does not have: a column of the batch replaces the
field, or the field concerns the output folder"""


class Translate:
    """Translates batches of images with one model; images that fail get an error in their row.

    Outputs have the same bytes as those of `translate infer`. If a batch of images does not fit in
    memory, it is divided into halves. Pickling keeps only the arguments; an unpickled instance
    loads the model again.

    Args:
        run: A run, one of its checkpoints, or an exported file.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        root: Folder of the images: outputs get the paths of the images relative to `root`. None:
            outputs get only the file names.
        to: The target domain; None: the last of the run.
        size: Length in pixels of the shorter side; images are scaled to it before translation.
        scale_back: Resize outputs to the size of their inputs. Without `size`, inputs are first
            scaled to the size of the training crops.
        side: Required after training on side-by-side images: the domain of the half to translate,
            or ``whole`` for single images.
        batch_size: Images of one size that are translated at once; None: 1 on a CPU, 8 on a GPU.
        format: The suffix of outputs; None: that of the input if it can store the output, else png.
        max_pixels: Largest number of pixels of an image; larger images are not decoded, and get an
            error.
        keep_metadata: Keep all EXIF and XMP data.
        to_srgb: Convert colours from the profile of the file to sRGB.
        provenance: Write recipe, model and input hash into outputs, as XMP.
        seed: Random seed of the noise, for a recipe that draws noise; None: 0.
        tile: Side of the tiles, in pixels, in which images are translated; None: tiles only for
            images that need more than `memory`, and only if they do not change the output.
        memory: Memory of activations, in bytes; those that do not fit are kept in temporary files.
            None: 400 MB with `tile`, else half of the free memory.
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
            warnings.warn(message, stacklevel=3)
        tile_options = TileOptions(tile=tile, memory=memory, folder=Path(gettempdir()))
        self._processor, made_by = make_processor(model, self._settings, tile_options)
        self._made_by = json.dumps(made_by)
        self._suffix = suffix_of_result(self._processor.target, format, gray=model.keeps_gray)

    def __reduce__(self) -> tuple[Any, ...]:
        arguments = {"device": self._device, "root": self._root, **arguments_of(self._settings)}
        return partial(type(self), self._run, **arguments), ()

    def __call__(self, batch: Columns) -> dict[str, Any]:
        """Return `batch` with its images translated; see `translate.scale` for the columns.

        Raises:
            translate.errors.ConfigError: There is no column ``path``, or a column has values of a
                wrong type.
        """
        start = perf_counter()
        rows = read_rows(batch)
        for rows_by_path in _group_by_unique_path(self._rows_with_output_path(rows)):
            self._translate(rows_by_path)
        seconds = (perf_counter() - start) / max(1, len(rows))
        return {**batch, **to_columns(rows, seconds=seconds, made_by=self._made_by)}

    def _rows_with_output_path(self, rows: list[Row]) -> list[Row]:
        """Return the rows that have an output path; the other rows get a problem."""
        root, accepted = self._root, []
        for row in rows:
            if root is None or row.output or row.path.is_relative_to(root):
                accepted.append(row)
            else:
                message = (
                    f"not below the root {root}: expected a path below it, or a column 'output'"
                )
                row.problem = Problem(row.path, "read", "outside", message)
        return accepted

    def _translate(self, rows: Mapping[Path, Row]) -> None:
        """Translate `rows`, keyed by the paths of their images, and store the results in them."""
        jobs = [self._make_job(row) for row in rows.values()]
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
        for result in pipeline.run(jobs, stop=lambda: False):
            if isinstance(result, ImageResult):
                row = rows[result.job.input]
                encoded = outputs.outputs.pop(result.job.input)
                row.output, row.notes = str(result.job.output), result.notes
                row.result, row.input_sha256 = encoded.data, encoded.input_sha256
            else:
                rows[result.path].problem = result

    def _make_job(self, row: Row) -> Job:
        """Return the job that translates a row; the path of the output is relative."""
        root = parse_location(self._root) if self._root else None
        below_root = without_tar_suffixes(row.path.relative_to(root), root) if root else None
        output = Path(row.output or below_root or row.path.name)
        suffix = self._suffix(output.suffix)
        if suffix != output.suffix:
            output = output.with_suffix(suffix)
        return Job.of(row.path, output, row.mask, row.frame)


def arguments_of(settings: InferenceOptions) -> dict[str, Any]:
    """Return the keyword arguments of `Translate` for `settings`."""
    excluded = (*FOLDER_OPTIONS, "options")
    arguments = {key: value for key, value in vars(settings).items() if key not in excluded}
    return {**arguments, **(settings.options or {})}


def _group_by_unique_path(rows: list[Row]) -> Iterator[dict[Path, Row]]:
    """Yield all rows in mappings by path; a path that several rows share is in several mappings."""
    while rows:
        rows_by_path: dict[Path, Row] = {}
        repeated = [row for row in rows if rows_by_path.setdefault(row.path, row) is not row]
        yield rows_by_path
        rows = repeated
