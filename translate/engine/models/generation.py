"""Images generated from noise: an image depends only on the model, the request and its number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from math import ceil
from typing import Any

import torch
from torch import Tensor

from translate.engine.models import calls
from translate.engine.models.model import Model
from translate.engine.models.options import NOT_RECORDED
from translate.engine.plugins.errors import plugin_code
from translate.errors import ConfigError, suggest
from translate.images.contact_sheet import image_grid
from translate.images.layers import Pixels
from translate.images.tensors import as_tensor, from_device, to_device
from translate.nn.noise import Noise

BATCH_SIZE = 64
"""number of images in a batch: images 0 to 63 are always computed together, so that an image does
not depend on how many images are requested or exist already"""
MAX_IMAGES_ON_SHEET = 256
ALL_CLASSES = "all"


@dataclass(frozen=True)
class SampleRequest:
    """The images to generate."""

    count: int = field(metadata=NOT_RECORDED)
    """number of images, or of images per row of a walk"""
    label: str | None = field(default=None, metadata={"key": "class"})
    """a class, ``all`` for a folder of each class, or None for all classes in turn"""
    text: str | None = None
    """caption, for a model trained on captions"""
    seed: int = 0
    options: Mapping[str, Any] | None = None
    """options of the recipe's `draw`"""

    def condition(self, model: Model, number: int) -> int | None:
        """Return the index of the class of image `number`; None if there are no classes."""
        names = classes(model)
        if not names:
            return None
        if self.label in (None, ALL_CLASSES):
            return number % len(names)
        return names.index(self.label)


def classes(model: Model) -> tuple[str, ...]:
    """Return the names of the classes that the recipe can generate."""
    with plugin_code(model.recipe, "conditions"):
        return model.recipe.conditions()


def check_request(model: Model, request: SampleRequest) -> Tensor | None:
    """Raise `ConfigError` unless the model can do `request`; return its caption or None.

    The caption is a tensor as `encode_text` returns it.
    """
    recipe, spec = model.recipe, model.spec
    if not model.draws:
        raise ConfigError(
            f"{model.name}: {type(recipe).__name__} cannot generate images from noise; translate "
            "images with it: translate infer."
        )
    names = classes(model)
    if request.label is not None and not names:
        raise ConfigError(f"{model.name} was trained without classes: leave --class out.")
    if request.label is not None and request.label not in (ALL_CLASSES, *names):
        raise ConfigError(f"no class is called {request.label!r}.{suggest(request.label, names)}")
    if (request.text is None) != (spec.text_length == 0):
        fix = "leave --text out" if request.text is not None else 'add a caption: --text "..."'
        kind = "without" if request.text is not None else "with"
        raise ConfigError(f"{model.name} was trained {kind} captions: {fix}.")
    return None if request.text is None else encode_text(request.text, spec.text_length)


def encode_text(text: str, length: int) -> Tensor:
    """Return `text` as a (1, length) tensor of UTF-8 bytes, padded with zeros.

    Raises `ConfigError` if it is empty or too long.
    """
    data = text.encode()
    if not data or len(data) > length:
        raise ConfigError(f"text: has {len(data)} bytes; captions in training had 1 to {length}.")
    return torch.frombuffer(bytearray(data.ljust(length, b"\0")), dtype=torch.uint8)[None]


def complete_request(model: Model, request: SampleRequest) -> SampleRequest:
    """Return `request` with all options of the recipe's `draw`; raises `ConfigError`."""
    options = calls.complete_options(model.recipe.draw, request.options or {}, model.name)
    return replace(request, options=options or None)


def draw_images(model: Model, request: SampleRequest, dtype: str = "") -> Iterator[Pixels | None]:
    """Yield the images of `request` in order; None for an image that is not finite."""
    text = check_request(model, request)
    request = complete_request(model, request)
    for first in range(0, request.count, BATCH_SIZE):
        yield from draw_batch(model, request, first, text, dtype)[: request.count - first]


def draw_batch(
    model: Model, request: SampleRequest, first: int, text: Tensor | None, dtype: str = ""
) -> list[Pixels | None]:
    """Return a batch of images that starts with number `first`; None for one that is not finite.

    Values are scaled to the range of `dtype`, the type of the images; by default that of the
    target domain.
    """
    recipe, device, numbers = model.recipe, model.device, range(first, first + BATCH_SIZE)
    labels = [request.condition(model, number) for number in numbers]
    condition = text.expand(BATCH_SIZE, -1) if text is not None else None
    if condition is None and labels[0] is not None:
        condition = torch.tensor(labels)
    keywords = _draw_keywords(model, request, [f"sample {number}" for number in numbers])
    with model.lock, torch.inference_mode():
        model.threads.update()
        with plugin_code(recipe, "latents"):
            generators = [_generator(request.seed, number) for number in numbers]
            latents = torch.cat([recipe.latents(1, generator) for generator in generators])
        with plugin_code(recipe, "draw"):
            condition = None if condition is None else condition.to(device)
            output = recipe.draw(latents.to(device), condition, **keywords)
            are_finite = output.isfinite().flatten(1).all(1).tolist()
            images = from_device(output.nan_to_num(), model.spec.target, dtype)
    return [image if finite else None for image, finite in zip(images, are_finite, strict=True)]


def draw_walk(model: Model, request: SampleRequest) -> Pixels:
    """Return a sheet of the images that `Recipe.walk` computes from interpolated latents."""
    condition = check_request(model, request)
    keywords = _draw_keywords(model, complete_request(model, request), ["walk"] * request.count)
    if condition is None and request.label not in (None, ALL_CLASSES):
        condition = torch.tensor([classes(model).index(request.label)])
    generator = torch.Generator().manual_seed(request.seed)
    with model.lock, torch.inference_mode(), plugin_code(model.recipe, "walk"):
        return image_grid(model.recipe.walk(request.count, generator, condition, **keywords))


def draw_sheet(model: Model, request: SampleRequest) -> Pixels:
    """Return the first images on one sheet, with a row per class for the label ``all``."""
    request = replace(request, count=min(request.count, MAX_IMAGES_ON_SHEET))
    count = request.count
    rows = len(classes(model)) if request.label == ALL_CLASSES else 0
    columns = ceil(count / rows) if rows else ceil(count**0.5)
    images = list(draw_images(model, request))
    blank = next(image for image in images if image is not None) * 0
    cells = [
        to_device(as_tensor(blank if image is None else image)[None], "cpu", model.spec.target)
        for image in images
    ]
    if rows:
        cells = [cell for row in range(rows) for cell in cells[row::rows]]
    return image_grid([torch.cat(cells[i : i + columns]) for i in range(0, count, columns)])


def _draw_keywords(model: Model, request: SampleRequest, names: Sequence[str]) -> dict[str, Any]:
    """Return the options of `draw`, and the noise of images with these `names` if it is used."""
    keywords = dict(request.options or {})
    if calls.takes_noise(model.recipe.draw):
        keywords["noise"] = Noise(request.seed, names, device=model.device)
    return keywords


def _generator(seed: int, number: int) -> torch.Generator:
    digest = sha256(f"{seed}/{number}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
