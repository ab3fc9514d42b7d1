"""A trained model at work: any size in, the same size out, whatever else is in the batch."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import Any

import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from translate.batches import Domain, ImageSpec
from translate.engine.checkpoints import contents, read
from translate.engine.checkpoints.references import resolve
from translate.engine.inference import calls
from translate.engine.plugins.errors import at_definition, plugin_code
from translate.engine.processes import distributed
from translate.engine.processes.threads import ThreadCount
from translate.errors import CheckpointError, ConfigError, PluginError, short_repr, suggest
from translate.folders.names import short_names
from translate.images.layers import Pixels
from translate.images.tensors import from_device, from_device_as_floats, network_input
from translate.nn.geometry import Geometry
from translate.nn.noise import seeded
from translate.recipe import Recipe

WHOLE = "whole"
"""as the name of a side: all of an image, of images that are not joined"""


@dataclass(frozen=True)
class Model:
    """A trained recipe, ready to translate."""

    name: str
    """the run or checkpoint, as it was asked for"""
    digest: str
    """of the checkpoint's manifest, and so of every file in it"""
    recipe: Recipe
    spec: ImageSpec
    sides: tuple[str, ...]
    """what the left and the right half of joined pairs were called in training"""
    device: torch.device
    typed: tuple[str, ...] = ()
    """what was given to ``--domains``, where that is a path for each domain"""
    unscaled: bool = False
    """whether it was trained on crops at full resolution, so that large images suit it"""
    method: str = ""
    """the name of the recipe"""
    step: int = 0
    lock: AbstractContextManager[Any] = field(default_factory=RLock, compare=False, repr=False)
    """Held while the recipe works: one may switch modes or draw random numbers meanwhile, and
    several threads may share a model."""
    threads: ThreadCount = field(default_factory=ThreadCount, compare=False, repr=False)

    @cached_property
    def geometry(self) -> Geometry:
        """The sizes that the recipe's networks take and make, derived once."""
        return self.recipe.geometry

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains it translates to."""
        return target_domains(self.recipe, self.spec)

    def describe(self) -> str:
        """Return what it is in one line of ``key=value``."""
        spec = self.spec
        facts = {
            "recipe": self.method,
            "domains": spec.names,
            "channels": self.channels(spec.target.name),
            "size": spec.size,
            "step": self.step,
            "device": str(self.device),
        }
        return ", ".join(f"{key}={value!r}" for key, value in facts.items())

    def choose(self, to: str | None) -> str:
        """Return the domain `to`, by default the last; its path is another name of it.

        Raises `ConfigError` for a domain that it does not translate to.
        """
        known = self.spec.names
        if to is None:
            return known[-1]
        typed = self.typed if len(self.typed) == len(known) else known
        names = short_names(known)
        found = {**dict(zip(typed, known, strict=True)), **dict(zip(names, known, strict=True))}
        domain = to if to in known else found.get(to, found.get(to.rstrip("/"), ""))
        if domain not in self.domains:
            own = [name for name, each in zip(names, known, strict=True) if each in self.domains]
            raise ConfigError(
                f"{self.name} was trained on {' and '.join(names)}, and does not translate to "
                f"{short_repr(to)}.{suggest(to, own)}"
            )
        return domain

    def source_and_target(self, to: str) -> tuple[Domain, Domain]:
        """Return the domains of the images that go in, and that come out, on the way to `to`."""
        source, target = self.spec.source, self.spec.target
        if to == source.name:
            return target, source
        return source, dict(zip(self.spec.names, self.spec.domains, strict=True)).get(to, target)

    def channels(self, to: str) -> tuple[int, int]:
        """Return how many channels go in and come out on the way to `to`."""
        source, target = self.source_and_target(to)
        return source.channels, target.channels

    def half(self, side: str | None) -> int | None:
        """Return which half of a joined image `side` is; None: it means the whole image.

        Raises `ConfigError` for another side, and where joined images were trained on and none is
        named: a joined image is never translated as one.
        """
        joined = len(self.sides) == 2
        if side is None and not joined:
            return None
        if side is None:
            left, right = self.sides
            raise ConfigError(
                f"side: {self.name} was trained on joined images, {left} on the left and {right} "
                f"on the right. --side {self.spec.source.name} translates that half of each; "
                f"--side {WHOLE} is for images that are not joined."
            )
        if not joined and side != WHOLE:
            raise ConfigError(f"side: {self.name} was not trained on pairs with named sides.")
        if side in self.sides:
            return self.sides.index(side)
        if side != WHOLE:
            raise ConfigError(f"side: there is no {side!r}.{suggest(side, [*self.sides, WHOLE])}")
        return None

    def translate(
        self,
        images: Sequence[Pixels],
        to: str,
        *,
        floats: bool = False,
        options: Mapping[str, Any] = {},
        seed: int | None = None,
    ) -> list[NDArray[Any] | None]:
        """Return the translations of `images` of one size to the domain `to`; None: not finite.

        Args:
            images: uint8, uint16, or float32 in [0, 1].
            to: the target domain.
            floats: whether to return floats in [0, 1] instead of bytes.
            options: of the recipe's `translate`.
            seed: of the noise.
        """
        source, target = self.source_and_target(to)
        tensors = [network_input(pixels, self.device, source) for pixels in images]
        with self.lock:
            drawn = translate_batch(
                self.recipe, torch.cat(tensors), to, options=options, seed=seed or 0
            )
        finite = drawn.isfinite().flatten(1).all(1).tolist()
        convert = from_device_as_floats if floats else from_device
        pixels = convert(drawn.nan_to_num(), target)
        return [p if sound else None for p, sound in zip(pixels, finite, strict=True)]


def target_domains(recipe: Recipe, spec: ImageSpec) -> tuple[str, ...]:
    """Return the domains that `recipe` translates to."""
    found = {target for source in spec.names for target in recipe.targets(source)}
    return tuple(name for name in spec.names if name in found)


def load(reference: str | Path, *, device: str = "auto") -> tuple[Model, list[str]]:
    """Return the model of a run, ``RUN@STEP``, ``RUN@best`` or a checkpoint, and what is wrong.

    What is wrong is said of the checkpoints that are newer. The model has the moving average of
    the weights where there is one.
    """
    where = distributed.choose_device(device)
    place, complaints = resolve(reference)
    found = read.read_checkpoint(place)
    if not {domain.channels for domain in found.spec.domains} <= {1, 3}:
        raise CheckpointError(f"{place} is of images that are neither gray nor in colour.")
    with seeded(0), read.memory_limit(found):  # the caller's random numbers are not touched
        recipe = read.rebuild_recipe(found)
    read.restore_weights(recipe, place, averaged=True)
    recipe.eval().requires_grad_(False).to(where)
    digest = sha256((place / contents.MANIFEST).read_bytes()).hexdigest()
    asked = found.config.data
    unscaled = asked.resize == "none"
    model = Model(
        str(reference),
        digest,
        recipe,
        found.spec,
        found.spec.sides,
        where,
        asked.domains,
        unscaled,
        found.config.recipe,
        found.step,
    )
    return model, complaints


def translate_batch(
    recipe: Recipe,
    batch: Tensor,
    to: str,
    *,
    options: Mapping[str, Any] = {},
    seed: int = 0,
) -> Tensor:
    """Return (N, C, H, W) images in [-1, 1], translated to the domain `to`, `scale` times as large.

    Sides that do not suit the recipe are padded on the right and at the bottom by repeating the
    edge, so that pixels keep their place in the network's grid; the padding is cut off again.
    A recipe that takes noise is given that of the unpadded images, from `seed`.
    """
    keywords = dict(options)
    if calls.takes_noise(recipe.translate):
        keywords["noise"] = calls.noise_for(batch, seed)
    height, width = batch.shape[-2:]
    fit = recipe.geometry.fit
    right, below = fit(width) - width, fit(height) - height
    with torch.inference_mode():
        padded = F.pad(batch, (0, right, 0, below), mode="replicate")
        with plugin_code(recipe, "translate"):
            drawn = recipe.translate(padded, to=to, **keywords)
    if not isinstance(drawn, Tensor):
        raise PluginError(
            f"{type(recipe).__name__}.translate returned {short_repr(drawn)}: it must return a "
            f"tensor (N, C, H, W){at_definition(recipe, 'translate')}."
        )
    scale = recipe.geometry.scale
    if drawn.shape[-2:] != tuple(scale * side for side in padded.shape[-2:]) or len(drawn) != len(
        batch
    ):
        raise PluginError(
            f"{type(recipe).__name__}.translate made {tuple(drawn.shape)} of "
            f"{tuple(padded.shape)}: it must make images {scale} times as large, or "
            f"have a geometry that says which sizes it takes{at_definition(recipe, 'translate')}."
        )
    return drawn[..., : scale * height, : scale * width]
