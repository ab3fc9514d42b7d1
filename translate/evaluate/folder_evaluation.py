"""Evaluate a folder of images of any origin against a folder of real images."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from translate.batches import Domain
from translate.engine.pixels.processing import scaled
from translate.engine.processes import distributed
from translate.engine.processes.pool import DaemonThreadPool
from translate.errors import BadImage, DataError, NothingUsableError
from translate.evaluate import baselines, measuring
from translate.evaluate.evaluation import Evaluation, Subject
from translate.evaluate.images.outputs import Outputs
from translate.evaluate.images.run_images import THREADS, Image, RunImages
from translate.evaluate.result import EvaluationResult
from translate.evaluate.run_evaluation import versions
from translate.folders.listing import find_images, stem_below
from translate.images.domains import domain_images
from translate.images.masks import hole_from_file
from translate.images.resize import resize_pixels
from translate.images.source import EncodedImage

logger = logging.getLogger(__name__)
NamedImages = Mapping[str, Image]
"""images by path below the folder, without suffix"""


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

    Args:
        real: Folder of real images; with `paired`, the ground truth of each fake image.
        fake: Folder of translated or generated images.
        paired: Each real image is the ground truth of the fake image with its path, without suffix.
        mask: Folder of masks with the names of the images; only white pixels are measured.
        source: Folder of the images that were translated, with the names of `fake`, for baselines.
        train: Folder of training images of the target domain, for baselines.
        metrics: Names of metrics; none: all whose data is there, such as ground truth.
        limit: The largest number of images to measure.
        size: Length of the shorter side to which all images are scaled.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        batch_size: Number of images in a batch.
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
    images = {name: _read(each, domain, size) for name, each in files.items()}
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
    """Return the image files of a folder by name; each name may occur once."""
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
    """Raise `DataError` if a fake image has no partner; add a note on partners without one."""
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
    """Return 1 if the images of both folders are gray, 3 if both have colour."""
    gray = {}
    for name in files.keys() & {"real", "fake"}:
        channels = {_channels_of(path) for path in files[name].values()}
        gray[name] = channels <= {1, 2}
    if len(set(gray.values())) > 1:
        one, other = ("real", "fake") if gray["real"] else ("fake", "real")
        raise DataError(
            f"{one}: {folders[one]} holds gray images and {folders[other]} images in colour: "
            "expected both gray, or both in colour. Convert one of them: "
            "magick mogrify -colorspace gray DIR/*.png"
        )
    return 1 if gray["real"] else 3


def _channels_of(path: Path) -> int:
    try:
        return EncodedImage.open(path).header.channels
    except BadImage:
        return 1  # reported when it is read


def _read(files: Mapping[str, Path], domain: Domain, size: int | None) -> dict[str, Image]:
    """Return images by name; raise `NothingUsableError` if one cannot be read."""

    def load(path: Path) -> Image | BadImage:
        try:
            return scaled(domain_images.read(path, domain), size)
        except BadImage as bad:
            return bad

    with DaemonThreadPool(THREADS) as pool:
        loaded = dict(zip(files, pool.map(load, files.values()), strict=True))
    if bad := [each for each in loaded.values() if isinstance(each, BadImage)]:
        raise NothingUsableError(
            f"{len(bad)} of {len(files)} files cannot be read as images: {bad[0]}. Expected only "
            "readable images: values of a part of them are not comparable. Remove these files."
        )
    return {name: image for name, image in loaded.items() if not isinstance(image, BadImage)}


def _outputs(
    images: Mapping[str, NamedImages],
    masks: Sequence[Any],
    folders: Mapping[str, Path],
    *,
    paired: bool,
) -> Outputs:
    fake, real = images["fake"], images["real"]
    names = list(fake)
    if paired:
        for name in names:
            one, other = fake[name].shape, real[name].shape
            if one != other:
                raise DataError(
                    f"paired: {folders['fake'] / name} has {one[1]}x{one[0]} pixels, its ground "
                    f"truth {other[1]}x{other[0]}: expected equal sizes. Images of one aspect can "
                    f"be scaled: --size {min(*one[:2], *other[:2])}"
                )
    for name, mask in zip(names, masks, strict=False):
        if mask.shape[:2] != fake[name].shape[:2]:
            raise DataError(
                f"mask: that of {name} has {mask.shape[1]}x{mask.shape[0]} pixels, the image "
                f"{fake[name].shape[1]}x{fake[name].shape[0]}: expected equal sizes."
            )
    source = [
        resize_pixels(images["source"][name], (fake[name].shape[0], fake[name].shape[1]))
        for name in (names if "source" in images else ())
    ]
    return Outputs(
        names,
        list(fake.values()),
        [real[name] for name in names] if paired else (),
        source,
        mask=masks,
        real=list(real.values()),
    )


def _masks(folder: str | Path | None, names: Sequence[str], size: int | None) -> list[Any]:
    """Return the pixels to measure in each image: those where its mask is white."""
    if folder is None:
        return []
    files = _files("mask", Path(folder))
    if missing := [name for name in names if name not in files]:
        raise DataError(
            f"mask: {len(missing)} of {len(names)} images have no mask in {folder}; the first is "
            f"{missing[0]}. Expected a mask with the name of each image."
        )
    try:
        holes = [hole_from_file(EncodedImage.open(files[name])) for name in names]
    except BadImage as bad:
        raise DataError(f"mask: {bad}.") from bad
    return [scaled(hole, size) > 0 for hole in holes]


def _baselines(train: NamedImages, outputs: Outputs) -> Mapping[str, Callable[[], Outputs]]:
    """Return the baselines; those of training images need outputs of one size."""
    sizes = {image.shape[:2] for image in outputs.fake}
    training_images = None
    if train and len(sizes) == 1:
        ((height, width),) = sizes
        target = [baselines.resize_and_crop(image, (height, width)) for image in train.values()]
        training_images = RunImages(list(train), (), (), target)
    return baselines.of_translation(outputs, training_images, same_kind=True)
