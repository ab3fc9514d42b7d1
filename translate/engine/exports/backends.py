"""Backends: inference engines. A model is exported for them at its first use."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from translate.engine.checkpoints import contents
from translate.engine.checkpoints.references import hub
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.config.yaml_text import to_yaml_types
from translate.engine.exports import cache
from translate.engine.exports.torch_free import files
from translate.engine.exports.torch_free.file_model import FileModel, file_model
from translate.engine.plugins import discovery
from translate.errors import ConfigError, short_repr, suggest
from translate.exporters import Content, Exporter

DEFAULT = "torch"
"""the backend that needs no exported file, PyTorch"""

logger = logging.getLogger(__name__)


def other_backend(name: str | None) -> str | None:
    """Return `name`, or None for the default backend."""
    return None if name in (None, DEFAULT) else name


def backends() -> dict[str, tuple[str, Exporter]]:
    """Return the name and the exporter of each backend but the default, by the backend's name."""
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
    """Return the exported translation to one domain, and problems of newer checkpoints of the run.

    The model is exported at the first use, and later read from the cache without importing PyTorch.

    Args:
        reference: A run, or one of its checkpoints.
        backend: The name of a backend other than the default.
        to: The domain to translate to; None: the last one of the run.
        options: Options of the recipe's `translate`.
        device: ``auto`` or ``cpu``.

    Raises:
        ConfigError: There is no such backend, or the model cannot be exported.
    """
    name, exporter = _find_exporter(backend, device)
    path, problems = resolve(reference)
    digest, run_name = contents.digest_of(path), hub.pin(reference, path)
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
            return _load(run_name, to, exporter, content, digest), problems
        except ConfigError as error:
            logger.info(f"exporting again, as the cached model cannot be used: {error}")
    from translate.engine.exports.exporting import describe, export  # they import PyTorch
    from translate.engine.models.model import load

    logger.info(f"exporting {reference} for {backend}, once")
    model, _ = load(path, device="cpu")
    exported = describe(model, model.choose_target(to), model.complete_options(options))
    content, _ = export(model.name, name, exporter, exported)
    try:
        cache.write(key, content)
    except OSError as error:
        logger.info(f"the exported model could not be cached in {cache.folder()}: {error.strerror}")
    return _load(run_name, to, exporter, content, digest), problems


def _find_exporter(backend: str, device: str) -> tuple[str, Exporter]:
    """Return the name and the exporter of a backend; raises `ConfigError`."""
    by_name = backends()
    if backend not in by_name:
        raise ConfigError(
            f"backend: unknown backend {short_repr(backend)}."
            f"{suggest(backend, [DEFAULT, *by_name])}"
        )
    if device not in ("auto", "cpu"):
        raise ConfigError(
            f"device: {backend} computes on the CPU, got {device!r}: leave --device out."
        )
    return by_name[backend]


def _load(
    run_name: str, to: str | None, exporter: Exporter, content: Content, digest: str
) -> FileModel:
    """Return the exported model; `to` becomes another name of its target domain."""
    model = file_model(run_name, exporter, content, digest=digest)
    return replace(model, domain_arguments=(*model.spec.names[:-1], to)) if to else model


def _versions() -> dict[str, str]:
    """Return the versions of packages with plugins: exported files depend on them."""
    entries = discovery.installed_entries()
    return {discovery.distribution(e): e.dist.version for e in entries if e.dist is not None}
