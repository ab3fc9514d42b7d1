"""The images to translate and their output files, known before any translation."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from glob import has_magic
from pathlib import Path, PurePath
from typing import NamedTuple

from translate.batches import UNNAMED, Domain
from translate.engine.disk import folders
from translate.engine.inference.sources import Job, Sources
from translate.errors import BadImage, ConfigError, DataError, NothingUsableError
from translate.folders import skipped
from translate.folders.listing import find_images, match, scan, stem_below
from translate.images.format_registry import (
    can_hold,
    default_suffix,
    is_same_format,
    output_suffix,
    writable_suffixes,
)
from translate.images.levels import is_photographic
from translate.images.tar_files import find_member, is_tar, without_tar_suffixes


class Inputs(NamedTuple):
    """The files that a source consists of."""

    root: Path
    """the folder whose tree the output mirrors"""
    images: list[Path]
    skipped: list[Path]
    """files without an image suffix"""
    problems: list[BadImage]


def find_inputs(source: str | Path, out: Path) -> Inputs:
    """Return the images of `source`: a file, a folder at any depth, or a glob.

    Files in `out` are skipped if it is inside the source. Raises a `TranslateError` if there is
    no image, or `out` cannot be written to.
    """
    inputs = _find(Path(source))
    root, inside = inputs.root.resolve(), out.resolve()
    if root == inside:
        raise ConfigError(f"{out} is the folder of the images: choose another folder for OUT.")
    if not out.exists() and can_hold(out.suffix):
        raise ConfigError(f"OUT is a folder, and {out} looks like an image: try {out.parent}.")
    if inside.is_relative_to(root):
        outside = [p for p in inputs.images if not p.parent.resolve().is_relative_to(inside)]
        inputs = inputs._replace(images=outside)
    if not inputs.images and not inputs.problems:
        files = f": {text}" if (text := skipped.describe(inputs.skipped)) else ""
        raise NothingUsableError(f"there is no image in {source}{files}.")
    folders.ensure_writable(out)
    return inputs


def _find(source: Path) -> Inputs:
    if source.is_dir() or is_tar(source):
        return Inputs(source, *scan(source))
    if source.exists() or find_member(source):
        return Inputs(source.parent, [source], [], [])
    if not has_magic(str(source)):
        raise DataError(f"there is no file or folder {source}.")
    root, files = match(source)
    return Inputs(root, *files)


def assign_outputs(
    inputs: Inputs,
    out: Path,
    *,
    target: Domain = UNNAMED,
    form: str | None = None,
    gray: bool = False,
) -> list[Job]:
    """Return where the translation of each image goes: to the same place and name below `out`.

    Those of a tar file ``00.tar`` go to a folder ``00``. A suffix is kept where its format can hold
    a result of the domain `target`, and is `form` if that is given. Otherwise it becomes ``.form``,
    by default ``.png``, appended to the whole old name if the short one is taken. With `gray`,
    images of a format without colour have gray results. Raises `ConfigError` where two images would
    become one file, if only on some file systems.
    """
    choose = suffix_of_result(target, form, gray=gray)
    root = inputs.root
    names = [without_tar_suffixes(path.relative_to(root), root) for path in inputs.images]
    suffixes = {name.suffix: choose(name.suffix) for name in names}
    kept = {name for name in names if suffixes[name.suffix] == name.suffix}
    taken = {_folded(name) for name in kept}
    taken |= {_folded(folder) for name in names for folder in name.parents}
    claims: dict[PurePath, list[str]] = {}
    jobs = []
    for path, name in zip(inputs.images, names, strict=True):
        new = name
        if name not in kept:
            suffix = suffixes[name.suffix]
            short, long = name.with_suffix(suffix), name.with_name(name.name + suffix)
            new = long if _folded(short) in taken else short
            taken.add(_folded(new))
        claims.setdefault(_folded(new), []).append(str(name))
        jobs.append(Job(path, out / new))
    if clashes := [" and ".join(names) for names in claims.values() if len(names) > 1]:
        listed = "; ".join(clashes[:10]) + ("; ..." if len(clashes) > 10 else "")
        raise ConfigError(f"these would become one file, rename one of each: {listed}.")
    return jobs


def suffix_of_result(
    target: Domain, form: str | None = None, *, gray: bool = False
) -> Callable[[str], str]:
    """Return the function from the suffix of an image to that of its translation.

    A suffix is kept where its format can hold a result of the domain `target`, and is `form` if
    that is given. With `gray`, images of a format without colour have gray results. Raises
    `ConfigError` where no format can hold the result.
    """
    channels, dtype, alpha = target.channels, target.dtype, target.alpha
    if is_photographic(target) and (form or not writable_suffixes(channels, dtype)):
        dtype = "uint8"  # with fewer bits, as a note says
    other = (
        output_suffix(form, channels, dtype)
        if form
        else default_suffix(channels, dtype, alpha=alpha)
    )

    def choose(suffix: str) -> str:
        count = 1 if gray and not can_hold(suffix, 3) else channels
        keeps = can_hold(suffix, count, dtype, alpha=alpha)
        return suffix if keeps and (not form or is_same_format(suffix, other)) else other

    return choose


def with_masks(jobs: Sequence[Job], root: Path, masks: Path) -> list[Job]:
    """Return `jobs`, each with the mask in `masks` that has its path without suffix, if any.

    If `masks` is a file, it is the mask of a single image. Raises `ConfigError` if there is no
    such file or folder, a file is given for several images, or an image has two masks, or none has
    one.
    """
    if masks.is_file() and len(jobs) == 1:
        return [jobs[0]._replace(mask=masks)]
    if masks.is_file():
        raise ConfigError(
            f"mask: {masks} is one file, and there are {len(jobs)} images: expected one image, or "
            "a folder with a mask for each, named as the images are."
        )
    if not masks.is_dir():
        raise ConfigError(f"mask: there is no file or folder {masks}.")
    known: dict[str, list[Path]] = {}
    for path in find_images(masks):
        known.setdefault(stem_below(path, masks), []).append(path)
    of_jobs = [known.get(stem_below(job.input, root), []) for job in jobs]
    if repeated := next((paths for paths in of_jobs if len(paths) > 1), None):
        raise ConfigError(
            f"mask: {repeated[0]} and {repeated[1]} are for one image: keep one of them."
        )
    if not any(of_jobs):
        example = f"{stem_below(jobs[0].input, root)}.png"
        raise ConfigError(
            f"mask: nothing in {masks} is named as an image is: expected {masks / example}, "
            "or another suffix."
        )
    return [
        job._replace(mask=paths[0] if paths else None)
        for job, paths in zip(jobs, of_jobs, strict=True)
    ]


def with_frames(jobs: Sequence[Job], sources: Sources) -> list[Job]:
    """Return `jobs`, with one for each frame, ``x.0001.png`` and so on, if there are several.

    Raises `ConfigError` if such a name is that of another image.
    """
    split = [of_frame for job in jobs for of_frame in _frames(job, sources)]
    names = Counter(_folded(job.output) for job in split)
    if repeated := [str(job.output) for job in split if names[_folded(job.output)] > 1]:
        raise ConfigError(f"frames: two images would become {repeated[0]}: rename one of them.")
    return split


def _frames(job: Job, sources: Sources) -> list[Job]:
    try:
        header = sources.look(job).header
    except BadImage:
        return [job]  # reading it lists the problem
    if header.frames == 1:
        return [job]
    stem, suffix = job.output.stem, job.output.suffix
    outputs = [job.output.with_name(f"{stem}.{n:04}{suffix}") for n in range(1, header.frames + 1)]
    return [job._replace(output=output, frame=n) for n, output in enumerate(outputs)]


def _folded(name: PurePath) -> PurePath:
    """Return `name` without case and with composed accents, which some file systems ignore."""
    return PurePath(unicodedata.normalize("NFC", name.as_posix().casefold()))
