"""A model that answers the requests of clients, within its own process."""

import mimetypes
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir
from typing import Any, NoReturn

from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.config.yaml_text import parse
from translate.engine.exports.backends import load_with_backend
from translate.engine.exports.loading import load_model
from translate.engine.exports.torch_free.file_model import FileModel
from translate.engine.exports.torch_free.files import is_exported
from translate.engine.inference.file_translator import FileTranslator
from translate.engine.inference.planning import make_processor
from translate.engine.models.generation import SampleRequest, draw_images, draw_sheet
from translate.engine.models.image_model import ImageModel
from translate.engine.models.model import Model, require_recipe
from translate.engine.models.options import InferenceOptions
from translate.engine.models.tile_options import TileOptions
from translate.engine.plugins.errors import describe_unexpected
from translate.engine.system import signatures
from translate.engine.system.memory import is_out_of_memory
from translate.errors import (
    BadImage,
    ConfigError,
    DataError,
    TranslateError,
    describe_error,
    short_repr,
    suggest,
)
from translate.images.domains.levels import is_photographic
from translate.images.encode import encode_image
from translate.images.files.format_registry import default_suffix
from translate.images.metadata.provenance import header_of_sample
from translate.images.source import EncodedImage
from translate.serve.models import description
from translate.serve.models.messages import Result
from translate.serve.models.previews import make_preview, needs_preview
from translate.serve.requests.limits import RequestError

NO_LIMIT = 1 << 62
"""a number of pixels above that of every image"""
UNKNOWN_MEDIA_TYPE = "application/octet-stream"
COMMON_OPTIONS = ("to", "size", "scale_back", "side", "seed")
"""parameters that are fields of `InferenceOptions`, unlike the options of the recipe"""
MODEL_FAILED = "The model failed. The server's log has the reason, under the id of this request."


class ServedModel:
    """A model that translates or generates images for requests.

    Args:
        reference: A run, one of its checkpoints, or an exported file.
        name: The name that clients use.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        max_pixels: The maximum number of pixels of an image, before and after scaling.
        backend: Name of an exporter, such as ``onnxruntime``, which runs the model; the constructor
            exports the translation to each domain. None: PyTorch.
    """

    def __init__(
        self, reference: str, name: str, *, device: str, max_pixels: int, backend: str | None = None
    ) -> None:
        self.source, self.messages = Path(reference), list[str]()
        is_exported_file = is_exported(reference)
        if not is_exported_file:
            self.source, self.messages = resolve(reference)
        options = InferenceOptions(backend=backend if is_exported_file else None)
        model, _ = load_model(self.source, device, options)
        self.model: Model | FileModel = replace(model, name=name)
        self.max_pixels, self._by_backend = max_pixels, dict[str, ImageModel]()
        for to in self.model.domains if backend else ():
            exported, _ = load_with_backend(self.source, str(backend), to=to)
            self._by_backend[to] = replace(exported, name=name)
        self._types = mimetypes.MimeTypes()  # reads the system's tables once

    def translate(
        self,
        fields: Mapping[str, str],
        image: bytes,
        mask: bytes | None = None,
        *,
        previews: bool = False,
    ) -> Result:
        """Return the translation of an image file, equal to that of `translate infer`.

        Args:
            fields: Parameters of `description.translate` and options of the recipe, as text.
            image: The content of an image file.
            mask: The content of a mask file, white in the hole.
            previews: Whether to make previews if browsers cannot display the image or the result.

        Raises:
            RequestError: The parameters or the files cannot be used.
        """
        try:
            source = self._open("image", image)
            hole = None if mask is None else self._open("mask", mask)
            recipe_options = description.options_of_translation(self.model)
            values = self._parse(description.translate, recipe_options, fields)
            result_format = values.pop("format", None)
            tile_options = TileOptions(tile=None, memory=None, folder=Path(gettempdir()))
            self._check_scaled_size(source, values.get("size"), values.get("scale_back", False))
            model = self._by_backend.get(self.model.choose_target(values.get("to")), self.model)
            common_options = {name: values.pop(name) for name in COMMON_OPTIONS if name in values}
            options = InferenceOptions(**common_options, max_pixels=self.max_pixels, options=values)
            processor, _ = make_processor(model, options, tile_options)
            translator = FileTranslator(processor, options)
            result = translator.translate(source, hole, form=result_format)
            preview_files = {}
            if previews and (
                needs_preview(source.suffix, processor.source)
                or needs_preview(result.suffix, processor.target)
            ):
                preview_files["before"] = make_preview(result.before, processor.source)
                preview_files["after"] = make_preview(result.after, processor.target)
            media_type = self._media_type(result.suffix)
            notes = [note.text for note in result.notes]
            return Result(result.data, result.suffix, media_type, notes, preview_files)
        except Exception as error:
            self._raise_request_error(error)

    def sample(self, fields: Mapping[str, str], *, previews: bool = False) -> Result:
        """Return a generated image, or a PNG file with a grid of several images.

        One image is a PNG file if PNG can store it, else a TIFF file. With `previews`, the result
        has a preview ``after`` if browsers cannot display the file.

        Raises:
            RequestError: The parameters cannot be used.
        """
        try:
            model = require_recipe(self.model)
            recipe_options = description.options_of(model.recipe.draw)
            values = self._parse(description.sample, recipe_options, fields)
            condition = {name: values.pop(name, None) for name in ("label", "text")}
            count, seed = values.pop("count", 1), values.pop("seed", 0)
            request = SampleRequest(count=count, **condition, seed=seed, options=values)
            preview_files, suffix = dict[str, bytes](), ".png"
            if count == 1:
                target = model.spec.target
                dtype = "uint8" if is_photographic(target) else target.dtype
                (pixels,) = draw_images(model, request, dtype)
                if pixels is None:
                    raise TranslateError(f"{model.name}: its outputs are not finite.")
                suffix = default_suffix(target.channels, dtype, alpha=target.alpha)
                if previews and needs_preview(suffix, target):
                    preview_files["after"] = make_preview(pixels, target)
            else:
                pixels = draw_sheet(model, request)
            data = encode_image(pixels, suffix, header_of_sample(pixels, model.maker))
            return Result(data, suffix, self._media_type(suffix), [], preview_files)
        except Exception as error:
            self._raise_request_error(error)

    def _media_type(self, suffix: str) -> str:
        return self._types.guess_type(f"image{suffix}", strict=False)[0] or UNKNOWN_MEDIA_TYPE

    def _open(self, role: str, data: bytes) -> EncodedImage:
        """Return the ``image`` or ``mask`` of a request.

        Raises `RequestError` if the file is empty or has too many pixels.
        """
        if not data:
            raise RequestError(422, f"the {role} is empty: expected the content of an image file.")
        height, width = EncodedImage(f"the {role}", data, NO_LIMIT).header.size
        if height * width > self.max_pixels:
            raise RequestError(
                413,
                f"the {role} has {width}x{height} pixels: at most {self.max_pixels:,} are "
                "accepted. Scale it down before you send it.",
            )
        return EncodedImage(f"the {role}", data, self.max_pixels)

    def _check_scaled_size(self, image: EncodedImage, size: int | None, scale_back: bool) -> None:
        """Raise `RequestError` if scaling to the shorter side `size` makes too many pixels."""
        if size is None and scale_back and not self.model.unscaled:
            size = min(self.model.spec.size)
        height, width = image.header.size
        count = height * width * (size or 0) ** 2 // min(height, width) ** 2
        if count > self.max_pixels:
            raise RequestError(
                413,
                f"size: {width}x{height} pixels would become {count:,} with a shorter side of "
                f"{size}: at most {self.max_pixels:,} are accepted. Choose a smaller size.",
            )

    def _parse(
        self, declaration: Any, recipe_options: Collection[str], fields: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the values of `fields`, without those that are empty, which keep their defaults.

        Args:
            declaration: The function that declares the parameters in its signature.
            recipe_options: Names of options of the recipe.
            fields: The parameters of the request.
        """
        parameters = signatures.read_options(declaration)
        known_names = {*parameters, *recipe_options}
        for name in fields:
            if (
                name not in known_names
            ):  # no other option reaches the model, such as the path of a mask
                raise RequestError(
                    400,
                    f"{self.model.name}: there is no parameter {short_repr(name)}."
                    f"{suggest(name, known_names)} See: GET /v1/models",
                )
        values = {
            name: text if name in description.TEXT_PARAMETERS else parse(text, name)
            for name, text in fields.items()
            if text.strip()
        }
        parameter_values = {name: values.pop(name) for name in parameters if name in values}
        return signatures.convert_options(self.model.name, declaration, parameter_values) | values

    def _raise_request_error(self, error: Exception) -> NoReturn:
        """Raise the `RequestError` for `error`, without paths of the server."""
        if isinstance(error, RequestError):
            raise error
        if isinstance(error, BadImage):
            name = str(error.path).replace("the bytes", "the image")
            raise RequestError(422, f"{name}: {error.reason}") from error
        if isinstance(error, DataError):
            raise RequestError(422, str(error)) from error
        if isinstance(error, ConfigError):
            see = f"See: translate show {self.model.name}"
            raise RequestError(400, str(error).replace(see, "See: GET /v1/models")) from error
        if isinstance(error, TranslateError):
            raise RequestError(500, MODEL_FAILED, detail=describe_error(error)) from error
        if is_out_of_memory(error):
            text = "not enough memory for this image: choose a smaller size."
            raise RequestError(413, text, detail=describe_error(error)) from error
        raise RequestError(500, MODEL_FAILED, detail=describe_unexpected(error)) from error
