"""Exporters of models: ONNX files, OpenVINO models, torch.export programs and web pages."""

from collections.abc import Callable, Mapping

from translate import hookimpl
from translate.exporters import Exporter
from translate_plugins.exporters.onnx import OnnxExporter
from translate_plugins.exporters.openvino import OpenvinoExporter
from translate_plugins.exporters.torch_export import TorchExporter
from translate_plugins.exporters.web import WebExporter


@hookimpl
def register_exporters() -> Mapping[str, Callable[..., Exporter]]:
    return {
        "onnx": OnnxExporter,
        "openvino": OpenvinoExporter,
        "torch-export": TorchExporter,
        "web-page": WebExporter,
    }
