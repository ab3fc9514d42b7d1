"""Evaluate a folder of images of any origin against a folder of real images."""

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from translate.batches import Domain
from translate.engine.pixels.processing import scale_shorter_side
from translate.engine.processes import distributed
from translate.engine.splits.measured_images import load_all
from translate.errors import BadImage, DataError, NothingUsableError
from translate.evaluate import baselines, measuring
from translate.evaluate.evaluation import Evaluation, Subject
from translate.evaluate.images.outputs import Outputs
from translate.evaluate.images.run_images import Image, RunImages
from translate.evaluate.result import EvaluationResult
from translate.evaluate.run_evaluation import versions
from translate.folders.listing import find_images, stem_below
from translate.images.domains import domain_images
from translate.images.masks import hole_from_file
from translate.images.resize import resize_pixels
from translate.images.source import EncodedImage

logger = logging.getLogger(__name__)
NamedImages = Mapping[str, Image]
"""images by the path below their folder, without suffix"""


def evaluate_folders(
    real: str | Path,
    fake: str | Path,
    *,
    paired: bool = False,
    mask: str | Path | None = None,
    source: str | Path | None = None,
    train: str | Path | None = None,
    metrics: Sequence[str] = (),
    limit: int | None = None,
    size: int | None = None,
    device: str = "auto",
    batch_size: int = 16,
) -> EvaluationResult:
    """Return metric values of the images in the folder `fake`.

    The arguments are those of `translate.evaluate.entry.evaluate`. Files of several folders belong
    together if their paths below the folders are equal, without suffix.
    """
    notes: list[str] = []
    folders = {"real": Path(real), "fake": Path(fake)}
    folders |= {"source": Path(source)} if source else {}
    folders |= {"train": Path(train)} if train else {}
    files = {name: _files(name, folder) for name, folder in folders.items()}
    if paired:
        _check_partners(files, folders, "real", notes)
    if source:
        _check_partners(files, folders, "source", notes)
    names = sorted(files["fake"])[:limit]
    files["fake"] = {name: files["fake"][name] for name in names}
    if paired:
        files["real"] = {name: files["real"][name] for name in names}
    elif limit:
        files["real"] = dict(list(files["real"].items())[:limit])
    domain = Domain("fake", channels=_channels(files, folders))
    images = {name: _read(paths, domain, size) for name, paths in files.items()}
    outputs = _outputs(images, _masks(mask, names, size), folders, paired=paired)
    chosen_device = distributed.choose_device(device)
    logger.info(f"evaluating {len(outputs.fake)} images of {fake}")
    return Evaluation(metrics, domain, domain, (), batch_size, chosen_device, notes).run(
        str(fake),
        [Subject(outputs.fields, lambda _: outputs, partial(_baselines, images.get("train", {})))],
        (0,),
        {
            "real": str(real),
            "fake": str(fake),
            "ground truth": "pairs" if paired else "none",
            "images": len(outputs.fake),
            "real images": len(outputs.real),
            "resize": f"shorter side to {size}" if size else "none",
            "range": "uint8, 0 to 255",
            "interval": measuring.INTERVAL,
            "device": str(chosen_device),
            "versions": versions(),
        },
    )


def _files(name: str, folder: Path) -> dict[str, Path]:
    """Return the images of a folder by path below it, without suffix; no path may occur twice."""
    if not folder.is_dir():
        raise DataError(f"{name}: there is no folder {folder}. Expected a folder of images.")
    by_name: dict[str, Path] = {}
    for path in find_images(folder):
        stem = stem_below(path, folder)
        if stem in by_name:
            raise DataError(
                f"{name}: {by_name[stem]} and {path} have the same name: remove one of them."
            )
        by_name[stem] = path
    if not by_name:
        raise NothingUsableError(f"{name}: there is no image in {folder}.")
    return by_name


def _check_partners(
    files: Mapping[str, Mapping[str, Path]],
    folders: Mapping[str, Path],
    other: str,
    notes: list[str],
) -> None:
    """Raise `DataError` if a fake image has no partner in `other`; note unused partners."""
    missing = sorted(files["fake"].keys() - files[other].keys())
    if missing:
        raise DataError(
            f"{other}: {len(missing)} of {len(files['fake'])} images in {folders['fake']} have no "
            f"image with their name in {folders[other]}; the first is {missing[0]}. Expected one "
            "for each. Leave --paired and --source out for images that do not belong together."
        )
    if unpaired := len(files[other].keys() - files["fake"].keys()):
        notes.append(
            f"{unpaired} images in {folders[other]} have no partner: they are not measured"
        )


def _channels(files: Mapping[str, Mapping[str, Path]], folders: Mapping[str, Path]) -> int:
    """Return 1 if real and fake images are gray, 3 if both have colour; else raise `DataError`."""
    real_is_gray, fake_is_gray = (
        {_channels_of(path) for path in files[name].values()} <= {1, 2} for name in ("real", "fake")
    )
    if real_is_gray != fake_is_gray:
        gray, colour = ("real", "fake") if real_is_gray else ("fake", "real")
        raise DataError(
            f"{gray}: {folders[gray]} holds gray images and {folders[colour]} images in colour: "
            "expected both gray, or both in colour. Convert one of them: "
            "magick mogrify -colorspace gray DIR/*.png"
        )
    return 1 if real_is_gray else 3


def _channels_of(path: Path) -> int:
    try:
        return EncodedImage.open(path).header.channels
    except BadImage:
        return 1  # `_read` reports the file


def _read(files: Mapping[str, Path], domain: Domain, size: int | None) -> dict[str, Image]:
    """Return images by name; raise `NothingUsableError` if one cannot be read."""

    def load(name: str) -> tuple[str, Image]:
        return name, scale_shorter_side(domain_images.read(files[name], domain), size)

    loaded, bad = load_all(load, [*files])
    if bad:
        raise NothingUsableError(
            f"{len(bad)} of {len(files)} files cannot be read as images: {bad[0]}. Expected only "
            "readable images: values of a part of them are not comparable. Remove these files."
        )
    return dict(loaded)


def _outputs(
    images: Mapping[str, NamedImages],
    masks: Sequence[Any],
    folders: Mapping[str, Path],
    *,
    paired: bool,
) -> Outputs:
    """Return the images to measure; raise `DataError` if sizes that must be equal differ."""
    fake, real = images["fake"], images["real"]
    names = list(fake)
    for name in names if paired else ():
        (height, width), (real_height, real_width) = fake[name].shape[:2], real[name].shape[:2]
        if (height, width) != (real_height, real_width):
            raise DataError(
                f"paired: {folders['fake'] / name} has {width}x{height} pixels, its ground "
                f"truth {real_width}x{real_height}: expected equal sizes. Images of one aspect can "
                f"be scaled: --size {min(height, width, real_height, real_width)}"
            )
    for name, mask in zip(names, masks, strict=False):
        (height, width), (mask_height, mask_width) = fake[name].shape[:2], mask.shape[:2]
        if (height, width) != (mask_height, mask_width):
            raise DataError(
                f"mask: that of {name} has {mask_width}x{mask_height} pixels, the image "
                f"{width}x{height}: expected equal sizes."
            )
    sources = images.get("source", {})
    return Outputs(
        names,
        list(fake.values()),
        [real[name] for name in names] if paired else (),
        [resize_pixels(sources[name], fake[name].shape[:2]) for name in names] if sources else (),
        mask=masks,
        real=list(real.values()),
    )


def _masks(folder: str | Path | None, names: Sequence[str], size: int | None) -> list[Any]:
    """Return the pixels to measure, (H, W, 1) bool for each image: the white pixels of its mask."""
    if folder is None:
        return []
    files = _files("mask", Path(folder))
    if missing := [name for name in names if name not in files]:
        raise DataError(
            f"mask: {len(missing)} of {len(names)} images have no mask in {folder}; the first is "
            f"{missing[0]}. Expected a mask with the name of each image."
        )
    try:
        white = [hole_from_file(EncodedImage.open(files[name])) for name in names]
    except BadImage as bad:
        raise DataError(f"mask: {bad}.") from bad
    return [scale_shorter_side(pixels, size) > 0 for pixels in white]


def _baselines(train: NamedImages, outputs: Outputs) -> baselines.Baselines:
    """Return the baselines; those of training images need outputs of one size."""
    size, *other_sizes = {image.shape[:2] for image in outputs.fake}
    training_images = None
    if train and not other_sizes:
        target = [baselines.resize_and_crop(image, size) for image in train.values()]
        training_images = RunImages(list(train), (), (), target)
    return baselines.of_translation(outputs, training_images, comparable=True)
