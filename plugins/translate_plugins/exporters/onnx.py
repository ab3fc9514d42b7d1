"""ONNX files, run by ONNX Runtime."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from translate.errors import require_package
from translate.exporters import Content, ExportedModel, LoadedModel
from translate_plugins.exporters.program import NAMES, trace

OPSET = 20
METADATA = "translate"
"""the key of the model's metadata"""
INPUT, OUTPUT, GENERATED = "images", "translated", "generated"


class OnnxExporter:
    """ONNX files (.onnx), with dynamic sides and the metadata as JSON of the key translate."""

    suffix = ".onnx"
    backend = "onnxruntime"

    def write(self, model: ExportedModel) -> bytes:
        for package in ("onnx", "onnxscript"):
            require_package(package, "onnx")
        import onnx
        from torch.onnx import export

        program = export(
            trace(model),
            dynamo=True,
            opset_version=OPSET,
            input_names=[each.name for each in model.inputs] or [INPUT],
            output_names=[GENERATED if model.inputs else OUTPUT],
            verbose=False,
        )
        assert program is not None  # as it is with dynamo=True
        proto = program.model_proto
        scale = model.geometry.scale
        factor = "" if scale == 1 else f"{scale}*"
        sides = () if model.inputs else NAMES[1:]
        for value in proto.graph.input:
            rename_dimensions(value, (NAMES[0], *sides))
        rename_dimensions(proto.graph.output[0], (NAMES[0], *(f"{factor}{name}" for name in sides)))
        del proto.graph.value_info[:]  # it has other names of these dimensions
        proto.metadata_props.add(key=METADATA, value=json.dumps(dict(model.metadata)))
        onnx.checker.check_model(proto)
        return proto.SerializeToString()

    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:
        require_package("onnxruntime", "onnx")
        import onnxruntime

        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors
        if threads:
            options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        metadata = session.get_modelmeta().custom_metadata_map
        if METADATA not in metadata:
            raise ValueError("it has no metadata of translate")

        names = [each.name for each in session.get_inputs()]

        def run(*inputs: NDArray[Any]) -> NDArray[np.float32]:
            (images,) = session.run(None, dict(zip(names, inputs, strict=True)))
            return images

        return LoadedModel(run, json.loads(metadata[METADATA]))


def rename_dimensions(value: Any, names: Sequence[str]) -> None:
    """Name N, H and W, or N alone, of an input or output of a graph, which else are numbered."""
    for place, name in zip((0, 2, 3), names, strict=False):
        value.type.tensor_type.shape.dim[place].dim_param = name
