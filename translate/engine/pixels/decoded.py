"""A decoded image with what its file says, in the channels of its domain."""

from pathlib import Path
from typing import NamedTuple

from translate.batches import Domain
from translate.formats import suits
from translate.images.domains import domain_images
from translate.images.layers import Layers, Pixels, guarded
from translate.images.source import EncodedImage


class DecodedInput(NamedTuple):
    """One image, decoded and upright."""

    layers: Layers
    """its pixels: uint8, uint16, or float32 in [0, 1]"""
    path: Path
    """the file, or a name for messages such as "the array\""""
    image: EncodedImage | None = None
    """the content of the file, if it is one"""
    profile: bytes = b""
    """the colour profile of a PIL image"""

    @property
    def is_gray(self) -> bool:
        """Whether it has one channel."""
        return self.layers.pixels.ndim == 2

    @property
    def dtype(self) -> str:
        """The type of its numbers."""
        return self.layers.pixels.dtype.name

    def carried_alpha(self, kind: Domain) -> Pixels | None:
        """Return (height, width, 1) opacity that goes around the network; None if there is none.

        There is none either where opacity is a channel of the domain.
        """
        if self.layers.alpha is None or kind.labels or kind.bands:
            return None
        count = self.layers.pixels.shape[2] if self.layers.pixels.ndim == 3 else 1
        return None if count + 1 == kind.channels else self.layers.alpha[..., None]

    def pixels(self, kind: Domain, *, keeps_alpha: bool = False) -> Pixels:
        """Return (height, width, channels); raises `BadImage`.

        Args:
            kind: the domain that it is read as.
            keeps_alpha: whether the result gets the opacity; else colours are composited over
                white.
        """
        with guarded(self.path):
            layers = self.layers.without_alpha() if keeps_alpha else self.layers
            return domain_images.from_layers(layers, kind, self.path)

    def profile_for(self, channels: int) -> bytes:
        """Return the colour profile, if it suits an image with this number of channels."""
        if self.image:
            extra = self.image.header.for_output(channels, keep_private=False).extra
            return bytes(extra.get("icc_profile", b""))
        return self.profile if suits(self.profile, channels) else b""
