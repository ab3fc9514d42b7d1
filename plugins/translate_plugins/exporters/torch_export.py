"""Exporter of torch.export programs, which PyTorch runs without the code of the network."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.exporters import Content, ExportedModel, LoadedModel
from translate_plugins.exporters.program import trace

METADATA = "translate.json"
"""name of the program's extra file with the metadata"""


class TorchExporter:
    """Programs of torch.export (.pt2), of dynamic height and width, with the metadata as JSON."""

    suffix = ".pt2"
    backend = ""  # a run itself is as fast

    def write(self, model: ExportedModel) -> bytes:
        from torch.export import save

        buffer = BytesIO()
        save(trace(model), buffer, extra_files={METADATA: json.dumps(dict(model.metadata))})
        return buffer.getvalue()

    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:
        import torch
        from torch.export import load

        if not isinstance(content, bytes):
            raise ValueError("it is a folder")
        if threads:
            torch.set_num_threads(threads)
        extra_files = {METADATA: ""}
        program = load(BytesIO(content), extra_files=extra_files).module()

        def run(*inputs: NDArray[Any]) -> NDArray[np.float32]:
            with torch.inference_mode():
                return program(*map(torch.from_numpy, inputs)).numpy()

        return LoadedModel(run, json.loads(extra_files[METADATA]))
