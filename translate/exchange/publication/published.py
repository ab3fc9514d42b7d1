"""The files of a packed or uploaded model: checkpoint, model card and reference output."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

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


class PublishedModel(NamedTuple):
    """A model to be packed or uploaded."""

    files: Mapping[str, bytes | Path]
    """the content of each file, or the path of a file that has it, by relative path"""
    record: PackRecord

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        content = self.files[name]
        return content.read_bytes() if isinstance(content, Path) else content


def publish(path: Path, name: str, card: str, preview: Path | None = None) -> PublishedModel:
    """Return the files of a model to be packed or uploaded.

    Args:
        path: The folder of the checkpoint, as `resolve` returns it.
        name: The name of the model.
        card: The model card, Markdown.
        preview: A PNG file of outputs of the model; None: the model has no preview.

    Raises:
        CheckpointError: The checkpoint cannot be read.
        TranslateError: The outputs of the model are not finite.
    """
    checkpoint = read.read_checkpoint(path)
    model, _ = load(path, device="cpu")
    reference = parity.make_parity(model)
    folder = f"checkpoints/step-{checkpoint.step:08d}"
    files: dict[str, bytes | Path] = {
        f"{folder}/{part}": path / part for part in CHECKPOINT_FILES if (path / part).is_file()
    }
    files |= {
        CARD: card.encode(),
        CONFIG: yaml_text.dump(checkpoint.config).encode(),
        PARITY: reference.data,
    }
    files |= {PREVIEW: preview} if preview else {}
    record = PackRecord(
        format=1,
        name=name,
        model=model.digest,
        versions={**checkpoint.description["versions"], "translate-kit": __version__},
        plugins=checkpoint.description.get("plugins", {}),
        parity=reference.record,
        files={},
    )
    published = PublishedModel(files, record)
    facts = {name: _hash_and_size(published.read(name)) for name in files}
    record = record.model_copy(update={"files": facts})
    text = json.dumps(record.model_dump(), indent=1, sort_keys=True) + "\n"
    return PublishedModel({**files, RECORD: text.encode()}, record)


def _hash_and_size(data: bytes) -> FileFacts:
    return FileFacts(sha256=sha256(data).hexdigest(), size=len(data))
