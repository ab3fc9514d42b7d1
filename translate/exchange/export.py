"""Export a model to a file, such as ONNX, and compare its outputs with those of PyTorch."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from translate.engine.exports import exporting, generators
from translate.engine.exports.torch_free import files
from translate.engine.models import calls
from translate.engine.models.model import load
from translate.engine.system import signatures
from translate.errors import ConfigError
from translate.exporters import Exporter
from translate.registry import create, names


class ExportResult(NamedTuple):
    """An exported file or folder."""

    path: Path
    size: int
    """size in bytes"""
    differences: list[exporting.Difference]
    """largest differences between outputs of the file and of PyTorch, by image size"""
    options: dict[str, Any]
    """options of the recipe's `translate` or `draw`, which are fixed in the file"""
    problems: list[str]
    """problems of newer checkpoints of the run, which were not used"""


def export_model(
    run: str | Path,
    path: Path,
    *,
    to: str | None = None,
    options: Mapping[str, Any] = {},
    sample: bool = False,
    web: bool = False,
    runtime: Path | None = None,
) -> ExportResult:
    """Export the model of a run to `path` by the exporter of its suffix.

    Args:
        run: A run folder, ``RUN@STEP``, ``RUN@best`` or a checkpoint folder.
        path: The file or folder to write; it must not exist.
        to: The domain to translate to; None: the last one of the run.
        options: Options of the recipe's `translate` or `draw`, such as ``{"steps": 20}``.
        sample: Export the generation of images from latents instead of a translation; recipes that
            do not translate are always exported in this way.
        web: Write a web page, whatever the suffix of `path` is.
        runtime: The file of the inference engine for the page; None: it is downloaded.

    Raises:
        ConfigError: No exporter has the suffix, or the model cannot be exported.
        SaveError: The file cannot be written.
    """
    name, exporter = _web_page_exporter(runtime) if web else files.require_exporter(path)
    if path.exists():
        raise ConfigError(f"{path} already exists: choose another name, or delete it.")
    model, problems = load(run, device="cpu")
    if sample or not model.translates:
        if to is not None:
            raise ConfigError(f"to: {model.name} generates images of one domain: leave --to out.")
        all_options = calls.complete_options(model.recipe.draw, options, model.name)
        exported = generators.describe(model, all_options)
    else:
        all_options = model.complete_options(options)
        exported = exporting.describe(model, model.choose_target(to), all_options)
    content, differences = exporting.export(model.name, name, exporter, exported)
    files.write_content(path, content)
    return ExportResult(path, files.size_of(content), differences, all_options, problems)


def _web_page_exporter(runtime: Path | None) -> tuple[str, Exporter]:
    """Return the name and the exporter that writes web pages: it has the option `runtime`."""
    for name, factory in names("exporter").items():
        if "runtime" in signatures.read_options(factory):
            return name, create("exporter", name, runtime=runtime)
    raise ConfigError("no exporter that writes web pages is installed: see translate plugins.")
