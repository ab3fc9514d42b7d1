"""Programs of torch.export, which PyTorch runs without the code of the network."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING

from translate.exporters import ExportedModel

if TYPE_CHECKING:
    from torch import Tensor


class TorchExporter:
    """Programs of torch.export (.pt2), with dynamic sides and the metadata as translate.json."""

    suffix = ".pt2"

    def write(self, model: ExportedModel) -> bytes:
        import torch
        from torch.export import Dim, export, save  # seconds, and only this command needs it

        geometry = model.geometry
        multiple, side = geometry.multiple_of, geometry.fit(32) + geometry.multiple_of
        # an example of unequal numbers, none of them 1, so that none is taken for a constant
        example = torch.zeros(2, model.channels, side, side + multiple)
        least = max(1, -(-geometry.minimum // multiple))
        height, width = (multiple * Dim(name, min=least) for name in ("height", "width"))
        with torch.no_grad():
            program = export(
                model.network,
                (example,),
                dynamic_shapes=({0: Dim("images"), 2: height, 3: width},),
            )
        buffer = BytesIO()
        save(program, buffer, extra_files={"translate.json": json.dumps(dict(model.metadata))})
        return buffer.getvalue()

    def load(self, data: bytes) -> Callable[[Tensor], Tensor]:
        from torch.export import load

        return load(BytesIO(data)).module()
