"""Export models to TorchScript, for C++ programs that have libtorch."""

import json
import warnings
from io import BytesIO

import torch

from translate import hookimpl
from translate.exporters import LoadedModel

METADATA = "translate.json"


@hookimpl
def register_exporters():
    return {"torchscript": TorchScriptExporter}


class TorchScriptExporter:
    """TorchScript (.ts), with the metadata in translate.json."""

    suffix = ".ts"
    backend = ""

    def write(self, model):
        side = model.geometry.fit(32)
        example, buffer = torch.zeros(2, model.channels, side, side), BytesIO()
        metadata = {METADATA: json.dumps(model.metadata)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript is deprecated, and still used in C++
            traced = torch.jit.trace(model.network, example)
            torch.jit.save(traced, buffer, _extra_files=metadata)
        return buffer.getvalue()

    def load(self, content, *, threads=None):
        if threads:
            torch.set_num_threads(threads)
        extra = {METADATA: ""}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network = torch.jit.load(BytesIO(content), _extra_files=extra)

        def run(images):
            with torch.inference_mode():
                return network(torch.from_numpy(images)).numpy()

        return LoadedModel(run, json.loads(extra[METADATA]))
