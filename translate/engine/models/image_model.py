"""The interface of models that translate images, run by PyTorch or another runtime."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from translate.batches import Domain, ImageSpec
from translate.engine.checkpoints.references.hub import is_hub_reference
from translate.errors import ConfigError, short_repr, suggest
from translate.folders.names import short_names
from translate.images.layers import Pixels
from translate.images.metadata.provenance import Maker
from translate.nn.geometry import Geometry

if TYPE_CHECKING:
    from translate.engine.models.tile_options import ImageTiler, TileOptions
    from translate.images.domains.levels import ClippedNumbers

WHOLE = "whole"
"""value of ``--side`` for images that are not side by side"""


@dataclass(frozen=True)
class ImageModel(ABC):
    """A model that translates images of any size, independently of the batch."""

    name: str
    """the reference to the run, checkpoint or file"""
    digest: str
    """SHA-256 of the file, or of the checkpoint's manifest, which lists the SHA-256 of its files"""
    spec: ImageSpec
    domain_arguments: tuple[str, ...] = ()
    """the values of ``--domains``, such as paths, in the order of the domains"""
    unscaled: bool = False
    """whether training crops had full resolution, so that the model is suitable for large images"""
    recipe_name: str = ""
    step: int = 0
    lock: AbstractContextManager[Any] = field(default_factory=RLock, compare=False, repr=False)
    """lock that is held while the network runs, so that several threads can share a model"""

    @property
    def identity(self) -> dict[str, str]:
        """The entries about the model in records of outputs: digest, and reference on the Hub."""
        hub = {"hub": self.name} if is_hub_reference(self.name) else {}
        return {"model": self.digest, **hub}

    @property
    def maker(self) -> Maker:
        """The model, for the metadata of its outputs."""
        return Maker(self.digest, self.recipe_name)

    @property
    @abstractmethod
    def geometry(self) -> Geometry:
        """The sizes of inputs that the networks accept, and the scale of outputs."""

    @property
    @abstractmethod
    def domains(self) -> tuple[str, ...]:
        """The domains that the model translates to."""

    @property
    @abstractmethod
    def takes_mask(self) -> bool:
        """Whether the model inpaints holes, which a mask marks."""

    @property
    @abstractmethod
    def keeps_gray(self) -> bool:
        """Whether outputs for gray images are converted to gray."""

    @property
    @abstractmethod
    def batch_size(self) -> int:
        """The default batch size."""

    @property
    @abstractmethod
    def supports_tiles(self) -> bool:
        """Whether the model can translate an image in tiles."""

    @property
    @abstractmethod
    def device_name(self) -> str:
        """The device that the model runs on, such as ``cuda:0``."""

    @abstractmethod
    def complete_options(
        self, options: Mapping[str, Any], other_names: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return the options of `translate`: the `options` ones with their types, else defaults.

        Raises `ConfigError` for an unknown option, or a value of another type or out of range;
        `other_names` are further names to suggest.
        """

    @abstractmethod
    def choose_seed(self, seed: int | None) -> int | None:
        """Return the seed of the noise, by default 0; None if the model takes no noise.

        Raises `ConfigError` for a seed that has no effect.
        """

    def describe(self) -> str:
        """Return the main facts about the model in one line of ``key=value``."""
        spec = self.spec
        facts = {
            "recipe": self.recipe_name,
            "domains": spec.names,
            "channels": self.channels(spec.target.name),
            "size": spec.size,
            "step": self.step,
            "device": self.device_name,
        }
        return ", ".join(f"{key}={value!r}" for key, value in facts.items())

    def choose_target(self, to: str | None) -> str:
        """Return the target domain that `to` names, by its name or path; None: the last domain.

        Raises `ConfigError` for a domain that the model does not translate to.
        """
        domains = self.spec.names
        if to is None:
            return domains[-1]
        has_arguments = len(self.domain_arguments) == len(domains)
        arguments, names = self.domain_arguments if has_arguments else domains, short_names(domains)
        by_name = dict(zip((*arguments, *names, *domains), domains * 3, strict=True))
        domain = by_name.get(to, by_name.get(to.rstrip("/"), ""))
        if domain not in self.domains:
            targets = [short for short, name in zip(names, domains, strict=True)
                       if name in self.domains]  # fmt: skip
            raise ConfigError(
                f"{self.name} was trained on {' and '.join(names)}, and does not translate to "
                f"{short_repr(to)}.{suggest(to, targets)}"
            )
        return domain

    def source_and_target(self, to: str) -> tuple[Domain, Domain]:
        """Return the domains of inputs and outputs of the translation to `to`."""
        source, target = self.spec.source, self.spec.target
        if to == source.name:
            return target, source
        return source, dict(zip(self.spec.names, self.spec.domains, strict=True)).get(to, target)

    def channels(self, to: str) -> tuple[int, int]:
        """Return the numbers of input and output channels of the translation to `to`."""
        source, target = self.source_and_target(to)
        return source.channels, target.channels

    def side_index(self, side: str | None) -> int | None:
        """Return 0 for the left half of side-by-side images, 1 for the right; None: whole images.

        Raises `ConfigError` for an unknown side, and for None after training on side-by-side
        images.
        """
        sides = self.spec.sides
        if side is None and sides:
            left, right = sides
            raise ConfigError(
                f"side: {self.name} was trained on side-by-side images, {left} on the left and "
                f"{right} on the right. Add --side {self.spec.source.name} to translate that half "
                f"of each, or --side {WHOLE} for single images."
            )
        if not sides and side not in (None, WHOLE):
            raise ConfigError(f"side: {self.name} was not trained on side-by-side images.")
        if side in sides:
            return sides.index(side)
        if side not in (None, WHOLE):
            raise ConfigError(f"side: unknown side {side!r}.{suggest(side, [*sides, WHOLE])}")
        return None

    @abstractmethod
    def tiler(
        self, to: str, options: Mapping[str, Any], seed: int | None, limits: TileOptions
    ) -> ImageTiler | None:
        """Return a tiler with `limits`; None if the model does not support tiles.

        Args:
            to: the target domain.
            options: the options of `translate`, as `complete_options` returns them.
            seed: seed of the noise.
            limits: the size of tiles, and the memory.

        Raises:
            ConfigError: `limits` set a tile size that the model does not support.
        """

    @abstractmethod
    def translate(
        self,
        images: Sequence[Pixels],
        to: str,
        *,
        dtypes: Sequence[str] = (),
        options: Mapping[str, Any] = {},
        seed: int | None = None,
        clipped: Sequence[ClippedNumbers] = (),
    ) -> list[NDArray[Any] | None]:
        """Return the translations of `images` of one size; None for one that is not finite.

        Args:
            images: (H, W, C); values of another dtype than the source domain's are scaled to it.
            to: the target domain.
            dtypes: the dtype of each output, by default that of the target domain; values are
                scaled to its range.
            options: the options of `translate`, as `complete_options` returns them.
            seed: seed of the noise.
            clipped: a counter of clipped values for each output; by default nothing is counted.
        """
