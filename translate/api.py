"""What a notebook imports: a trained model that translates a picture or a folder, or draws."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from translate import images
from translate.engine import config as configuration
from translate.engine import infer
from translate.engine import train as training
from translate.engine.folder import Options, Summary, translate_folder
from translate.engine.infer import Model
from translate.engine.loop import Result, Watcher
from translate.engine.outputs import survey
from translate.engine.sampling import Wish, pictures
from translate.errors import DataError, TranslateError
from translate.images import Pixels


class Translator:
    """A trained model: ``Translator.load("runs/cyclegan-summer-winter")("photo.jpg")``."""

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
        self, image: str | Path | Image.Image, *, to: str | None = None, size: int | None = None
    ) -> Image.Image: ...

    @overload
    def __call__(
        self, image: NDArray[Any], *, to: str | None = None, size: int | None = None
    ) -> NDArray[np.uint8]: ...

    def __call__(
        self,
        image: str | Path | Image.Image | NDArray[Any],
        *,
        to: str | None = None,
        size: int | None = None,
    ) -> Image.Image | NDArray[np.uint8]:
        """Return `image` as the domain `to` has it, by default the last one, in 8 bits.

        A path or a PIL image gives a PIL image, a (height, width[, channels]) array of uint8 or
        uint16 an array. A gray array of two dimensions gives one, unless the result has colour.
        `size` first scales the shorter side.
        """
        domain = self.model.choose(to)
        channels, _ = self.model.channels(domain)
        pixels = infer.scaled(_pixels(image, channels), size)
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
        batch_size: int | None = None,
        format: str | None = None,  # noqa: A002 - as the command line has it
        max_pixels: int = images.MAX_PIXELS,
        overwrite: bool = False,
        limit: int | None = None,
    ) -> Summary:
        """Translate a file, a folder or a glob into the same tree below `out`.

        What is there already, made from the same input by the same model, is skipped; what cannot
        be translated is listed in ``problems.jsonl`` there.
        """
        options = Options(to, size, side, batch_size, format, max_pixels, overwrite, limit)
        return translate_folder(self.model, survey(source, Path(out)), Path(out), options)


def _pixels(image: str | Path | Image.Image | NDArray[Any], channels: int) -> Pixels:
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
    watcher: Watcher | None = None,
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
    return training.start(asked, out=Path(out) if out else None, watcher=watcher or Watcher())
