"""Translation in tiles, equal to translation of the whole image if the recipe can be traced."""

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
from translate.engine.models.tile_options import DEFAULT_TILE, TileOptions
from translate.engine.system.memory import free_memory
from translate.engine.tiling.execution import Execution
from translate.engine.tiling.plan import CHEAP, Plan, full_frame_bytes, make_plan
from translate.engine.tiling.store import Readable, Store
from translate.engine.traced.graph import read_graph
from translate.engine.traced.noise import NoiseRecorder, NoiseRequest, NoiseSource
from translate.engine.traced.operators import UnsupportedError
from translate.engine.traced.regions import Region, tile_regions, whole_image
from translate.engine.traced.tracing import trace
from translate.nn.noise import Noise

if TYPE_CHECKING:
    from translate.engine.models.model import Model

LARGE_SIDE = 4096
"""height and width of an image that is traced on behalf of all large images"""
BYTES_PER_PIXEL = 4096
"""upper estimate of the memory of activations per pixel: an image that fits is not traced"""


@dataclass(frozen=True)
class TracedTranslation:
    """The operations that translate images of one size."""

    plan: Plan
    noise_requests: tuple[NoiseRequest, ...]
    full_frame_bytes: int
    """peak memory of a translation without tiles"""


@dataclass
class Tiler:
    """Translates images in tiles with one model to one domain."""

    model: Model
    to: str
    options: Mapping[str, Any]
    """options of the recipe's `translate`"""
    seed: int | None
    limits: TileOptions
    _traced: dict[tuple[int, int], TracedTranslation | UnsupportedError] = field(
        default_factory=dict
    )

    @property
    def device(self) -> torch.device:
        return self.model.device

    @cached_property
    def memory(self) -> int:
        if self.device.type == "cuda":
            return self.limits.memory_within(torch.cuda.mem_get_info(self.device)[0])
        return self.limits.memory_within(free_memory())

    @cached_property
    def is_exact(self) -> bool:
        """Whether the translation in tiles equals that of the whole image."""
        return not isinstance(self.trace((LARGE_SIDE, LARGE_SIDE)), UnsupportedError)

    @property
    def recorded_tile(self) -> int | None:
        return None if self.limits.tile is None or self.is_exact else self.limits.tile

    def describe(self) -> str:
        if self.recorded_tile is None:
            return ""
        reason = self.trace((LARGE_SIDE, LARGE_SIDE))
        halo = self.model.geometry.halo
        effect = (
            "tiles are translated independently and blended, with statistics of a downscaled image,"
            " so --tile changes the output"
            if halo is None
            else f"tiles are translated independently, with {halo} pixels around them"
        )
        return f"{self.model.name} cannot be computed layer by layer ({reason}): {effect}"

    def needs_tiles(self, size: tuple[int, int]) -> bool:
        if self.limits.tile is not None:
            return True
        if size[0] * size[1] * BYTES_PER_PIXEL <= self.memory:
            return False
        traced = self.trace(size)
        return isinstance(traced, TracedTranslation) and traced.full_frame_bytes > self.memory

    def translate(
        self, image: Readable, size: tuple[int, int], sides: tuple[int, int] | None = None
    ) -> Iterator[tuple[Region, Tensor]]:
        traced, noise = self.trace(size), self._noise(image, size)
        if isinstance(traced, UnsupportedError):
            yield from self._separate_tiles(noise).translate(
                image, size, sides, self.limits.report_tile
            )
            return
        plan = traced.plan
        tile = self.limits.tile_within(self.memory, plan.working_bytes)
        memory = self.memory - plan.working_bytes(tile)
        if plan.stored_bytes > memory:
            plan = make_plan(plan.graph, cheap=CHEAP)
        noise_sources = [NoiseSource(noise, r) for r in traced.noise_requests if noise]
        sources: list[Readable] = [image, *noise_sources]
        by_node = dict(zip(plan.graph.sources, sources, strict=True))
        with closing(Store(memory, self.limits.folder)) as store:
            device, report_tile = self.model.device, self.limits.report_tile
            execution = Execution(plan, by_node, tile, store, device, report_tile)
            yield from execution.tiles(sides)

    def trace(self, size: tuple[int, int]) -> TracedTranslation | UnsupportedError:
        """Return the operations for images of this size, or the reason why tracing fails."""
        if size not in self._traced:
            try:
                self._traced[size] = self._trace(size)
            except UnsupportedError as error:
                self._traced[size] = error
        return self._traced[size]

    def _trace(self, size: tuple[int, int]) -> TracedTranslation:
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
        plan = make_plan(read_graph(module))
        return TracedTranslation(plan, requests, full_frame_bytes(module))

    def _call(self, images: Tensor, noise: Noise | None) -> Tensor:
        recipe, options = self.model.recipe, dict(self.options)
        if calls.takes_noise(recipe.translate):
            options["noise"] = noise
        return padded_translation(recipe, images, self.to, options)

    def _noise(self, image: Readable, size: tuple[int, int]) -> Noise | None:
        """Return what `calls.noise_for` returns, without reading the whole image at once."""
        if not calls.takes_noise(self.model.recipe.translate):
            return None
        channels = image.read(whole_image((1, 1))).shape[1]
        digest = sha256(f"{(channels, *size)}".encode())
        for channel in range(channels):
            for rows in tile_regions(size, (256, size[1])):
                digest.update(calls.to_uint8(image.read(rows)[0, channel]).numpy().tobytes())
        return Noise(self.seed or 0, [digest.hexdigest()], device=self.model.device)

    def _separate_tiles(self, noise: Noise | None) -> SeparateTiles:
        """Return the independent translation of tiles."""

        def translate(pixels: Tensor, origin: tuple[int, int]) -> Tensor:
            with self.model.lock:
                return self._call(pixels.to(self.model.device), noise and noise.tile(origin))

        limits, channels = self.limits, self.model.channels(self.to)[1]
        store = partial(Store, self.memory, self.limits.folder)
        tile = limits.tile or DEFAULT_TILE
        return SeparateTiles(translate, self.model.geometry, channels, tile, store)
