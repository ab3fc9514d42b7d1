"""Outputs of an output folder, and what remains of them."""

from pathlib import Path
from typing import NamedTuple

from translate.engine.inference.outputs.manifest import OutputManifest
from translate.engine.inference.outputs.remaining import find_remaining


class Item(NamedTuple):
    """An output to write."""

    output: Path
    origin: str = "nothing"


def remaining(
    manifest: OutputManifest, item: Item, origin: str = "0", **options: bool
) -> tuple[list[Item], int]:
    """Return what remains of one item, whose input has the hash `origin`."""
    return find_remaining(manifest, [item], lambda _: origin, **options)[:2]


def items(folder: Path, *names: str) -> list[Item]:
    """Return outputs below ``folder/out``."""
    return [Item(folder / "out" / name) for name in names]
