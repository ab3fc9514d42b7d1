"""Images drawn from noise: each is a function of the model, the seed and its number alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from math import ceil
from typing import Any

import torch
from torch import Tensor

from translate.engine.models import calls
from translate.engine.models.model import Model
from translate.engine.plugins.errors import plugin_code
from translate.errors import ConfigError, suggest
from translate.images.contact_sheet import image_grid
from translate.images.layers import Pixels
from translate.images.tensors import as_tensor, from_device, to_device
from translate.nn.noise import Noise
from translate.recipe import Recipe

CHUNK = 64
"""Images drawn at once. Numbers 0 to 63 always go through the network together, so that an image
does not depend on the number of requested or existing images."""
MOST_ON_A_SHEET = 256
ALL_CLASSES = "all"


@dataclass(frozen=True)
class SampleRequest:
    """The images to draw."""

    count: int
    """images in all; of a walk, in a row"""
    label: str | None = field(default=None, metadata={"key": "class"})
    """the class to draw, or ``all``; by default each in turn, without folders"""
    text: str | None = None
    """a description of the image, where the model was trained on captions"""
    seed: int = 0
    options: Mapping[str, Any] | None = None
    """options of the recipe's own `draw`"""

    def condition(self, model: Model, number: int) -> int | None:
        """Return the index of the class of image `number`; None if there are no classes."""
        known = classes(model)
        if not known:
            return None
        if self.label in (None, ALL_CLASSES):
            return number % len(known)
        return known.index(self.label)


def classes(model: Model) -> tuple[str, ...]:
    """Return the names of the classes that the recipe draws."""
    with plugin_code(model.recipe, "conditions"):
        return model.recipe.conditions()


def check(model: Model, request: SampleRequest) -> Tensor | None:
    """Return the text of `request` as the recipe takes it; raises `ConfigError` if it cannot."""
    recipe, spec = model.recipe, model.spec
    if type(recipe).draw is Recipe.draw:
        raise ConfigError(
            f"{model.name}: {type(recipe).__name__} cannot draw images from noise. "
            "`translate infer` translates images, if it can do that."
        )
    known = classes(model)
    if request.label is not None and not known:
        raise ConfigError(f"{model.name} was trained without classes: leave --class out.")
    if request.label is not None and request.label not in (ALL_CLASSES, *known):
        raise ConfigError(f"no class is called {request.label!r}.{suggest(request.label, known)}")
    if (request.text is None) != (spec.text_length == 0):
        need = "leave --text out" if request.text is not None else 'say what to draw: --text "..."'
        kind = "without" if request.text is not None else "with"
        raise ConfigError(f"{model.name} was trained {kind} captions: {need}.")
    if request.text is None:
        return None
    return encoded(request.text, spec.text_length)


def encoded(text: str, length: int) -> Tensor:
    """Return `text` as (1, length) bytes of UTF-8, padded with zeros; raises `ConfigError`."""
    data = text.encode()
    if not data or len(data) > length:
        raise ConfigError(f"text: has {len(data)} bytes; captions in training had 1 to {length}.")
    return torch.frombuffer(bytearray(data.ljust(length, b"\0")), dtype=torch.uint8)[None]


def complete(model: Model, request: SampleRequest) -> SampleRequest:
    """Return `request` with all options of the recipe's `draw`; raises `ConfigError`."""
    own = calls.complete(model.recipe.draw, request.options or {}, model.name)
    return replace(request, options=own or None)


def draw_images(model: Model, request: SampleRequest, dtype: str = "") -> Iterator[Pixels | None]:
    """Yield the images of `request` one by one, as `draw_chunk` returns them."""
    text = check(model, request)
    request = complete(model, request)
    for first in range(0, request.count, CHUNK):
        yield from draw_chunk(model, request, first, text, dtype)[: request.count - first]


def draw_chunk(
    model: Model, request: SampleRequest, first: int, text: Tensor | None, dtype: str = ""
) -> list[Pixels | None]:
    """Return the images whose numbers begin at `first`; None for one that is not finite.

    They are of the target domain's type, or in proportion of `dtype`.
    """
    recipe, device, numbers = model.recipe, model.device, range(first, first + CHUNK)
    labels = [request.condition(model, number) for number in numbers]
    condition = text.expand(CHUNK, -1) if text is not None else None
    if condition is None and labels[0] is not None:
        condition = torch.tensor(labels)
    keywords = dict(request.options or {})
    if calls.takes_noise(recipe.draw):
        names = [f"sample {number}" for number in numbers]
        keywords["noise"] = Noise(request.seed, names, device=device)
    with model.lock, torch.inference_mode():
        model.threads.update()
        with plugin_code(recipe, "latents"):
            generators = [_generator(request.seed, number) for number in numbers]
            latents = torch.cat([recipe.latents(1, generator) for generator in generators])
        with plugin_code(recipe, "draw"):
            condition = None if condition is None else condition.to(device)
            drawn = recipe.draw(latents.to(device), condition, **keywords)
            finite = drawn.isfinite().flatten(1).all(1).tolist()
            pixels = from_device(drawn.nan_to_num(), model.spec.target, dtype)
    return [p if is_finite else None for p, is_finite in zip(pixels, finite, strict=True)]


def draw_walk(model: Model, request: SampleRequest) -> Pixels:
    """Return rows of images that show what the noise means, as `Recipe.walk` draws them."""
    condition = check(model, request)
    if request.options:
        name = next(iter(request.options))
        raise ConfigError(f"a walk has no options, got {name!r}: leave --set out.")
    if condition is None and request.label not in (None, ALL_CLASSES):
        condition = torch.tensor([classes(model).index(request.label)])
    generator = torch.Generator().manual_seed(request.seed)
    with model.lock, torch.inference_mode(), plugin_code(model.recipe, "walk"):
        return image_grid(model.recipe.walk(request.count, generator, condition))


def draw_sheet(model: Model, request: SampleRequest) -> Pixels:
    """Return the first images on one sheet; of all classes, a row each."""
    request = replace(request, count=min(request.count, MOST_ON_A_SHEET))
    count = request.count
    rows = len(classes(model)) if request.label == ALL_CLASSES else 0
    columns = ceil(count / rows) if rows else ceil(count**0.5)
    images = list(draw_images(model, request))
    blank = next(pixels for pixels in images if pixels is not None) * 0
    cells = [
        to_device(as_tensor(blank if p is None else p)[None], "cpu", model.spec.target)
        for p in images
    ]
    if rows:
        cells = [cell for row in range(rows) for cell in cells[row::rows]]
    return image_grid([torch.cat(cells[i : i + columns]) for i in range(0, count, columns)])


def _generator(seed: int, number: int) -> torch.Generator:
    digest = sha256(f"{seed}/{number}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
