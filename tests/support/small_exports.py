"""An exporter that needs no compiler, so that tests of exported models are quick."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate import hookimpl
from translate.engine.exports.torch_free.record import ExportRecord
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
    """Writes metadata as JSON; a loaded file runs `network`, which inverts colours by default."""

    suffix = ".inverting"
    backend = "inverter"
    writes = 0
    network: Callable[..., NDArray[np.float32]] = staticmethod(invert)

    def write(self, model: ExportedModel) -> Content:
        type(self).writes += 1
        network = lambda *inputs: model.network(*map(_tensor, inputs)).detach().numpy()  # noqa: E731
        type(self).network = staticmethod(network)
        return json.dumps(model.metadata).encode()

    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:  # noqa: ARG002
        if not isinstance(content, bytes):
            raise ValueError("it is a folder")
        return LoadedModel(type(self).network, json.loads(content))


def _tensor(images: NDArray[np.float32]) -> Any:
    import torch

    return torch.from_numpy(images)


class InvertingPlugin:
    """A plugin that offers the exporter ``inverting``."""

    @hookimpl
    def register_exporters(self) -> Any:
        return {"inverting": InvertingExporter}
