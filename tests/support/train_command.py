"""A short command for tests of `translate train`, and the settings that it saves."""

from pathlib import Path
from typing import Any

from translate.engine.config import yaml_text

TRAIN = [
    *("train", "--plugin", "cyclegan", "--domains", "a", "b", "--data", ".", "--steps", "2"),
    *("--set", "options.generator={name: resnet, width: 2, blocks: 1, downsamplings: 1}"),
    *("--set", "options.discriminator={name: patch, width: 2, layers: 1}"),
    *("--size", "16", "--device", "cpu", "--set", "train.preview_every=0"),
]


def saved_settings(run: Path) -> dict[str, Any]:
    """Return the content of the run's config.yaml."""
    return yaml_text.read(str(run / "config.yaml"))
