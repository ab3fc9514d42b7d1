"""Preparation of a decoded image for the network, and of the form of its output."""

from collections.abc import Callable
from typing import NamedTuple

from translate.engine.pixels.decoded_input import DecodedInput
from translate.engine.pixels.processing import ImageProcessor, OutputForm
from translate.formats import Header, Note
from translate.images.domains import levels
from translate.images.layers import Pixels
from translate.images.metadata.lost_information import losses
from translate.images.metadata.provenance import with_xmp

ChooseType = Callable[[int, str, bool], str]
"""Returns the dtype in which an output can be stored, given its number of channels without alpha,
its dtype, and whether it has alpha: that dtype or a smaller one; "" if it cannot be stored."""


class PreparedImage(NamedTuple):
    """The network's input for one image."""

    pixels: Pixels
    form: OutputForm
    notes: tuple[Note, ...]
    """information that was lost in reading"""

    def like(
        self,
        header: Header,
        processor: ImageProcessor,
        input_sha256: str,
        *,
        keep_private: bool = False,
        provenance: bool = True,
    ) -> tuple[Header, tuple[Note, ...]]:
        """Return the metadata of the output, and notes on metadata that it cannot keep.

        Args:
            header: header of the input file.
            processor: the model and the options.
            input_sha256: SHA-256 of the input file.
            keep_private: whether all metadata is kept.
            provenance: whether the output names the model and `input_sha256`.
        """
        has_alpha = self.form.alpha is not None
        like = header.for_output(
            self.form.channels + has_alpha,
            self.form.dtype,
            alpha=has_alpha or processor.target.alpha,
            keep_private=keep_private,
        )
        maker = processor.model.maker if provenance else None
        like, notes = with_xmp(like, header.xmp, maker, input_sha256, keep_all=keep_private)
        return like, notes if keep_private else ()


def prepare(
    processor: ImageProcessor,
    image: DecodedInput,
    choose_type: ChooseType,
    *,
    hole: Pixels | None = None,
    masked: bool = False,
    frame: int | None = None,
) -> PreparedImage:
    """Return the network's input for an image.

    Its alpha channel is copied to the output, if that can store it; otherwise colours are
    composited over white.

    Args:
        processor: the model and the options.
        image: the image.
        choose_type: returns the dtype in which the output can be stored.
        hole: (height, width, 1) uint8, for a recipe that takes a mask.
        masked: whether the hole comes from a mask, not from transparent pixels.
        frame: index of the frame; None: the first, with a note if there are others.

    Raises:
        BadImage: The image does not have the dtype or bands of the domain.
        ValueError: See `ImageProcessor.preprocess`.
    """
    kind, fills = processor.source, processor.model.takes_mask
    alpha = None if fills else image.passthrough_alpha(kind)
    generates_alpha = processor.target.alpha
    colours = processor.result_channels(single=image.is_gray) - generates_alpha
    preferred = processor.result_dtype(image.dtype)
    dtype = choose_type(colours, preferred, generates_alpha or alpha is not None)
    if alpha is not None and not dtype:  # the output cannot store alpha
        alpha, dtype = None, choose_type(colours, preferred, False)
    pixels, form = processor.preprocess(
        image.pixels(processor.file, keeps_alpha=alpha is not None),
        single=image.is_gray,
        hole=hole,
        alpha=alpha,
        dtype=dtype or processor.target.dtype,
    )
    notes: tuple[Note, ...] = ()
    if image.image and (not frame or image.image.header.pages):  # once per animation
        notes = losses(
            image.image.header,
            kind,
            frame=frame,
            hole=fills and not masked,
            keeps_alpha=alpha is not None,
            dtype=form.dtype,
        )
    outside = levels.saturation(pixels[..., : kind.channels], kind)
    return PreparedImage(pixels, form, (*notes, *levels.clipping_notes(outside, kind)))
