"""The files of a packed or uploaded model: checkpoint, model card and reference output."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

from translate import __version__
from translate.engine.checkpoints import read
from translate.engine.checkpoints.contents import FileFacts
from translate.engine.checkpoints.references.packs import (
    CARD,
    CHECKPOINT_FILES,
    CONFIG,
    PARITY,
    PREVIEW,
    RECORD,
    PackRecord,
)
from translate.engine.config import yaml_text
from translate.engine.models.model import load
from translate.exchange.publication import parity

PACK_FORMAT: Literal[1] = 1
"""version of the files of a pack"""


class ModelFiles(NamedTuple):
    """The files of a model to be packed or uploaded."""

    files: Mapping[str, bytes | Path]
    """by path in the pack: the content of a file, or the path of a file to copy"""
    record: PackRecord

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        return _read(self.files[name])


def collect_files(path: Path, name: str, card: str, preview: Path | None = None) -> ModelFiles:
    """Return the files of a model to be packed or uploaded.

    Args:
        path: The folder of the checkpoint.
        name: The name of the model.
        card: The model card, Markdown.
        preview: A PNG file of outputs of the model; None: the model has no preview.

    Raises:
        CheckpointError: The checkpoint cannot be read.
        TranslateError: The outputs of the model are not finite.
    """
    checkpoint = read.read_checkpoint(path)
    model, _ = load(path, device="cpu")
    reference_output = parity.make_parity(model)
    folder = f"checkpoints/step-{checkpoint.step:08d}"
    files: dict[str, bytes | Path] = {
        f"{folder}/{part}": path / part for part in CHECKPOINT_FILES if (path / part).is_file()
    }
    files |= {
        CARD: card.encode(),
        CONFIG: yaml_text.dump(checkpoint.config).encode(),
        PARITY: reference_output.data,
    }
    files |= {PREVIEW: preview} if preview else {}
    record = PackRecord(
        format=PACK_FORMAT,
        name=name,
        model=model.digest,
        versions={**checkpoint.description["versions"], "translate-kit": __version__},
        plugins=checkpoint.description.get("plugins", {}),
        parity=reference_output.record,
        files={name: _hash_and_size(content) for name, content in files.items()},
    )
    text = json.dumps(record.model_dump(), indent=1, sort_keys=True) + "\n"
    return ModelFiles({**files, RECORD: text.encode()}, record)


def _read(content: bytes | Path) -> bytes:
    return content.read_bytes() if isinstance(content, Path) else content


def _hash_and_size(content: bytes | Path) -> FileFacts:
    data = _read(content)
    return FileFacts(sha256=sha256(data).hexdigest(), size=len(data))
