"""Resolve configurations from layers, and read the error where they are refused."""

from pathlib import Path
from typing import Any

import pytest

from translate.engine.config import layers, schema
from translate.errors import ConfigError

DOMAINS = {"data.domains": ["summer", "winter"]}


def resolve(*assignments: str, recipe: str | None = "cyclegan", **given: Any) -> schema.Config:
    """Return the configuration of `recipe` with two domains, flags and ``--set`` assignments."""
    flags = {**DOMAINS, **given.pop("flags", {})}
    return layers.resolve(recipe, flags=flags, assignments=assignments, **given)


def error_message(*assignments: str, **given: Any) -> str:
    """Return the message with which a configuration is refused."""
    with pytest.raises(ConfigError) as caught:
        resolve(*assignments, **given)
    return str(caught.value)


def write_config(folder: Path, data: bytes | str) -> str:
    """Write ``mine.yaml`` into `folder`, and return its path."""
    file = folder / "mine.yaml"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return str(file)
