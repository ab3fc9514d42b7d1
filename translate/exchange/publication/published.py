"""The files of a model that is packed or uploaded: its checkpoint, its card and a sample."""

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
from translate.engine.config import yaml
from translate.engine.models.model import load
from translate.exchange.publication import parity


class PublishedModel(NamedTuple):
    """A model, as it is packed or uploaded."""

    files: Mapping[str, bytes | Path]
    """by path: the content, or the file that has it"""
    record: PackRecord

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        content = self.files[name]
        return content.read_bytes() if isinstance(content, Path) else content


def publish(path: Path, name: str, card: str, preview: Path | None = None) -> PublishedModel:
    """Return the files of a model.

    Args:
        path: The folder of its checkpoint, as `resolve` returns it.
        name: What the model is called.
        card: The model card, Markdown.
        preview: A PNG file of images that the model made; None: there is none.

    Raises:
        CheckpointError: The checkpoint cannot be read.
        TranslateError: The outputs of the model are not finite.
    """
    checkpoint = read.read_checkpoint(path)
    model, _ = load(path, device="cpu")
    sample = parity.make_sample(model)
    place = f"checkpoints/step-{checkpoint.step:08d}"
    files: dict[str, bytes | Path] = {
        f"{place}/{part}": path / part for part in CHECKPOINT_FILES if (path / part).is_file()
    }
    files |= {
        CARD: card.encode(),
        CONFIG: yaml.dump(checkpoint.config).encode(),
        PARITY: sample.data,
    }
    files |= {PREVIEW: preview} if preview else {}
    record = PackRecord(
        format=1,
        name=name,
        model=model.digest,
        versions={**checkpoint.description["versions"], "translate-kit": __version__},
        plugins=checkpoint.description.get("plugins", {}),
        parity=sample.record,
        files={},
    )
    published = PublishedModel(files, record)
    listed = {each: _facts(published.read(each)) for each in files}
    record = record.model_copy(update={"files": listed})
    text = json.dumps(record.model_dump(), indent=1, sort_keys=True) + "\n"
    return PublishedModel({**files, RECORD: text.encode()}, record)


def _facts(data: bytes) -> FileFacts:
    return FileFacts(sha256=sha256(data).hexdigest(), size=len(data))
