"""Exporters: programs of torch.export."""

from collections.abc import Mapping

from translate import hookimpl
from translate.exporters import Exporter
from translate_plugins.exporters.torch_export import TorchExporter


@hookimpl
def register_exporters() -> Mapping[str, type[Exporter]]:
    return {"torch-export": TorchExporter}
