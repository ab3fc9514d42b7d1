"""Exporters: programs of torch.export, ONNX files and models of OpenVINO."""

from collections.abc import Mapping

from translate import hookimpl
from translate.exporters import Exporter
from translate_plugins.exporters.onnx import OnnxExporter
from translate_plugins.exporters.openvino import OpenvinoExporter
from translate_plugins.exporters.torch_export import TorchExporter


@hookimpl
def register_exporters() -> Mapping[str, type[Exporter]]:
    return {
        "onnx": OnnxExporter,
        "openvino": OpenvinoExporter,
        "torch-export": TorchExporter,
    }
