"""The model that a user names: a run or an exported file, and the program that runs it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from translate.engine.checkpoints import contents
from translate.engine.checkpoints.references.reference import resolve
from translate.engine.exports import backends, files
from translate.engine.exports.file_model import load_file
from translate.engine.exports.files import is_exported
from translate.engine.models.options import InferenceOptions
from translate.errors import ConfigError

if TYPE_CHECKING:
    from translate.engine.exports.file_model import FileModel
    from translate.engine.models.model import Model


def digest_of(reference: str | Path) -> str:
    """Return the digest that the model of `reference` has, which is not loaded.

    Raises:
        CheckpointError: The run has no checkpoint that can be read.
        ConfigError: The exported file cannot be read.
    """
    if is_exported(reference):
        return files.digest_of(files.read_content(Path(reference)))
    return contents.digest_of(resolve(reference)[0])


def load_model(
    reference: str | Path, device: str, options: InferenceOptions
) -> tuple[Model | FileModel, list[str]]:
    """Return the model of `reference`, and problems of newer checkpoints of its run.

    Args:
        reference: A run, a checkpoint, or an exported file or folder.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        options: Of the translation, of which a backend needs the domain and the recipe's own.

    Raises:
        ConfigError: The options do not fit.
        CheckpointError: The run has no checkpoint that can be read.
    """
    if is_exported(reference):
        if options.backend:
            raise ConfigError(
                f"backend: {reference} is an exported file, which one program runs, got "
                f"{options.backend!r}: leave --backend out."
            )
        return load_file(reference, device=device), []
    if options.backend:
        return backends.load_with_backend(
            reference, options.backend, to=options.to, options=options.options or {}, device=device
        )
    from translate.engine.models import model  # seconds: it imports PyTorch

    return model.load(reference, device=device)
