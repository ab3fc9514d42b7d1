"""Compare the provenance in an image file with a model and an input."""

from pathlib import Path
from typing import NamedTuple

from translate.engine.exports.loading import digest_of
from translate.errors import BadImage, DataError, NothingUsableError
from translate.images.metadata.provenance import Provenance
from translate.images.source import EncodedImage


class Verification(NamedTuple):
    """The provenance in an image, and whether it matches a model and an input."""

    provenance: Provenance
    model_matches: bool | None = None
    """whether the model made the image; None: no model was given"""
    input_matches: bool | None = None
    """whether the image was made from the input; None: no input was given"""

    @property
    def matches(self) -> bool:
        """Whether all that was compared matches."""
        return False not in (self.model_matches, self.input_matches)


def verify_image(
    file: Path, *, model: str | Path | None = None, source: Path | None = None
) -> Verification:
    """Return the provenance of an image, compared with a model and an input.

    Args:
        file: The image.
        model: A run, checkpoint or exported file to compare with.
        source: An input file to compare with.

    Raises:
        DataError: The image or the source cannot be read.
        NothingUsableError: The image has no provenance.
    """
    provenance = _read(file)
    return Verification(
        provenance,
        None if model is None else digest_of(model) == provenance.model,  # both are digests
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
            f"{file}: no provenance. Only images of translate infer, sample and serve have it; "
            "--no-provenance leaves it out, and other programs may remove it. .npy, .bmp and .ppm "
            "cannot store it."
        )
    return provenance


def _hash(file: Path) -> str:
    try:
        return EncodedImage.open(file).sha256
    except BadImage as bad:
        raise DataError(f"{bad}.") from bad
