"""A decoded image with what its file says, in the channels of its domain."""

from pathlib import Path
from typing import NamedTuple

from translate.batches import Domain
from translate.formats import Note, suits
from translate.images import domain_images, label_maps
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

    def pixels(self, kind: Domain) -> Pixels:
        """Return (height, width, channels), opaque; raises `BadImage`."""
        with guarded(self.path):
            if kind.labels:
                return label_maps.labels_from_layers(self.layers, self.path, kind.channels)
            return self.layers.flatten(kind.channels)

    def notes(self, kind: Domain, *, hole: bool) -> tuple[Note, ...]:
        """Return a note for each loss of information when the file is read."""
        if not self.image:
            return ()
        return domain_images.losses(
            self.image.header.notes(channels=kind.channels, hole=hole), kind
        )

    def profile_for(self, channels: int) -> bytes:
        """Return the colour profile, if it suits an image with this number of channels."""
        if self.image:
            extra = self.image.header.for_output(channels, keep_private=False).extra
            return bytes(extra.get("icc_profile", b""))
        return self.profile if suits(self.profile, channels) else b""
