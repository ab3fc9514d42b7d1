"""What a notebook imports: a trained model that translates a picture or a folder, or draws."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from translate import images
from translate.engine import config as configuration
from translate.engine import infer, masks
from translate.engine import train as training
from translate.engine.folder import Options, Summary, translate_folder
from translate.engine.infer import Model
from translate.engine.loop import Result
from translate.engine.outputs import survey
from translate.engine.sampling import Wish, pictures
from translate.errors import ConfigError, DataError, TranslateError
from translate.images import Pixels
from translate.progress import ProgressReporter

Given: TypeAlias = str | Path | Image.Image | NDArray[Any]


class Translator:
    """A trained model: ``Translator.load("runs/cyclegan-summer-winter")("photo.jpg")``.

    Calls, `sample` and `folder` are safe in several threads, and give what they give in one: the
    network works for one of them at a time, while the others read and write files.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    @classmethod
    def load(
        cls, path: str | Path, *, checkpoint: str | int = "last", device: str = "auto"
    ) -> "Translator":
        """Return the model of a run, or of one of its checkpoints; of a run's, by step."""
        model, complaints = infer.load(Path(path), which=str(checkpoint), device=device)
        for complaint in complaints:
            warnings.warn(f"{complaint} An older checkpoint is used.", stacklevel=2)
        return cls(model)

    @property
    def domains(self) -> tuple[str, ...]:
        """The domains it translates to."""
        return self.model.domains

    @overload
    def __call__(
        self,
        image: str | Path | Image.Image,
        *,
        to: str | None = None,
        size: int | None = None,
        side: str | None = None,
        mask: Given | None = None,
    ) -> Image.Image: ...

    @overload
    def __call__(
        self,
        image: NDArray[Any],
        *,
        to: str | None = None,
        size: int | None = None,
        side: str | None = None,
        mask: Given | None = None,
    ) -> NDArray[np.uint8]: ...

    def __call__(
        self,
        image: Given,
        *,
        to: str | None = None,
        size: int | None = None,
        side: str | None = None,
        mask: Given | None = None,
    ) -> Image.Image | NDArray[np.uint8]:
        """Return `image` as the domain `to` has it, by default the last one, in 8 bits.

        A path or a PIL image gives a PIL image, a (height, width[, channels]) array of uint8 or
        uint16 an array. A gray array of two dimensions gives one, unless the result has colour.
        `size` first scales the shorter side. A model that was trained on joined images needs the
        `side` to take of `image`, or ``whole`` for one that is not joined. For a model that fills
        holes, a hole is what is white in `mask`, or 1 in a mask of 0 and 1; without one, what is
        wholly transparent.
        """
        domain = self.model.choose(to)
        channels, _ = self.model.channels(domain)
        half = self.model.half(side)
        pixels = _half(_pixels(image, channels), half)
        if self.model.recipe.takes_mask:
            pixels = infer.with_hole(pixels, _hole(image, mask, pixels), size)
        elif mask is not None:
            raise ConfigError(f"mask: {self.model.name} fills no holes: leave it out.")
        else:
            pixels = infer.scaled(pixels, size)
        (drawn,) = self.model.translate([pixels], domain)
        if drawn is None:
            raise TranslateError(f"{self.model.name}: the translation is not finite.")
        flat = drawn[..., 0] if drawn.shape[2] == 1 else drawn
        if isinstance(image, np.ndarray):
            return flat if image.ndim == 2 else drawn
        return Image.fromarray(flat)

    def sample(
        self, count: int = 1, *, label: str | None = None, text: str | None = None, seed: int = 0
    ) -> list[Image.Image]:
        """Return `count` pictures drawn from noise, as `translate sample` draws them.

        `label` is the class to draw, or ``all``; without one, classes come in turn. `text` is what
        to draw after training with captions.
        """
        drawn = list(pictures(self.model, Wish(count, label, text, seed)))
        whole = [pixels for pixels in drawn if pixels is not None]
        if len(whole) < count:
            raise TranslateError(f"{self.model.name}: what it draws is not finite.")
        return [Image.fromarray(p[..., 0] if p.shape[2] == 1 else p) for p in whole]

    def folder(
        self,
        source: str | Path,
        out: str | Path,
        *,
        to: str | None = None,
        size: int | None = None,
        side: str | None = None,
        mask: str | Path | None = None,
        batch_size: int | None = None,
        format: str | None = None,  # noqa: A002 - as the command line has it
        max_pixels: int = images.MAX_PIXELS,
        frames: str = "first",
        keep_metadata: bool = False,
        overwrite: bool = False,
        limit: int | None = None,
    ) -> Summary:
        """Translate a file, a folder or a glob into the same tree below `out`.

        What is there already, made from the same input by the same model, is skipped; what cannot
        be translated is listed in ``problems.jsonl`` there.
        """
        masks = Path(mask) if mask else None
        options = Options(
            to=to,
            size=size,
            side=side,
            mask=masks,
            batch_size=batch_size,
            format=format,
            max_pixels=max_pixels,
            frames=frames,
            keep_metadata=keep_metadata,
            overwrite=overwrite,
            limit=limit,
        )
        return translate_folder(self.model, survey(source, Path(out)), Path(out), options)


def _half(pixels: Pixels, half: int | None) -> Pixels:
    if half is None:
        return pixels
    if pixels.shape[1] < 2:
        raise DataError("side: an image that is one pixel wide is no joined one.")
    return infer.halved(pixels, half)


def _hole(image: Given, mask: Given | None, pixels: Pixels) -> Pixels:
    """Return (height, width, 1) bytes, white where `image` has its hole."""
    if mask is not None:
        missing = _mask(mask)
    elif isinstance(image, np.ndarray):
        clear = image[..., 3:] if image.shape[2:] == (4,) else np.ones_like(pixels[..., :1])
        missing = np.where(clear == 0, np.uint8(255), np.uint8(0))
    elif isinstance(image, Image.Image):
        alpha = np.asarray(ImageOps.exif_transpose(image).convert("RGBA"))[..., 3:]
        missing = np.where(alpha == 0, np.uint8(255), np.uint8(0))
    else:
        return images.read_hole(Path(image))
    if missing.shape[:2] != pixels.shape[:2]:
        raise DataError(f"the mask is {missing.shape[:2]}, the picture {pixels.shape[:2]}.")
    if not missing.any():
        raise DataError("the picture has no hole: pass mask=, or make what is missing transparent.")
    return missing


def _mask(mask: Given) -> Pixels:
    """Return (height, width, 1) bytes, white in the hole of `mask`."""
    try:
        if isinstance(mask, (str, Path)):
            return masks.of_file(images.load(Path(mask)), Path(mask), images.MAX_PIXELS)
        if isinstance(mask, Image.Image):
            return masks.of_picture(mask)
        return masks.of_array(mask)
    except ValueError as error:
        raise DataError(f"the mask {error}.") from error


def _pixels(image: Given, channels: int) -> Pixels:
    if isinstance(image, (str, Path)):
        return images.read(Path(image), channels=channels)
    if isinstance(image, Image.Image):
        return images.from_picture(image, channels=channels)
    known = image.dtype in (np.uint8, np.uint16) and image.size
    if not known or image.ndim not in (2, 3) or image.shape[2:] not in ((), (1,), (3,), (4,)):
        raise DataError(
            "expected (height, width) or (height, width, 1, 3 or 4) of uint8 or uint16, "
            f"got {image.shape} of {image.dtype}."
        )
    return images.from_array(image, channels=channels)


def train(
    plugin: str | None = None,
    *,
    domains: Sequence[str] | None = None,
    config: str | None = None,
    data: str | Path | None = None,
    out: str | Path | None = None,
    steps: int | None = None,
    epochs: int | None = None,
    size: int | tuple[int, int] | None = None,
    batch_size: int | None = None,
    seed: int | None = None,
    device: str | None = None,
    precision: str | None = None,
    settings: Sequence[str] = (),
    watcher: ProgressReporter | None = None,
) -> Result:
    """Train as `translate train` does; ``.path`` of what it returns is the run folder.

    `settings` are what ``--set`` takes: ``["data.workers=2", "options.cycle_weight=5"]``. A
    `watcher` is told how far training is. Raises `translate.errors.TranslateError`.
    """
    given = {
        "domains": list(domains) if domains else None,
        "data": str(data) if data else None,
        "size": list(size) if isinstance(size, tuple) else size,
        "steps": steps,
        "epochs": epochs,
        "batch_size": batch_size,
        "seed": seed,
        "device": device,
        "precision": precision,
    }
    flags = configuration.from_flags(given)
    asked = configuration.resolve(plugin, config=config, flags=flags, assignments=settings)
    return training.start(
        asked, out=Path(out) if out else None, watcher=watcher or ProgressReporter()
    )
