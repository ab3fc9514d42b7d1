"""Sheets: many drawn images on one, and walks through the latent space."""

from dataclasses import replace
from math import ceil

import torch

from translate.engine.inference.model import Model
from translate.engine.inference.sampling import (
    EVERY,
    SampleRequest,
    _asked,
    _known,
    check,
    draw_images,
)
from translate.engine.plugins.errors import plugin_code
from translate.images.decode import Pixels
from translate.images.encode import image_grid
from translate.images.tensors import as_tensor, to_device

SHEET = 256
"""pictures on a sheet at most"""


def sheet(model: Model, wish: SampleRequest, *, walk: bool = False) -> Pixels:
    """Return many pictures on one: of all classes a row each, of a walk its rows."""
    if walk:
        text = check(model, wish)
        generator = torch.Generator().manual_seed(wish.seed)
        asked = text if text is not None else _asked(model, wish.label)
        with model.lock, torch.inference_mode(), plugin_code(model.recipe, "walk"):
            return image_grid(model.recipe.walk(wish.count, generator, asked))
    wish = replace(wish, count=min(wish.count, SHEET))
    count = wish.count
    rows = len(_known(model)) if wish.label == EVERY else 0
    across = ceil(count / rows) if rows else ceil(count**0.5)
    drawn = list(draw_images(model, wish))
    blank = next(pixels for pixels in drawn if pixels is not None) * 0
    whole = [blank if pixels is None else pixels for pixels in drawn]
    if rows:
        whole = [pixels for row in range(rows) for pixels in whole[row::rows]]
    cells = [to_device(as_tensor(pixels), "cpu") for pixels in whole]
    return image_grid([torch.stack(cells[i : i + across]) for i in range(0, count, across)])
