"""Translation of image files in memory, as in `translate infer`, a server and Ray."""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from translate.engine.inference.outputs.names import suffix_of_result
from translate.engine.models.options import InferenceOptions
from translate.engine.pixels.decoded_input import DecodedInput
from translate.engine.pixels.preparation import PreparedImage, prepare, require_inpainting
from translate.engine.pixels.processing import ImageProcessor
from translate.formats import Header, Note
from translate.images import masks
from translate.images.encode import encode_image
from translate.images.files.format_registry import best_dtype
from translate.images.layers import Pixels, errors_as_bad_image
from translate.images.metadata.profiles import in_srgb, unconverted_windows
from translate.images.metadata.provenance import with_xmp
from translate.images.source import EncodedImage

if TYPE_CHECKING:
    from translate.engine.pixels.large_images import LargeImage


class EncodedResult(NamedTuple):
    """A translated image as the content of a file."""

    data: bytes
    suffix: str
    """suffix of the file's name, which determines its format"""
    notes: tuple[Note, ...]
    """information that was lost in reading and translating"""
    before: Pixels
    """(H, W, C) input of the network in the source domain, without the mask"""
    after: Pixels
    """(H, W, C) output, without alpha"""


@dataclass(frozen=True)
class FileTranslator:
    """Translates files with one model.

    `translate` does all steps; a `Pipeline` does them in several threads.
    """

    processor: ImageProcessor
    options: InferenceOptions
    """which metadata and colour profile are kept, and whether the output names the model"""

    def prepare(self, file: EncodedImage, decoded: DecodedInput, suffix: str) -> PreparedImage:
        """Return the network's input for a decoded `file`; its output gets the suffix `suffix`.

        Raises `BadImage` if the file does not match the domain.
        """
        layers, header, notes = decoded.layers, file.header, tuple[Note, ...]()
        if self.options.to_srgb:
            layers, header, notes = in_srgb(layers, header)
            decoded = decoded._replace(layers=layers)
        image = prepare(self.processor, decoded, partial(best_dtype, suffix))
        return self._with_metadata(image, header, file, notes)

    def prepare_large(self, large: "LargeImage") -> PreparedImage:
        """Return the output form of an image that is read in windows, for the output's metadata."""
        header = large.image.header
        notes = unconverted_windows(header) if self.options.to_srgb else ()
        return self._with_metadata(large.prepare(), header, large.image, notes)

    def _with_metadata(
        self, image: PreparedImage, header: Header, file: EncodedImage, notes: tuple[Note, ...]
    ) -> PreparedImage:
        """Add the metadata of the output, and notes on what is lost."""
        form, keep = image.form, self.options.keep_metadata
        has_alpha = form.alpha is not None
        like = header.for_output(
            form.channels + has_alpha,
            form.dtype,
            alpha=has_alpha or self.processor.target.alpha,
            keep_private=keep,
        )
        maker = self.processor.model.maker if self.options.provenance else None
        like, losses = with_xmp(like, header.xmp, maker, file.sha256, keep_all=keep)
        notes = (*notes, *image.notes, *(losses if keep else ()))
        return image._replace(notes=notes, like=like)

    def translate(
        self, file: EncodedImage, mask: EncodedImage | None = None, *, form: str | None = None
    ) -> EncodedResult:
        """Return the file that `translate infer` writes for a file with this content.

        Args:
            file: the content of the file; only its first frame is read.
            mask: the content of a mask, for a model that inpaints.
            form: the suffix of the output; None: that of the image if its format can store it.

        Raises:
            BadImage: the file cannot be read, or does not match the domain.
            ConfigError: the model takes no mask, or `form` cannot be written.
            TranslateError: the translation is not finite.
        """
        model, source = self.processor.model, self.processor.source
        if mask is not None:
            require_inpainting(model)
        suffix = suffix_of_result(self.processor.target, form, gray=model.keeps_gray)(file.suffix)
        layers, hole = file.decode_layers(), None
        if model.takes_mask:
            hole = masks.hole_from_file(mask) if mask else masks.hole_from_alpha(layers, file.path)
        with errors_as_bad_image(file.path):
            decoded = DecodedInput(layers, file.path, file, hole=hole, has_mask=mask is not None)
            image = self.prepare(file, decoded, suffix)
        pixels = image.translate(self.processor)
        return EncodedResult(
            encode_image(pixels, suffix, image.like),
            suffix,
            image.all_notes,
            before=image.pixels[..., : source.channels],
            after=pixels[..., : image.form.channels],
        )
