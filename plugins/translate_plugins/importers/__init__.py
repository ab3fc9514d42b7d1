"""Weights of published code: importers, and an exporter.

There is an importer for each family of code, and one that names the networks that no recipe has.
"""

from collections.abc import Callable, Mapping

from translate import hookimpl
from translate.exporters import Exporter
from translate.importers import Importer
from translate_plugins.importers.cut import CutImporter
from translate_plugins.importers.deblurgan import DeblurGANImporter
from translate_plugins.importers.junyanz import JunyanzImporter
from translate_plugins.importers.state_dict import StateDictExporter
from translate_plugins.importers.unsupported_networks import UnsupportedNetworks


@hookimpl
def register_importers() -> Mapping[str, Callable[..., Importer]]:
    return {
        "junyanz": JunyanzImporter,
        "cut": CutImporter,
        "deblurgan": DeblurGANImporter,
        "other-networks": UnsupportedNetworks,
    }


@hookimpl
def register_exporters() -> Mapping[str, Callable[[], Exporter]]:
    return {"state-dict": StateDictExporter}
