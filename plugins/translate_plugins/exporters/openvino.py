"""Exporter of OpenVINO models: folders with model.xml and model.bin."""

from __future__ import annotations

import json
import sys
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from translate.errors import require_package
from translate.exporters import Content, ExportedModel, LoadedModel, written_files
from translate_plugins.exporters.onnx import OnnxExporter

METADATA = "translate"
"""key of the metadata in the model's runtime information"""
XML, BIN = "model.xml", "model.bin"


def import_without_telemetry() -> Any:
    """Return the module openvino, kept from reporting its import to a server of its makers."""
    require_package("openvino", "openvino")
    if "openvino" not in sys.modules:
        # without this package, openvino uses a stub that sends nothing
        sys.modules["openvino_telemetry"] = cast(Any, None)
    import openvino

    return openvino


class OpenvinoExporter:
    """Folders (..._openvino) with model.xml, which contains the metadata, and model.bin."""

    suffix = "_openvino"
    backend = "openvino"

    def write(self, model: ExportedModel) -> dict[str, bytes]:
        openvino = import_without_telemetry()
        converted = openvino.Core().read_model(OnnxExporter().write(model))
        converted.set_rt_info(json.dumps(dict(model.metadata)), [METADATA])
        return written_files(
            lambda folder: openvino.save_model(converted, folder / XML, compress_to_fp16=False)
        )

    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:
        openvino = import_without_telemetry()

        if isinstance(content, bytes) or not {XML, BIN} <= content.keys():
            raise ValueError(f"it is no folder with {XML} and {BIN}")
        core = openvino.Core()
        network = core.read_model(content[XML], content[BIN])
        if not network.has_rt_info([METADATA]):
            raise ValueError("it has no metadata of translate")
        metadata = json.loads(network.get_rt_info([METADATA]).value)
        settings: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "f32"}  # not bfloat16
        if threads:
            settings["INFERENCE_NUM_THREADS"] = threads
        compiled = core.compile_model(network, "CPU", settings)

        def run(*inputs: NDArray[Any]) -> NDArray[np.float32]:
            return compiled(list(inputs))[0]

        return LoadedModel(run, metadata)
