"""Backends: programs that run the model of a run as an exported file, made at the first use."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from translate.engine.checkpoints import contents
from translate.engine.checkpoints.references import hub
from translate.engine.checkpoints.references.reference import resolve
from translate.engine.config.yaml import to_yaml_types
from translate.engine.exports import cache, files
from translate.engine.exports.file_model import FileModel, file_model
from translate.engine.plugins import discovery
from translate.errors import ConfigError, short_repr, suggest
from translate.exporters import Content, Exporter

DEFAULT = "torch"
"""the backend that runs the model itself"""

logger = logging.getLogger(__name__)


def other_backend(name: str | None) -> str | None:
    """Return the backend that a user names; None if it is the default."""
    return None if name in (None, DEFAULT) else name


def backends() -> dict[str, tuple[str, Exporter]]:
    """Return the name and the exporter of each backend but the default, by its name."""
    return {
        exporter.backend: (name, exporter)
        for name, exporter in files.exporters().items()
        if exporter.backend
    }


def load_with_backend(
    reference: str | Path,
    backend: str,
    *,
    to: str | None = None,
    options: Mapping[str, Any] = {},
    device: str = "auto",
) -> tuple[FileModel, list[str]]:
    """Return the translation of a run to one domain by a backend, and problems of the run.

    It is exported at the first use, and read from the cache later, without PyTorch.

    Args:
        reference: A run, or one of its checkpoints.
        backend: The name of a backend but the default.
        to: The domain to translate to; None: the last one of the run.
        options: Options of the recipe's `translate`.
        device: ``auto`` or ``cpu``.

    Raises:
        ConfigError: There is no such backend, or the model cannot be exported.
    """
    known = backends()
    if backend not in known:
        raise ConfigError(
            f"backend: unknown backend {short_repr(backend)}.{suggest(backend, [DEFAULT, *known])}"
        )
    if device not in ("auto", "cpu"):
        raise ConfigError(
            f"device: {backend} computes on the CPU, got {device!r}: leave --device out."
        )
    name, exporter = known[backend]
    path, problems = resolve(reference)
    digest, name_of_run = contents.digest_of(path), hub.pin(reference, path)
    key = cache.key_of(
        {
            "checkpoint": digest,
            "to": to,
            "options": to_yaml_types(dict(options)),
            "exporter": name,
            "versions": _versions(),
        }
    )
    if content := cache.read(key):
        try:
            return _loaded(name_of_run, to, exporter, content, digest), problems
        except ConfigError as error:
            logger.info(f"the cached model is made again: {error}")
    from translate.engine.exports.exporting import export  # seconds: it imports PyTorch
    from translate.engine.models.model import load

    logger.info(f"exporting {reference} for {backend}, once")
    model, _ = load(path, device="cpu")
    target = model.choose(to)
    content, _ = export(model, name, exporter, target, model.complete_options(options))
    try:
        cache.write(key, content)
    except OSError as error:
        logger.info(f"the exported model could not be kept in {cache.folder()}: {error.strerror}")
    return _loaded(name_of_run, to, exporter, content, digest), problems


def _loaded(
    name_of_run: str, to: str | None, exporter: Exporter, content: Content, digest: str
) -> FileModel:
    """Return the exported model; `to` is another name of its target, as it is of the run's."""
    model = file_model(name_of_run, exporter, content, digest=digest)
    return replace(model, typed=(*model.spec.names[:-1], to)) if to else model


def _versions() -> dict[str, str]:
    """Return the version of each distribution with plugins: their code makes exported files."""
    entries = discovery.installed_entries()
    return {discovery.distribution(e): e.dist.version for e in entries if e.dist is not None}
