"""A model in the process that serves it: bytes and text in, bytes or a `RequestError` out."""

import mimetypes
import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np
from PIL import Image

from translate.engine.checkpoints.references import resolve
from translate.engine.config.yaml import parse
from translate.engine.exports.backends import load_with_backend
from translate.engine.models import model as infer
from translate.engine.models.calls import Call
from translate.engine.models.drawing import SampleRequest, draw_sheet
from translate.engine.plugins.errors import describe_unexpected
from translate.engine.system import signatures
from translate.engine.system.memory import out_of_memory
from translate.errors import (
    BadImage,
    ConfigError,
    DataError,
    TranslateError,
    describe_error,
    short_repr,
    suggest,
)
from translate.formats import Header
from translate.images.encode import encode_image
from translate.images.format_registry import can_hold, output_suffix, writable_suffixes
from translate.images.layers import split_alpha
from translate.images.source import EncodedImage
from translate.serve import description
from translate.serve.limits import RequestError
from translate.serve.messages import Result
from translate.translator import Translator

NO_LIMIT = 1 << 62
"""pixels, for a header that is compared with a limit of our own"""
UNEXPECTED = "The model failed. The server's log has the reason, under the id of this request."


class ServedModel:
    """The model of a run, under the name that the server gives it.

    Args:
        reference: a run, or one of its checkpoints.
        name: what the messages to clients call it.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        max_pixels: of an image, before and after it is scaled.
        backend: the program that translates; None: PyTorch. It is exported now, to each domain.
    """

    def __init__(
        self, reference: str, name: str, *, device: str, max_pixels: int, backend: str | None = None
    ) -> None:
        self.checkpoint, self.messages = resolve(reference)
        model, _ = infer.load(self.checkpoint, device=device)
        self.model = replace(model, name=name)
        self.max_pixels = max_pixels
        self._translator = Translator._of(self.model)
        self._by_backend = dict[str, Translator]()
        for to in self.model.domains if backend else ():
            exported, _ = load_with_backend(self.checkpoint, str(backend), to=to)
            self._by_backend[to] = Translator._of(replace(exported, name=name))
        types = mimetypes.MimeTypes()  # reads the system's tables now, not during a request
        suffixes = {*writable_suffixes(1), *writable_suffixes(3)}
        media_types = {
            suffix: types.guess_type(f"image{suffix}", strict=False)[0] for suffix in suffixes
        }
        self._media_types = {
            s: kind or "application/octet-stream" for s, kind in media_types.items()
        }

    def translate(
        self, fields: Mapping[str, str], image: bytes, mask: bytes | None = None
    ) -> Result:
        """Return the translation that `translate infer` writes for the file `image`.

        Args:
            fields: parameters of `description.translate` and options of the recipe, as text.
            image: the content of an image file.
            mask: the content of a mask file, white in the hole.

        Raises:
            RequestError: The parameters or the files cannot be used.
        """
        try:
            header = self._header("image", image)
            if mask is not None:
                self._header("mask", mask)
            given = self._parse(description.translate, self.model.recipe.translate, fields)
            suffix = given.pop("format", None)
            self._check_scaled_size(header, given.get("size"), given.get("scale_back", False))
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                translator = self._by_backend.get(
                    self.model.choose(given.get("to")), self._translator
                )
                result = translator(image, mask=mask, **given)
            notes = [str(warning.message).removeprefix("reading an image: ") for warning in caught]
            return self._encode(result, header, suffix, notes)
        except Exception as error:
            self._refuse(error)

    def sample(self, fields: Mapping[str, str]) -> Result:
        """Return a generated image as PNG, or a sheet of several; raises `RequestError`."""
        try:
            given = self._parse(description.sample, self.model.recipe.draw, fields)
            count = given.pop("count", 1)
            if count == 1:
                (image,) = self._translator.sample(1, **given)
            else:
                named = {name: given.pop(name, None) for name in ("label", "text")}
                seed = given.pop("seed", 0)
                request = SampleRequest(count, **named, seed=seed, options=given)
                image = Image.fromarray(draw_sheet(self.model, request))
            return self._encode(image, None, "png", [])
        except Exception as error:
            self._refuse(error)

    def _header(self, what: str, data: bytes) -> Header:
        if not data:
            raise RequestError(422, f"the {what} is empty: expected the content of an image file.")
        header = EncodedImage(f"the {what}", data, NO_LIMIT).header
        height, width = header.size
        if height * width > self.max_pixels:
            raise RequestError(
                413,
                f"the {what} has {width}x{height} pixels: at most {self.max_pixels:,} are "
                "accepted. Scale it down before you send it.",
            )
        return header

    def _check_scaled_size(self, header: Header, size: int | None, scale_back: bool) -> None:
        if size is None and scale_back and not self.model.unscaled:
            size = min(self.model.spec.size)
        height, width = header.size
        count = height * width * (size or 0) ** 2 // min(height, width) ** 2
        if count > self.max_pixels:
            raise RequestError(
                413,
                f"size: {width}x{height} pixels would become {count:,} with a shorter side of "
                f"{size}: at most {self.max_pixels:,} are accepted. Choose a smaller size.",
            )

    def _parse(self, declared: Any, call: Call, fields: Mapping[str, str]) -> dict[str, Any]:
        """Return the values of `fields`; those without text have their defaults."""
        common = signatures.read_options(declared)
        known = {*common, *description.options_of(call)}
        for name in fields:
            if name not in known:  # nothing else reaches the model, such as a mask by its path
                raise RequestError(
                    400,
                    f"{self.model.name}: there is no parameter {short_repr(name)}."
                    f"{suggest(name, known)} See: GET /v1/models",
                )
        given = {
            name: text if name in description.TEXTS else parse(text, name)
            for name, text in fields.items()
            if text.strip()
        }
        own = {name: given.pop(name) for name in common if name in given}
        return signatures.convert_options(self.model.name, declared, own) | given

    def _encode(
        self, image: Image.Image, header: Header | None, form: str | None, notes: list[str]
    ) -> Result:
        alpha = image.mode in ("LA", "RGBA")
        pixels = np.asarray(image)
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        channels = pixels.shape[2]
        suffix = output_suffix(form, channels - alpha) if form else ".png"
        if header and not form and can_hold(f".{header.format.lower()}", channels, alpha=alpha):
            suffix = f".{header.format.lower()}"
        if alpha and not can_hold(suffix, channels, alpha=True):
            channels, alpha = channels - 1, False
            pixels = split_alpha(pixels, alpha=True).flatten(channels)
            notes.append("transparency is composited over white")
        like = header or Header(format="", size=pixels.shape[:2])
        like = like.for_output(channels, alpha=alpha, keep_private=False)
        data = encode_image(pixels, suffix, like)
        return Result(data, suffix, self._media_types[suffix], notes)

    def _refuse(self, error: Exception) -> NoReturn:
        """Raise the `RequestError` that `error` means for a client."""
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
            raise RequestError(500, UNEXPECTED, detail=describe_error(error)) from error
        if out_of_memory(error):
            text = "not enough memory for this image: choose a smaller size."
            raise RequestError(413, text, detail=describe_error(error)) from error
        raise RequestError(500, UNEXPECTED, detail=describe_unexpected(error)) from error
