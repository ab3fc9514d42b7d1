"""Importers: generators of pytorch-CycleGAN-and-pix2pix."""

from collections.abc import Mapping

from translate import hookimpl
from translate.importers import Importer
from translate_plugins.importers.junyanz import JunyanzImporter


@hookimpl
def register_importers() -> Mapping[str, type[Importer]]:
    return {"junyanz": JunyanzImporter}
