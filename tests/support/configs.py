"""Resolve configurations from layers, or return the error message."""

from pathlib import Path
from typing import Any

import pytest

from translate.engine.config import layers, schema
from translate.errors import ConfigError

DOMAINS = {"data.domains": ["summer", "winter"]}


def resolve_config(
    *assignments: str, recipe: str | None = "cyclegan", **options: Any
) -> schema.Config:
    """Return the configuration of `recipe` with two domains, flags and ``--set`` assignments."""
    flags = {**DOMAINS, **options.pop("flags", {})}
    return layers.resolve(recipe, flags=flags, assignments=assignments, **options)


def config_error(*assignments: str, **options: Any) -> str:
    """Return the error message for an invalid configuration."""
    with pytest.raises(ConfigError) as error:
        resolve_config(*assignments, **options)
    return str(error.value)


def write_config(folder: Path, data: bytes | str) -> str:
    """Write ``mine.yaml`` into `folder`, and return its path."""
    file = folder / "mine.yaml"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return str(file)
