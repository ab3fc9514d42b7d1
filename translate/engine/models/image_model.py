"""A model that translates images, as the processing of files needs it: with PyTorch or without."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
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
"""the side of images that are not joined"""


class ImageModel(ABC):
    """A model that translates images of any size, independently of the batch."""

    name: str
    """the reference to the run, checkpoint or file, as given"""
    digest: str
    """SHA-256 of what the model was read from"""
    spec: ImageSpec
    sides: tuple[str, ...]
    """the names of the left and the right half of joined pairs in training"""
    typed: tuple[str, ...]
    """other names of the domains, in their order: the values of ``--domains``"""
    unscaled: bool
    """whether it was trained on crops at full resolution, and so suits large images"""
    method: str
    """the name of the recipe"""
    step: int

    @property
    def identity(self) -> dict[str, str]:
        """What records of its outputs name it by: the digest, and the commit on the Hub."""
        hub = {"hub": self.name} if is_hub_reference(self.name) else {}
        return {"model": self.digest, **hub}

    @property
    def maker(self) -> Maker:
        """What its outputs name as their maker."""
        return Maker(self.digest, self.method)

    @property
    @abstractmethod
    def geometry(self) -> Geometry:
        """The sizes of images that it takes and returns."""

    @property
    @abstractmethod
    def domains(self) -> tuple[str, ...]:
        """The domains it translates to."""

    @property
    @abstractmethod
    def takes_mask(self) -> bool:
        """Whether it fills holes, which a mask marks."""

    @property
    @abstractmethod
    def keeps_gray(self) -> bool:
        """Whether the result for a gray image is the luma of the colours that it makes."""

    @property
    @abstractmethod
    def batch_size(self) -> int:
        """How many images of one size it translates at once by default."""

    @property
    @abstractmethod
    def tiles(self) -> bool:
        """Whether it can translate an image in tiles."""

    @property
    @abstractmethod
    def place(self) -> str:
        """The name of the device that it computes on."""

    @abstractmethod
    def complete_options(
        self, given: Mapping[str, Any], others: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Return all options of a translation: those `given`, converted, and the other defaults.

        Raises `ConfigError` for an unknown option or a wrong value; `others` are names that are no
        options but may be meant.
        """

    @abstractmethod
    def choose_seed(self, seed: int | None) -> int | None:
        """Return the seed of the noise, by default 0; None if there is none.

        Raises `ConfigError` for a seed that has no effect.
        """

    def describe(self) -> str:
        """Return a description in one line of ``key=value``."""
        spec = self.spec
        facts = {
            "recipe": self.method,
            "domains": spec.names,
            "channels": self.channels(spec.target.name),
            "size": spec.size,
            "step": self.step,
            "device": self.place,
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

    @abstractmethod
    def tiler(
        self, to: str, options: Mapping[str, Any], seed: int | None, limits: TileOptions
    ) -> ImageTiler | None:
        """Return what translates images in tiles, within `limits`; None: it has no tiles.

        Args:
            to: the target domain.
            options: of a translation, as `complete_options` returns them.
            seed: of the noise.
            limits: the size of tiles, and the memory.

        Raises:
            ConfigError: The limits ask for tiles, and it has none.
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
        """Return the translations of `images` of one size to the domain `to`; None: not finite.

        Args:
            images: of the source domain's type, or of another one in proportion.
            to: the target domain.
            dtypes: the type of each translation, in proportion; by default the target domain's.
            options: of a translation, as `complete_options` returns them.
            seed: of the noise.
            clipped: counts the clipped numbers of each translation, if they are to be counted.
        """
