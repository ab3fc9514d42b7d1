"""pix2pixHD (Wang et al., 2018): the recipe, its local enhancer, and published weights."""

from translate import hookimpl
from translate_pix2pixhd.enhancer import EnhancerGenerator
from translate_pix2pixhd.importer import Pix2PixHDImporter
from translate_pix2pixhd.recipe import Pix2PixHD


@hookimpl
def register_recipes():
    return {"pix2pixhd": Pix2PixHD}


@hookimpl
def register_generators():
    return {"enhancer": EnhancerGenerator}


@hookimpl
def register_importers():
    return {"pix2pixhd": Pix2PixHDImporter}
