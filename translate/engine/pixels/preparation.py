"""Preparation of an image: the network's input, the form of the output, and reading in windows."""

from collections.abc import Callable
from typing import NamedTuple

from translate.engine.models.image_model import ImageModel
from translate.engine.pixels.decoded_input import DecodedInput
from translate.engine.pixels.processing import ImageProcessor, OutputForm
from translate.errors import ConfigError, TranslateError
from translate.formats import Header, Note, WindowedFormat
from translate.images.domains import levels
from translate.images.files import format_registry
from translate.images.layers import Pixels
from translate.images.metadata.lost_information import lost_information_notes

ChooseType = Callable[[int, str, bool], str]
"""Returns the dtype in which an output can be stored: its own or a smaller one, or "" for none.
Arguments: number of channels without alpha, dtype, and whether the output has alpha."""


class PreparedImage(NamedTuple):
    """The network's input for one image."""

    pixels: Pixels
    form: OutputForm
    notes: tuple[Note, ...]
    """information that was lost in reading"""
    like: Header | None = None
    """metadata for the file of the output, if there will be one"""

    @property
    def all_notes(self) -> tuple[Note, ...]:
        """The `notes`, and after the translation a note on clipped output values."""
        return (*self.notes, *self.form.clipped.notes())

    def translate(self, processor: ImageProcessor) -> Pixels:
        """Return the output, (H, W, C), in its `form`; raises `TranslateError` if not finite."""
        (translated,) = processor.translate([self.pixels], [self.form])
        if translated is None:
            raise TranslateError(f"{processor.model.name}: the translation is not finite.")
        return processor.postprocess(translated, self.form)


def takes_windows(processor: ImageProcessor, suffix: str) -> bool | None:
    """Return whether images are translated in windows to files with this suffix.

    None: only with ``--tile``.
    """
    writer = format_registry.writer_of(suffix)
    supports_windows = (
        isinstance(writer and writer.format, WindowedFormat)
        and processor.model.supports_tiles
        and processor.half is None
        and processor.shorter_side is None
        and not processor.model.takes_mask
        and not processor.source.labels
    )
    has_tile_size = processor.limits is not None and processor.limits.tile is not None
    return (has_tile_size or None) if supports_windows else False


def require_inpainting(model: ImageModel) -> None:
    """Raise `ConfigError` if a model does not inpaint, and so takes no mask."""
    if not model.takes_mask:
        raise ConfigError(f"mask: {model.name} does not inpaint: leave the mask out.")


def prepare(
    processor: ImageProcessor, image: DecodedInput, choose_type: ChooseType
) -> PreparedImage:
    """Return the network's input for an image.

    The output gets the alpha channel of the image if it can store alpha; otherwise colours are
    composited over white.

    Raises:
        BadImage: The image does not have the dtype or bands of the domain.
        ValueError: See `ImageProcessor.preprocess`.
    """
    domain, inpaints = processor.source, processor.model.takes_mask
    alpha = None if inpaints else image.passthrough_alpha(domain)
    generates_alpha = processor.target.alpha
    colours = processor.result_channels(one_channel=image.has_one_channel) - generates_alpha
    preferred = processor.result_dtype(image.dtype)
    dtype = choose_type(colours, preferred, generates_alpha or alpha is not None)
    if alpha is not None and not dtype:  # the output cannot store alpha
        alpha, dtype = None, choose_type(colours, preferred, False)
    pixels, form = processor.preprocess(
        image.pixels(processor.file_domain, keeps_alpha=alpha is not None),
        one_channel=image.has_one_channel,
        hole=image.hole,
        alpha=alpha,
        dtype=dtype or processor.target.dtype,
    )
    notes: tuple[Note, ...] = ()
    if image.image and (not image.frame or image.image.header.pages):  # once per animation
        notes = lost_information_notes(
            image.image.header,
            domain,
            frame=image.frame,
            hole=inpaints and not image.has_mask,
            keeps_alpha=alpha is not None,
            dtype=form.dtype,
        )
    clipped = levels.saturation(pixels[..., : domain.channels], domain)
    return PreparedImage(pixels, form, (*notes, *levels.clipping_notes(clipped, domain)))
