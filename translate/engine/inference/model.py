"""A trained model: it translates images of any size, independently of the batch."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from threading import RLock
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from translate.batches import Domain, ImageSpec
from translate.engine.checkpoints import contents, read
from translate.engine.checkpoints.references import resolve
from translate.engine.inference import calls
from translate.engine.inference.padding import padded_translation
from translate.engine.processes import distributed
from translate.engine.processes.threads import ThreadCount
from translate.errors import CheckpointError, ConfigError, short_repr, suggest
from translate.folders.names import short_names
from translate.images.layers import Pixels
from translate.images.tensors import from_device, from_device_as_floats, network_input
from translate.nn.geometry import Geometry
from translate.nn.noise import temporary_seed
from translate.recipe import Recipe

WHOLE = "whole"
"""the side of images that are not joined"""


@dataclass(frozen=True)
class Model:
    """A trained recipe, ready to translate."""

    name: str
    """the reference to the run or checkpoint, as given"""
    digest: str
    """SHA-256 of the checkpoint's manifest, which has those of its files"""
    recipe: Recipe
    spec: ImageSpec
    sides: tuple[str, ...]
    """the names of the left and the right half of joined pairs in training"""
    device: torch.device
    typed: tuple[str, ...] = ()
    """the values of ``--domains``, if they are a path for each domain"""
    unscaled: bool = False
    """whether it was trained on crops at full resolution, and so suits large images"""
    method: str = ""
    """the name of the recipe"""
    step: int = 0
    lock: AbstractContextManager[Any] = field(default_factory=RLock, compare=False, repr=False)
    """Held during a call of the recipe, which may switch modes or draw random numbers: several
    threads may share a model."""
    threads: ThreadCount = field(default_factory=ThreadCount, compare=False, repr=False)

    @cached_property
    def geometry(self) -> Geometry:
        """The input and output sizes of the recipe's networks, derived once."""
        return self.recipe.geometry

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains it translates to."""
        return target_domains(self.recipe, self.spec)

    def describe(self) -> str:
        """Return a description in one line of ``key=value``."""
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
        by_name = {**dict(zip(typed, known, strict=True)), **dict(zip(names, known, strict=True))}
        domain = to if to in known else by_name.get(to, by_name.get(to.rstrip("/"), ""))
        if domain not in self.domains:
            targets = [
                name for name, each in zip(names, known, strict=True) if each in self.domains
            ]
            raise ConfigError(
                f"{self.name} was trained on {' and '.join(names)}, and does not translate to "
                f"{short_repr(to)}.{suggest(to, targets)}"
            )
        return domain

    def source_and_target(self, to: str) -> tuple[Domain, Domain]:
        """Return the domains of the inputs and of the outputs of a translation to `to`."""
        source, target = self.spec.source, self.spec.target
        if to == source.name:
            return target, source
        return source, dict(zip(self.spec.names, self.spec.domains, strict=True)).get(to, target)

    def channels(self, to: str) -> tuple[int, int]:
        """Return the numbers of input and output channels of a translation to `to`."""
        source, target = self.source_and_target(to)
        return source.channels, target.channels

    def has_way_back(self, to: str) -> bool:
        """Return whether it translates outputs in the domain `to` back to their source domain."""
        source, target = self.source_and_target(to)
        return source.name != target.name and source.name in self.recipe.targets(target.name)

    def half(self, side: str | None) -> int | None:
        """Return the index of the half `side` of a joined image; None: the whole image.

        Raises `ConfigError` for an unknown side, and if none is given after training on joined
        images: a joined image is never translated as a whole.
        """
        joined = len(self.sides) == 2
        if side is None and joined:
            left, right = self.sides
            raise ConfigError(
                f"side: {self.name} was trained on joined images, {left} on the left and {right} "
                f"on the right. --side {self.spec.source.name} translates that half of each; "
                f"--side {WHOLE} is for images that are not joined."
            )
        if not joined and side not in (None, WHOLE):
            raise ConfigError(f"side: {self.name} was not trained on pairs with named sides.")
        if side in self.sides:
            return self.sides.index(side)
        if side not in (None, WHOLE):
            raise ConfigError(f"side: unknown side {side!r}.{suggest(side, [*self.sides, WHOLE])}")
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
            output = translate_batch(
                self.recipe, torch.cat(tensors), to, options=options, seed=seed or 0
            )
        finite = output.isfinite().flatten(1).all(1).tolist()
        convert = from_device_as_floats if floats else from_device
        pixels = convert(output.nan_to_num(), target)
        return [p if sound else None for p, sound in zip(pixels, finite, strict=True)]


def target_domains(recipe: Recipe, spec: ImageSpec) -> tuple[str, ...]:
    """Return the domains that `recipe` translates to."""
    targets = {target for source in spec.names for target in recipe.targets(source)}
    return tuple(name for name in spec.names if name in targets)


def load(reference: str | Path, *, device: str = "auto") -> tuple[Model, list[str]]:
    """Return the model of a run, ``RUN@STEP``, ``RUN@best`` or a checkpoint, and problems.

    The problems are those of newer checkpoints of the run. The model has the moving average of
    the weights, if the checkpoint has it.
    """
    chosen_device = distributed.choose_device(device)
    path, problems = resolve(reference)
    checkpoint = read.read_checkpoint(path)
    if not {domain.channels for domain in checkpoint.spec.domains} <= {1, 3}:
        raise CheckpointError(f"{path}: its images have neither 1 nor 3 channels.")
    with temporary_seed(0), read.memory_limit(checkpoint):  # the caller's random state is restored
        recipe = read.rebuild_recipe(checkpoint)
    read.restore_weights(recipe, path, moving_average=True)
    recipe.eval().requires_grad_(False).to(chosen_device)
    digest = sha256((path / contents.MANIFEST).read_bytes()).hexdigest()
    data = checkpoint.config.data
    model = Model(
        str(reference),
        digest,
        recipe,
        checkpoint.spec,
        checkpoint.spec.sides,
        chosen_device,
        data.domains,
        data.resize == "none",
        checkpoint.config.recipe,
        checkpoint.step,
    )
    return model, problems


def translate_batch(
    recipe: Recipe,
    batch: Tensor,
    to: str,
    *,
    options: Mapping[str, Any] = {},
    seed: int = 0,
) -> Tensor:
    """Return (N, C, H, W) images in [-1, 1], translated to the domain `to`, `scale` times as large.

    Sides that the recipe cannot take are padded on the right and at the bottom by repeating the
    edge, so that pixels keep their place in the network's grid; the output is cropped.
    A recipe that takes noise gets that of the unpadded images, from `seed`.
    """
    keywords = dict(options)
    if calls.takes_noise(recipe.translate):
        keywords["noise"] = calls.noise_for(batch, seed)
    with torch.inference_mode():
        return padded_translation(recipe, batch, to, keywords)
