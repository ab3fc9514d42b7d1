"""Files that are installed with the package: configurations and dataset cards."""

import importlib.resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal


def bundled(kind: Literal["configs", "datasets"]) -> Traversable:
    """Return the folder of configurations or dataset cards, in a checkout or an installed wheel."""
    package = importlib.resources.files("translate")
    checkout = Path(str(package)).parent
    if (checkout / "pyproject.toml").is_file():
        return checkout / ("datasets/cards" if kind == "datasets" else kind)
    return package / kind


def configs() -> dict[str, Traversable]:
    """Return the bundled configurations by name."""
    folder = bundled("configs")
    files = folder.iterdir() if folder.is_dir() else iter(())
    return {
        file.name.removesuffix(".yaml"): file
        for file in sorted(files, key=lambda file: file.name)
        if file.name.endswith(".yaml")
    }
