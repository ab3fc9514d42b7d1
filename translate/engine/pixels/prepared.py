"""A decoded image as the network takes it, with what its result becomes and what it lost."""

from collections.abc import Callable
from typing import NamedTuple

from translate.batches import Domain
from translate.engine.pixels.decoded import DecodedInput
from translate.engine.pixels.processing import ImageProcessor, OutputForm
from translate.formats import Header, Note
from translate.images.domains import levels
from translate.images.layers import Pixels
from translate.images.metadata.lost import losses
from translate.images.metadata.provenance import with_xmp

ChooseType = Callable[[int, str, bool], str]
"""returns the type of numbers that a result is kept in: of so many channels without opacity, of
this type or, if it cannot be kept, a smaller one; with opacity or not; empty if in none"""


class PreparedImage(NamedTuple):
    """One image before the network."""

    pixels: Pixels
    form: OutputForm
    notes: tuple[Note, ...]
    """what the file lost when it was read"""

    def like(
        self,
        header: Header,
        processor: ImageProcessor,
        input_sha256: str,
        *,
        keep_private: bool = False,
        named: bool = True,
    ) -> tuple[Header, tuple[Note, ...]]:
        """Return what the output keeps of its file, and a note on metadata that it cannot keep.

        Args:
            header: of the file.
            processor: the model and the options.
            input_sha256: the hash of the file.
            keep_private: whether all metadata is kept.
            named: whether the output names the model and the hash.
        """
        carried = self.form.alpha is not None
        like = header.for_output(
            self.form.channels + carried,
            self.form.dtype,
            alpha=carried or processor.target.alpha,
            keep_private=keep_private,
        )
        maker = processor.model.maker if named else None
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
    """Return an image as the network takes it.

    Its opacity goes around the network to the result, where that can hold it; else colours are
    composited over white.

    Args:
        processor: the model and the options.
        image: the image.
        choose_type: returns the type of numbers that the result is kept in.
        hole: (height, width, 1) bytes of a recipe that takes a mask.
        masked: whether the hole is from a mask, and not from opacity.
        frame: which one of several is read; None: the first, with a note if there are others.

    Raises:
        BadImage: The image has other numbers or bands than the domain.
        ValueError: See `ImageProcessor.preprocess`.
    """
    kind, fills = processor.source, processor.model.takes_mask
    alpha = None if fills else image.carried_alpha(kind)
    opacity = processor.target.alpha  # which the network makes
    colours = processor.result_channels(single=image.is_gray) - opacity
    wanted = processor.result_type(image.dtype)
    dtype = choose_type(colours, wanted, opacity or alpha is not None)
    if alpha is not None and not dtype:  # the result holds no opacity
        alpha, dtype = None, choose_type(colours, wanted, False)
    pixels, form = processor.preprocess(
        image.pixels(processor.file, keeps_alpha=alpha is not None),
        single=image.is_gray,
        hole=hole,
        alpha=alpha,
        dtype=dtype or processor.target.dtype,
    )
    notes: tuple[Note, ...] = ()
    if image.image and (not frame or image.image.header.pages):  # frames of an animation are alike
        notes = losses(
            image.image.header,
            kind,
            frame=frame,
            hole=fills and not masked,
            keeps_alpha=alpha is not None,
            dtype=form.dtype,
        )
    return PreparedImage(pixels, form, (*notes, *_saturation(pixels, kind)))


def _saturation(pixels: Pixels, kind: Domain) -> tuple[Note, ...]:
    """Return a note where numbers of an input, (H, W, C), are outside the range of its domain."""
    shares = levels.saturation(pixels[..., : kind.channels], kind)
    text = levels.describe_saturation(shares, kind)
    return (Note("saturation", f"{text}: clipped"),) if text else ()
