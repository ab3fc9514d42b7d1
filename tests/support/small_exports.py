"""An exporter whose files take no compiler, so that tests of exported models take no seconds."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate import hookimpl
from translate.engine.exports.exported.record import ExportRecord
from translate.exporters import Content, ExportedModel, LoadedModel

RECORD = ExportRecord.model_validate(
    {
        "tool": "translate-kit, PyTorch",
        "recipe": "cyclegan",
        "step": 1,
        "checkpoint": "c",
        "weights": "w",
        "source": {"name": "summer"},
        "target": {"name": "winter"},
        "geometry": {"multiple_of": 4, "minimum": 8},
        "size": (32, 32),
    },
    strict=False,
)


def invert(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the images with inverted colours."""
    return -images


class InvertingExporter:
    """Writes the metadata as JSON; its networks invert the colours of images."""

    suffix = ".inverting"
    backend = "inverter"
    writes = 0
    network: Callable[..., NDArray[np.float32]] = staticmethod(invert)

    def write(self, model: ExportedModel) -> Content:
        type(self).writes += 1
        self.network = lambda *inputs: model.network(*map(_tensor, inputs)).detach().numpy()
        type(self).network = staticmethod(self.network)
        return json.dumps(model.metadata).encode()

    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:  # noqa: ARG002
        if not isinstance(content, bytes):
            raise ValueError("it is a folder")
        return LoadedModel(type(self).network, json.loads(content))


def _tensor(images: NDArray[np.float32]) -> Any:
    import torch

    return torch.from_numpy(images)


class Plugin:
    """Offers the exporter."""

    @hookimpl
    def register_exporters(self) -> Any:
        return {"inverting": InvertingExporter}
