"""Translation of one encoded image in memory, as `translate infer` does for files."""

from functools import partial
from typing import NamedTuple

from translate.engine.inference.outputs.names import suffix_of_result
from translate.engine.pixels.decoded_input import DecodedInput
from translate.engine.pixels.preparation import prepare
from translate.engine.pixels.processing import ImageProcessor
from translate.errors import ConfigError, TranslateError
from translate.images import masks
from translate.images.encode import encode_image
from translate.images.files.format_registry import best_type
from translate.images.layers import Pixels, guarded
from translate.images.source import EncodedImage


class EncodedResult(NamedTuple):
    """The file of a translation."""

    data: bytes
    suffix: str
    notes: tuple[str, ...]
    """information that was lost in reading and writing"""
    before: Pixels
    """(H, W, C) input of the network in the source domain, without the mask"""
    after: Pixels
    """(H, W, C) output, without alpha"""


def translate_encoded(
    processor: ImageProcessor,
    image: EncodedImage,
    mask: EncodedImage | None = None,
    *,
    form: str | None = None,
) -> EncodedResult:
    """Return the file that `translate infer` writes for a file with this content.

    Args:
        processor: the model and the options.
        image: the content of the file; only its first frame is read.
        mask: the content of a mask, for a model that inpaints.
        form: the suffix of the output; None: that of the image if its format can store the output.

    Raises:
        BadImage: the file cannot be read, or does not match the domain.
        ConfigError: the model takes no mask, or `form` cannot be written.
        TranslateError: the translation is not finite.
    """
    model, source, target = processor.model, processor.source, processor.target
    if mask is not None and not model.takes_mask:
        raise ConfigError(f"mask: {model.name} does not inpaint: leave the mask out.")
    suffix = suffix_of_result(target, form, gray=model.keeps_gray)(image.suffix)
    layers, hole = image.decode_layers(), None
    if model.takes_mask:
        hole = masks.hole_from_file(mask) if mask else masks.hole_from_alpha(layers, image.path)
    with guarded(image.path):
        prepared = prepare(
            processor,
            DecodedInput(layers, image.path, image),
            partial(best_type, suffix),
            hole=hole,
            masked=mask is not None,
        )
    form_of_result = prepared.form
    (translated,) = processor.translate([prepared.pixels], [form_of_result])
    if translated is None:
        raise TranslateError(f"{model.name}: the translation is not finite.")
    pixels = processor.postprocess(translated, form_of_result)
    like, _ = prepared.like(image.header, processor, image.sha256)
    data = encode_image(pixels, suffix, like)
    notes = tuple(note.text for note in (*prepared.notes, *form_of_result.clipped.notes()))
    before, after = prepared.pixels[..., : source.channels], pixels[..., : form_of_result.channels]
    return EncodedResult(data, suffix, notes, before, after)
