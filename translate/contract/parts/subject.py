"""A network, loss, metric, tracker or exporter under test, and its inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from translate.batches import Domain
from translate.contract.rules import random_pixels
from translate.engine.system import signatures
from translate.engine.system.randomness import seed_everything
from translate.nn.geometry import geometry_of
from translate.registry import Kind, create, find

SIDE = 32
"""height and width of input images, unless the network needs larger ones"""
METRIC_ARGUMENTS = {
    "domain": Domain("target"),
    "source_domain": Domain("source"),
    "classes": ("one", "two"),
}
"""arguments for the factory of a metric"""
PARTS: tuple[Kind, ...] = ("generator", "discriminator", "loss", "metric", "tracker", "exporter")
Use: TypeAlias = Literal["translates", "encodes", "draws", "fails"]


@dataclass(frozen=True)
class PartSubject:
    """A network, loss, metric, tracker or exporter under test."""

    kind: Kind
    name: str
    options: dict[str, Any]

    @property
    def owner(self) -> object:
        """The class or function of the plugin."""
        return find(self.kind, self.name)

    def make(self, *channels: int, size: tuple[int, int] = (SIDE, SIDE)) -> Any:
        """Create the part from a fixed seed.

        `channels` are the numbers of input and output channels, `size` height and width of images.
        """
        arguments: dict[str, Any] = dict(
            zip(("in_channels", "out_channels"), channels, strict=False)
        )
        if channels:
            arguments["size"] = size
        if self.kind == "metric":
            arguments |= METRIC_ARGUMENTS
        seed_everything(0)
        return create(self.kind, {"name": self.name, **self.options}, **arguments)

    @property
    def channels(self) -> tuple[int, ...]:
        """The numbers of input and output channels in most tests."""
        return {"generator": (3, 3), "discriminator": (3,)}.get(self.kind, ())

    @cached_property
    def use(self) -> Use:
        """What a generator does: it maps images to images or vectors, or vectors to images."""
        scaled_side = self.side * geometry_of(self.make(*self.channels)).scale
        output = self.output(self.side)
        if isinstance(output, Tensor) and output.shape[-2:] in ((scaled_side,) * 2, (1, 1)):
            return "encodes" if output.shape[-1] == 1 else "translates"
        output = self.output(1)
        is_image = isinstance(output, Tensor) and output.shape[-2:] == (SIDE, SIDE)
        return "draws" if is_image else "fails"

    @property
    def side(self) -> int:
        """Height and width of the part's input images in most tests."""
        return geometry_of(self.make(*self.channels)).fit(SIDE)

    def output(self, side: int) -> Any:
        """Return the part's output for (2, 3, side, side), or the exception that it raises."""
        try:
            with torch.no_grad():
                return self.make(*self.channels).eval()(random_pixels(2, 3, side, side))
        except Exception as error:  # a plugin may raise anything
            return error

    def inputs(self, number: int) -> Tensor:
        """Return `number` suitable inputs: images, or vectors (number, 3, 1, 1)."""
        if self.kind == "generator" and self.use == "draws":
            return 3 * random_pixels(number, 3, 1, 1)  # about the range of normal noise
        return random_pixels(number, 3, self.side, self.side)


def make_part(kind: Kind, name: str, options: Mapping[str, Any], *_: Any) -> PartSubject:
    """Return the plugin called `name` for testing; raises `ConfigError` for unknown options."""
    arguments = ["in_channels", "out_channels", "size", *METRIC_ARGUMENTS]
    part = f"{kind} {name!r}"
    converted_options = signatures.convert_options(part, find(kind, name), options, arguments)
    return PartSubject(kind, name, converted_options)
