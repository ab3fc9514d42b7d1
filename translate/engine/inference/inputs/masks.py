"""Masks, which have the names of their images."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

from translate.engine.inference.inputs.jobs import Job
from translate.engine.storage.lookup import storage_of
from translate.errors import ConfigError
from translate.folders.walk import split_suffix, walk


def with_masks(jobs: Sequence[Job], masks: Path, *, is_shard: bool = False) -> list[Job]:
    """Return `jobs`, each with the mask of the same relative path, whatever its suffix.

    Args:
        jobs: the images; some may lack a mask.
        masks: a folder of masks, or the mask of a single image.
        is_shard: whether `jobs` are one of several parts; all its images may lack a mask.

    Raises:
        ConfigError: `masks` does not exist, it is a file and there are several images, an image
            has two masks, or no image has one.
    """
    storage = storage_of(masks)
    is_folder = storage.is_folder(masks)
    is_file = not is_folder and storage.exists(masks)
    if is_file and len(jobs) == 1:
        return [jobs[0]._replace(mask=masks)]
    if is_file:
        raise ConfigError(
            f"mask: {masks} is one file, and there are {len(jobs)} images: expected one image, or "
            "a folder with a mask of each image's name."
        )
    if not is_folder:
        raise ConfigError(f"mask: there is no file or folder {masks}.")
    masks_by_stem: dict[str, list[str]] = {}
    for siblings in walk(masks):
        for name in siblings.images:
            masks_by_stem.setdefault(_stem(name), []).append(name)
    masks_of_jobs = [masks_by_stem.get(_stem(job.name), []) for job in jobs]
    if repeated := next((names for names in masks_of_jobs if len(names) > 1), None):
        first, second, *_ = (masks / name for name in repeated)
        raise ConfigError(f"mask: {first} and {second} are for one image: keep one of them.")
    if jobs and not is_shard and not any(masks_of_jobs):
        example = f"{_stem(jobs[0].name)}.png"
        raise ConfigError(
            f"mask: no file in {masks} has the name of an image: expected {masks / example}, or "
            "another suffix."
        )
    return [
        job._replace(mask=masks / names[0] if names else None)
        for job, names in zip(jobs, masks_of_jobs, strict=True)
    ]


def _stem(name: str) -> str:
    """Return the path of a file without its suffix, in Unicode normal form NFC."""
    return unicodedata.normalize("NFC", split_suffix(name)[0])
