"""A decoded image, with the metadata of its file."""

from pathlib import Path
from typing import NamedTuple

from translate.batches import Domain
from translate.formats import profile_fits
from translate.images.domains import domain_images
from translate.images.layers import Layers, Pixels, errors_as_bad_image
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
    hole: Pixels | None = None
    """(height, width, 1) uint8, 255 in the hole, for a model that inpaints"""
    has_mask: bool = False
    """whether the hole is that of a mask; if not, transparent pixels are the hole"""
    frame: int | None = None
    """index of the frame; None: the first frame, with a note if the file has others"""

    @property
    def has_one_channel(self) -> bool:
        """Whether it has one channel without alpha."""
        return self.layers.pixels.ndim == 2

    @property
    def dtype(self) -> str:
        return self.layers.pixels.dtype.name

    def passthrough_alpha(self, domain: Domain) -> Pixels | None:
        """Return the alpha channel, (height, width, 1), to copy from the input to the output.

        None without an alpha channel, or if the network translates it as a channel of the domain.
        """
        if self.layers.alpha is None or domain.labels or domain.bands:
            return None
        count = self.layers.pixels.shape[2] if self.layers.pixels.ndim == 3 else 1
        return None if count + 1 == domain.channels else self.layers.alpha[..., None]

    def pixels(self, domain: Domain, *, keeps_alpha: bool = False) -> Pixels:
        """Return (height, width, channels); raises `BadImage`.

        Args:
            domain: the domain; its channels are returned.
            keeps_alpha: whether the output gets the alpha channel; if not, colours are composited
                over white.
        """
        with errors_as_bad_image(self.path):
            layers = self.layers.without_alpha() if keeps_alpha else self.layers
            return domain_images.pixels_from_layers(layers, domain, self.path)

    def profile_for(self, channels: int) -> bytes:
        """Return the colour profile if it is for this number of channels, else no bytes."""
        if self.image:
            extra = self.image.header.for_output(channels, keep_private=False).extra
            return bytes(extra.get("icc_profile", b""))
        return self.profile if profile_fits(self.profile, channels) else b""
