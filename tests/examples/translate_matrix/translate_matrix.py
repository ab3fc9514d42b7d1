"""Import colour-correction matrices: linear maps of RGB, which photo editors save."""

from torch import nn

from translate import hookimpl
from translate.importers import ImportedModel
from translate.recipe import Recipe, Turn, adam


@hookimpl
def register_recipes():
    return {"colour-matrix": ColourMatrix}


@hookimpl
def register_importers():
    return {"matrix": MatrixImporter}


class ColourMatrix(Recipe):
    """Translate the colour of each pixel by a linear map, fitted to aligned pairs."""

    defaults = {"data": {"layout": "paired"}}

    def __init__(self, spec):
        super().__init__()
        self.map = nn.Conv2d(spec.source.channels, spec.target.channels, 1)

    def optimizers(self):
        return {"map": adam(self.map)}

    def step(self, batch):
        yield Turn("map", mse=(self.map(batch.source) - batch.target).square().mean())

    def translate(self, images, *, to=None):
        return self.map(images)


class MatrixImporter:
    """Colour-correction matrices: ``matrix`` (3, 3) and ``offset`` (3,), of RGB in [0, 1]."""

    recipes = ("colour-matrix",)

    def recognizes(self, weights):
        shapes = {key: tuple(tensor.shape) for key, tensor in weights.tensors.items()}
        return shapes == {"matrix": (3, 3), "offset": (3,)}

    def convert(self, weights, other, recipe):
        matrix, offset = weights.tensors["matrix"], weights.tensors["offset"]
        bias = matrix.sum(1) + 2 * offset - 1  # for pixels in [-1, 1] instead of [0, 1]
        tensors = {"map.weight": matrix[..., None, None], "map.bias": bias}
        return ImportedModel(recipe="colour-matrix", options={}, tensors=tensors)
