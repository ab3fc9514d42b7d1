"""A network, loss, tracker or metric under test, and what to try it on."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal, TypeAlias

import torch
from torch import Tensor

from translate.batches import Domain
from translate.contract.rules import random_pixels
from translate.engine.system.randomness import seed_everything
from translate.nn.geometry import geometry_of
from translate.registry import Kind, create, find

SIDE = 32
METRIC_ARGUMENTS = {
    "domain": Domain("target"),
    "source_domain": Domain("source"),
    "classes": ("one", "two"),
}
"""what the factory of a metric is given"""
Use: TypeAlias = Literal["translates", "encodes", "draws", "fails"]


@dataclass(frozen=True)
class TestedPart:
    """A network, loss, tracker or metric under test."""

    kind: Kind
    name: str
    options: dict[str, Any]

    example: ClassVar[None] = None
    """a part is given no batch"""

    @property
    def owner(self) -> object:
        """The class or function of the plugin."""
        return find(self.kind, self.name)

    def make(self, *channels: int, size: tuple[int, int] = (SIDE, SIDE)) -> Any:
        """Make it from the seed, for some number of channels in, and out."""
        given: dict[str, Any] = dict(zip(("in_channels", "out_channels"), channels, strict=False))
        if channels:
            given["size"] = size
        if self.kind == "metric":
            given |= METRIC_ARGUMENTS
        seed_everything(0)
        return create(self.kind, {"name": self.name, **self.options}, **given)

    @property
    def channels(self) -> tuple[int, ...]:
        """A usual number of channels in, and out."""
        return {"generator": (3, 3), "discriminator": (3,)}.get(self.kind, ())

    @cached_property
    def use(self) -> Use:
        """What a generator is for, as trying shows: images to images or codes, noise to images."""
        network = self.make(*self.channels)
        geometry = geometry_of(network)
        side = geometry.fit(SIDE)
        large, made = side * geometry.scale, self.tried(side)
        if isinstance(made, Tensor) and made.shape[-2:] in ((large, large), (1, 1)):
            return "encodes" if made.shape[-1] == 1 else "translates"
        made = self.tried(1)
        drawn = isinstance(made, Tensor) and made.shape[-2:] == (SIDE, SIDE)
        return "draws" if drawn else "fails"

    @property
    def side(self) -> int:
        """A usual side of images that it takes."""
        return geometry_of(self.make(*self.channels)).fit(SIDE)

    def tried(self, side: int) -> Any:
        """Return what it makes of two images, or what it raises."""
        try:
            with torch.no_grad():
                return self.make(*self.channels).eval()(random_pixels(2, 3, side, side))
        except Exception as error:  # a plugin may raise anything
            return error

    def given(self, number: int) -> Tensor:
        """Return what suits it: images of a usual side, or as many draws of noise of 1x1."""
        if self.kind == "generator" and self.use == "draws":
            return 3 * random_pixels(number, 3, 1, 1)  # as far as normal draws go
        return random_pixels(number, 3, self.side, self.side)
