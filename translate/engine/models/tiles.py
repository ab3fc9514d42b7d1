"""Translation of an image in tiles: exact where the operations of the recipe can be traced."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from translate.engine.models import calls
from translate.engine.models.padding import padded_translation
from translate.engine.models.separate_tiles import SeparateTiles
from translate.engine.models.tile_options import (
    DEFAULT_TILE,
    SMALLEST_TILE,
    StoppedError,
    TileOptions,
)
from translate.engine.system.memory import free_memory
from translate.engine.tiling.execution import Execution
from translate.engine.tiling.plan import CHEAP, Plan, full_frame_bytes, make_plan
from translate.engine.tiling.store import Readable, Store
from translate.engine.traced.graph import read_graph
from translate.engine.traced.noise import NoiseRecorder, NoiseRequest, NoiseSource
from translate.engine.traced.operators import UnsupportedError
from translate.engine.traced.regions import Region, split, whole
from translate.engine.traced.tracing import trace
from translate.nn.noise import Noise

if TYPE_CHECKING:
    from translate.engine.models.model import Model

NOMINAL = 4096
"""Sides of an image that stands for all large ones."""
BYTES_A_PIXEL = 4096
"""More than the values of most networks take for each pixel of an image, so that smaller images
need not be traced to know that they fit."""


@dataclass(frozen=True)
class Traced:
    """The operations that translate images of one size."""

    plan: Plan
    requests: tuple[NoiseRequest, ...]
    full_frame: int
    """bytes that the whole image would take at once"""


@dataclass
class Tiler:
    """Translates images in tiles, by one model to one domain."""

    model: Model
    to: str
    options: Mapping[str, Any]
    """of the recipe's `translate`"""
    seed: int | None
    limits: TileOptions
    _traced: dict[tuple[int, int], Traced | UnsupportedError] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """Where the recipe computes."""
        return self.model.device

    @cached_property
    def memory(self) -> int:
        """Bytes that the values of the network may take."""
        if self.device.type == "cuda":
            return self.limits.memory_within(torch.cuda.mem_get_info(self.device)[0])
        return self.limits.memory_within(free_memory())

    @cached_property
    def is_exact(self) -> bool:
        """Whether the tiles of large images give what the whole image would give."""
        return not isinstance(self.trace((NOMINAL, NOMINAL)), UnsupportedError)

    @property
    def recorded_tile(self) -> int | None:
        """The tile size where results depend on it; None where they do not."""
        return None if self.limits.tile is None or self.is_exact else self.limits.tile

    def describe(self) -> str:
        """Return what a person has to know about the tiles, in one line; empty if nothing."""
        if self.recorded_tile is None:
            return ""
        reason = self.trace((NOMINAL, NOMINAL))
        halo = self.model.geometry.halo
        what = (
            "tiles are translated on their own and blended, with statistics of a reduced image, so"
            " --tile changes the result"
            if halo is None
            else f"tiles are translated on their own, with {halo} pixels around them"
        )
        return f"{self.model.name} cannot be computed layer by layer ({reason}): {what}"

    def wants(self, size: tuple[int, int]) -> bool:
        """Return whether an image of this size is translated in tiles."""
        if self.limits.tile is not None:
            return True
        if size[0] * size[1] * BYTES_A_PIXEL <= self.memory:
            return False
        traced = self.trace(size)
        return isinstance(traced, Traced) and traced.full_frame > self.memory

    def translate(
        self, image: Readable, size: tuple[int, int], sides: tuple[int, int] | None = None
    ) -> Iterator[tuple[Region, Tensor]]:
        """Yield the translation, (1, C, height, width) in [-1, 1], region by region.

        Args:
            image: (1, C, H, W) in [-1, 1].
            size: its height and width.
            sides: of the regions, which come row by row; by default any.

        Raises:
            StoppedError: the user has interrupted the command.
            ConfigError: the tiles are smaller than the halo.
            OSError: the disk has no room for scratch files.
        """
        traced = self.trace(size)
        limits, noise = self.limits, self._noise(image, size)
        if isinstance(traced, UnsupportedError):
            yield from self._separate(noise).translate(image, size, sides, self._advance)
            return
        plan = traced.plan
        tile = limits.tile or _fitting_tile(plan, self.memory)
        memory = self.memory - plan.working_bytes(tile)
        if plan.stored_bytes > memory:
            plan = make_plan(plan.graph, cheap=CHEAP)
        sources: list[Readable] = [
            image,
            *(NoiseSource(noise, r) for r in traced.requests if noise),
        ]
        by_node = dict(zip(plan.graph.sources, sources, strict=True))
        with closing(Store(memory, limits.folder)) as store:
            run = Execution(plan, by_node, tile, store, self.model.device, self._advance)
            yield from run.tiles(sides)

    def trace(self, size: tuple[int, int]) -> Traced | UnsupportedError:
        """Return the operations for images of this size, or why they are not known."""
        if size not in self._traced:
            try:
                self._traced[size] = self._trace(size)
            except UnsupportedError as error:
                self._traced[size] = error
        return self._traced[size]

    def _trace(self, size: tuple[int, int]) -> Traced:
        device, recipe = self.model.device, self.model.recipe
        channels = self.model.source_and_target(self.to)[0].channels + recipe.takes_mask
        shape, requests = (1, channels, *size), tuple[NoiseRequest, ...]()
        if calls.takes_noise(recipe.translate):
            recorder = NoiseRecorder(device)
            trace(lambda images: self._call(images, recorder), [shape], device)
            requests = tuple(recorder.requests)

        def function(images: Tensor, *inputs: Tensor) -> Tensor:
            return self._call(images, NoiseRecorder(device, inputs))

        with self.model.lock:
            module = trace(function, [shape, *(r.shape for r in requests)], device)
        return Traced(make_plan(read_graph(module)), requests, full_frame_bytes(module))

    def _call(self, images: Tensor, noise: Noise | None) -> Tensor:
        """Call the recipe."""
        recipe, options = self.model.recipe, dict(self.options)
        if calls.takes_noise(recipe.translate):
            options["noise"] = noise
        return padded_translation(recipe, images, self.to, options)

    def _noise(self, image: Readable, size: tuple[int, int]) -> Noise | None:
        """Return the noise of the whole image, as `calls.noise_for` does."""
        if not calls.takes_noise(self.model.recipe.translate):
            return None
        channels = image.read(whole((1, 1))).shape[1]
        digest = sha256(f"{(channels, *size)}".encode())
        for channel in range(channels):
            for rows in split(size, (256, size[1])):
                digest.update(calls.levels(image.read(rows)[0, channel]).numpy().tobytes())
        return Noise(self.seed or 0, [digest.hexdigest()], device=self.model.device)

    def _advance(self, share: float) -> None:
        self.limits.advance(share)
        if self.limits.stop():
            raise StoppedError

    def _separate(self, noise: Noise | None) -> SeparateTiles:
        """Return the translation of tiles on their own."""

        def translate(pixels: Tensor, at: tuple[int, int]) -> Tensor:
            with self.model.lock:
                return self._call(pixels.to(self.model.device), noise and noise.tile(at))

        limits, channels = self.limits, self.model.channels(self.to)[1]
        store = partial(Store, self.memory, limits.folder)
        tile = limits.tile or DEFAULT_TILE
        return SeparateTiles(translate, self.model.geometry, channels, tile, store)


def _fitting_tile(plan: Plan, memory: int) -> int:
    """Return the largest usual side of tiles whose computation takes half of the memory."""
    tile = DEFAULT_TILE
    while tile > SMALLEST_TILE and plan.working_bytes(tile) > memory // 2:
        tile //= 2
    return tile
