"""Export models to TorchScript, for C++ programs that have libtorch."""

import json
import warnings
from io import BytesIO

import torch

from translate import hookimpl


@hookimpl
def register_exporters():
    return {"torchscript": TorchScriptExporter}


class TorchScriptExporter:
    """TorchScript (.ts), with the metadata in translate.json."""

    suffix = ".ts"

    def write(self, model):
        side = model.geometry.fit(32)
        example, buffer = torch.zeros(2, model.channels, side, side), BytesIO()
        metadata = {"translate.json": json.dumps(model.metadata)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript is deprecated, and still used in C++
            traced = torch.jit.trace(model.network, example)
            torch.jit.save(traced, buffer, _extra_files=metadata)
        return buffer.getvalue()

    def load(self, data):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.jit.load(BytesIO(data))
