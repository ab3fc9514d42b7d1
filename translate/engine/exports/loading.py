"""Loads a model from a run or an exported file, for PyTorch or another backend."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from translate.engine.checkpoints import contents
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.exports import backends
from translate.engine.exports.torch_free import files
from translate.engine.exports.torch_free.file_model import load_file
from translate.engine.models.options import InferenceOptions
from translate.errors import ConfigError

if TYPE_CHECKING:
    from translate.engine.exports.torch_free.file_model import FileModel
    from translate.engine.models.model import Model


def digest_of(reference: str | Path) -> str:
    """Return the digest of the model of `reference`, without loading it.

    Raises:
        CheckpointError: The run has no checkpoint that can be read.
        ConfigError: The exported file cannot be read.
    """
    if files.is_exported(reference):
        return files.digest_of(files.read_content(Path(reference)))
    return contents.digest_of(resolve(reference)[0])


def load_model(
    reference: str | Path, device: str, options: InferenceOptions
) -> tuple[Model | FileModel, list[str]]:
    """Return the model of `reference`, and problems of newer checkpoints of its run.

    Args:
        reference: A run, a checkpoint, or an exported file or folder.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        options: Options of the translation; with a backend, the model is exported for the domain
            and the options of the recipe.

    Raises:
        ConfigError: An exported file has another backend, or the model cannot be exported.
        CheckpointError: The run has no checkpoint that can be read.
    """
    if files.is_exported(reference):
        if options.backend:
            raise ConfigError(
                f"backend: {reference} is an exported file, which has one backend, got "
                f"{options.backend!r}: leave --backend out."
            )
        return load_file(reference, device=device), []
    if options.backend:
        return backends.load_with_backend(
            reference, options.backend, to=options.to, options=options.options or {}, device=device
        )
    from translate.engine.models import model  # takes seconds: it imports PyTorch

    return model.load(reference, device=device)


def load_generator(reference: str | Path, device: str) -> tuple[Model, list[str]]:
    """Return the model of `reference` to generate images, and problems of newer checkpoints.

    Raises `ConfigError` for an exported file that cannot be used, or that translates images.
    """
    if files.is_exported(reference):
        from translate.engine.exports import generators

        return generators.load_generator(Path(reference), device=device), []
    from translate.engine.models import model  # takes seconds: it imports PyTorch

    return model.load(reference, device=device)
