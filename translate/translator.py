"""`Translator`, a trained model for notebooks and programs: translates and generates images."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Self, overload

import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from translate.engine.config.arguments import check_arguments
from translate.engine.exports.loading import load_model
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models.calls import keyword_only
from translate.engine.models.generation import SampleRequest, draw_images
from translate.engine.models.image_model import ImageModel
from translate.engine.models.model import require_recipe
from translate.engine.models.options import InferenceOptions
from translate.engine.models.tile_options import TileOptions
from translate.engine.pixels.conversion import to_pillow
from translate.engine.pixels.in_memory import translate_images
from translate.engine.pixels.processing import ImageProcessor
from translate.engine.shards.shard import Shard
from translate.engine.system.locations import parse_location
from translate.engine.trust.meter import open_meter
from translate.errors import ConfigError, TranslateError
from translate.images.domains.levels import is_photographic
from translate.images.source import MAX_PIXELS
from translate.images.tensors import FileLike, ImageInput
from translate.results import InferenceResult


class Translator:
    """A trained model: ``Translator.load("runs/cyclegan-summer-winter")("photo.jpg")``.

    It is thread-safe; the network processes one call at a time.
    """

    _model: ImageModel

    @classmethod
    @check_arguments()
    def load(
        cls,
        path: str | Path,
        *,
        device: str | torch.device = "auto",
    ) -> Self:
        """Load the model of a run, a checkpoint, or an exported or packed file.

        Args:
            path: A run folder; ``RUN@500`` or ``RUN@best``; a checkpoint; a file of ``translate
                export`` or ``pack``; or ``hf-hub:org/name``, a model on the Hugging Face Hub.
            device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        """
        model, messages = load_model(path, str(device), InferenceOptions())
        for message in messages:
            warnings.warn(message, stacklevel=2)
        return cls._of(model)

    @classmethod
    def _of(cls, model: ImageModel) -> Self:
        translator = cls()
        translator._model = model
        return translator

    @property
    def domains(self) -> tuple[str, ...]:
        """The target domains."""
        return self._model.domains

    def __repr__(self) -> str:
        return f"<Translator {self._model.name!r}: {self._model.describe()}>"

    @overload
    def __call__(
        self, image: FileLike | Image.Image, *, to: str | None = ..., size: int | None = ...,
        scale_back: bool = ..., side: str | None = ..., mask: ImageInput | None = ...,
        seed: int | None = ..., tile: int | None = ..., **options: Any,
    ) -> Image.Image: ...  # fmt: skip

    @overload
    def __call__(
        self, image: NDArray[Any], *, to: str | None = ..., size: int | None = ...,
        scale_back: bool = ..., side: str | None = ..., mask: ImageInput | None = ...,
        seed: int | None = ..., tile: int | None = ..., **options: Any,
    ) -> NDArray[Any]: ...  # fmt: skip

    @overload
    def __call__(
        self, image: Tensor, *, to: str | None = ..., size: int | None = ...,
        scale_back: bool = ..., side: str | None = ..., mask: ImageInput | None = ...,
        seed: int | None = ..., tile: int | None = ..., **options: Any,
    ) -> Tensor: ...  # fmt: skip

    @overload
    def __call__(
        self, image: list[Any] | tuple[Any, ...], *, to: str | None = ..., size: int | None = ...,
        scale_back: bool = ..., side: str | None = ...,
        mask: Sequence[ImageInput | None] | None = ..., seed: int | None = ...,
        tile: int | None = ..., **options: Any,
    ) -> list[Any]: ...  # fmt: skip

    @check_arguments("image", "mask")
    def __call__(
        self,
        image: ImageInput | Sequence[ImageInput],
        *,
        to: str | None = None,
        size: int | None = None,
        scale_back: bool = False,
        side: str | None = None,
        mask: ImageInput | Sequence[ImageInput | None] | None = None,
        seed: int | None = None,
        tile: int | None = None,
        **options: Any,
    ) -> Any:
        """Translate an image, or a list of images.

        Args:
            image: A path, the content of a file, a file open in mode ``rb``, or a PIL image; an
                array (H, W[, C]) or a tensor ([N, ]C, H, W) of uint8, uint16, floats in [0, 1] or
                values of the source domain; or a list of these.
            to: The target domain; None: the last one.
            size: Length of the shorter side after the first scaling.
            scale_back: Scale the result to the size that it would have without `size`; without a
                `size`, translate at the size of training crops.
            side: After training on side-by-side images, the half to translate, or ``whole``.
            mask: For a model that fills holes, an image that is white, or 1 in values of 0 and 1,
                in the hole; None: fully transparent pixels. A list for a list of images; for N
                images in a tensor, one mask or (N, 1, H, W).
            seed: Random seed of the noise, for recipes that use noise; None: 0.
            tile: Tile size in pixels, which limits memory; None: translate in tiles only if the
                image needs more than half of the free memory.
            options: Options of the recipe, such as ``steps=20``; see ``translate show RUN``.

        Returns:
            A PIL image for a file, with its colour profile, or for a PIL image. An array or tensor
            for an array or tensor, of the same dtype if that was uint8, uint16 or floats in [0, 1],
            else of the dtype of the target domain; without the channel axis if `image` had none,
            unless the result has colour. A list for a list. Models that restore images return gray
            for gray.

        Raises:
            BadImage: A file cannot be read.
            DataError: `image` is not an image.
            ConfigError: The model does not support a domain, size, mask, tile or option.
        """
        for key, value in {"size": size, "tile": tile}.items():
            if value is not None and value < 1:
                raise ConfigError(f"{key}: expected a number of pixels from 1, got {value}.")
        half, target = self._model.side_index(side), self._model.choose_target(to)
        processor = ImageProcessor(
            self._model,
            target,
            half,
            size,
            scale_back,
            options=self._model.complete_options(options, keyword_only(Translator.__call__)),
            seed=self._model.choose_seed(seed),
            limits=TileOptions(tile, None, Path(gettempdir())),
        )
        return translate_images(processor, image, mask, stacklevel=3)

    @check_arguments()
    def sample(
        self,
        count: int = 1,
        *,
        label: str | None = None,
        text: str | None = None,
        seed: int = 0,
        **options: Any,
    ) -> list[Image.Image]:
        """Generate images, the same as `translate sample` writes.

        Args:
            count: Number of images.
            label: Class to generate; ``all`` or None: each class in turn.
            text: Caption, for a model trained with captions.
            seed: Random seed of the latents.
            options: Options of the recipe's ``draw``.

        Raises:
            TranslateError: The model has no such class or option, or an image is not finite.
        """
        request, model = SampleRequest(count, label, text, seed, options), self._model
        dtype = "uint8" if is_photographic(model.spec.target) else ""
        images = list(draw_images(require_recipe(model), request, dtype))
        finite = [pixels for pixels in images if pixels is not None]
        if len(finite) < count:
            raise TranslateError(f"{self._model.name}: its outputs are not finite.")
        return [to_pillow(pixels) for pixels in finite]

    @check_arguments()
    def folder(
        self,
        source: str | Path,
        out: str | Path,
        *,
        to: str | None = None,
        size: int | None = None,
        scale_back: bool = False,
        side: str | None = None,
        mask: str | Path | None = None,
        batch_size: int | None = None,
        format: str | None = None,  # noqa: A002 - as the command line has it
        max_pixels: int = MAX_PIXELS,
        frames: str = "first",
        keep_metadata: bool = False,
        to_srgb: bool = False,
        provenance: bool = True,
        overwrite: bool = False,
        limit: int | None = None,
        seed: int | None = None,
        trust: bool = False,
        tile: int | None = None,
        memory: int | None = None,
        shard: str | None = None,
        **options: Any,
    ) -> InferenceResult:
        """Translate a file, a folder or a glob; a second call translates what is missing.

        `out` is the folder of the outputs. The other arguments are the options of `translate infer`
        with the same names, and options of the recipe's `translate`, such as ``steps=20``.

        Returns:
            Numbers of images; those without an output are listed in ``out/problems.jsonl``.

        Raises:
            ConfigError: The model lacks an option, or outputs of other options exist in `out`.
            DataError: There is no image.
            SaveError: Outputs cannot be written.
        """
        settings = InferenceOptions(
            to=to, size=size, scale_back=scale_back, side=side, batch_size=batch_size,
            mask=parse_location(mask) if mask else None, format=format, max_pixels=max_pixels,
            frames=frames, keep_metadata=keep_metadata, to_srgb=to_srgb, provenance=provenance,
            overwrite=overwrite, limit=limit, options=options, seed=seed, tile=tile, memory=memory,
            shard=Shard.parse(shard) if shard else None,
        )  # fmt: skip
        place = parse_location(out)
        inputs, meter = find_inputs(source, place), open_meter if trust else None
        return translate_folder(self._model, inputs, place, settings, trust=meter)
