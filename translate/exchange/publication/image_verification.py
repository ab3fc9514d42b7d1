"""Compare the provenance in an image with a model and an input."""

from pathlib import Path
from typing import NamedTuple

from translate.engine.exports.loading import digest_of
from translate.errors import BadImage, DataError, NothingUsableError
from translate.images.metadata.provenance import Provenance
from translate.images.source import EncodedImage


class Verification(NamedTuple):
    """What an image says of its origin, and how that compares."""

    provenance: Provenance
    model_matches: bool | None = None
    """whether the given model made it; None: no model was given"""
    input_matches: bool | None = None
    """whether it was made from the given file"""

    @property
    def matches(self) -> bool:
        """Whether nothing that was compared differs."""
        return False not in (self.model_matches, self.input_matches)


def verify_image(
    file: Path, *, model: str | Path | None = None, source: Path | None = None
) -> Verification:
    """Return the provenance of an image.

    Args:
        file: The image.
        model: A run, checkpoint or exported file that may have made it.
        source: A file that it may have been made from.

    Raises:
        DataError: The image or the source cannot be read.
        NothingUsableError: The image says nothing of its origin.
    """
    provenance = _read(file)
    return Verification(
        provenance,
        None if model is None else digest_of(model) == provenance.model,
        None if source is None else _hash(source) == provenance.input_sha256,
    )


def _read(file: Path) -> Provenance:
    try:
        image = EncodedImage.open_file(file)
        try:
            provenance = Provenance.of(image.header.xmp)
        finally:
            image.close()
    except BadImage as bad:
        raise DataError(f"{bad}.") from bad
    except ValueError as error:
        raise DataError(f"{file}: {error}.") from error
    if provenance is None:
        raise NothingUsableError(
            f"{file}: no provenance. It was not made by translate infer or sample, or with "
            "--no-provenance, or another program has removed it; .npy, .bmp and .ppm hold none."
        )
    return provenance


def _hash(file: Path) -> str:
    try:
        return EncodedImage.open(file).sha256
    except BadImage as bad:
        raise DataError(f"{bad}.") from bad
