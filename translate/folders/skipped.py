"""Messages on files without an image suffix, which are not read, with ways to convert them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

MAX_NAMES = 3
"""number of files that a message names"""
COMPRESSIONS = {".gz", ".bz2", ".xz"}
ADVICE = {
    "develop to 16-bit TIFF or PNG": ".arw .cr2 .cr3 .dng .nef .orf .raf .raw .rw2",
    "save its slices as 16-bit PNG or TIFF (pydicom reads it)": ".dcm .dicom",
    "save its slices as 16-bit PNG or TIFF (nibabel reads it)": ".nii .nii.gz .mgz",
    "save its arrays as .npy files": ".mat .h5 .hdf5 .pt .pth",
    "convert to PNG or TIFF": ".bpg .dds .exr .hdr .ico .j2k .jp2 .pcx .psd .qoi .tga .xcf",
    "render its pages as PNG": ".ai .eps .pdf .ps .svg",
    "save its frames as PNG (ffmpeg -i video.mp4 frames/%06d.png)": (
        ".avi .m4v .mkv .mov .mp4 .mpeg .mpg .webm .wmv"
    ),
    "unpack it": ".7z .bz2 .gz .rar .tar .tar.bz2 .tar.gz .tar.xz .tgz .xz .zip",
}
"""Suffixes of files that are not read, by the advice that a message gives for them."""
BY_SUFFIX = {suffix: advice for advice, suffixes in ADVICE.items() for suffix in suffixes.split()}


def describe(paths: Sequence[Path]) -> str:
    """Return a message on skipped files: their number, suffixes, first names, and advice.

    The message is empty if there are no files.
    """
    if not paths:
        return ""
    suffixes = Counter(map(_suffix, paths))
    counts = ", ".join(f"{n} {suffix or 'without suffix'}" for suffix, n in suffixes.most_common(5))
    files = f"{len(paths)} file{'s' * (len(paths) > 1)}"
    more = ", ..." if len(paths) > MAX_NAMES or len(suffixes) > 5 else ""
    text = f"skipped {files} without an image suffix ({counts}): "
    text += f"{', '.join(map(str, paths[:MAX_NAMES]))}{more}"
    for advice in dict.fromkeys(BY_SUFFIX[s] for s, _ in suffixes.most_common() if s in BY_SUFFIX):
        advised = [
            suffix for suffix, _ in suffixes.most_common() if BY_SUFFIX.get(suffix) == advice
        ]
        text += f"; {', '.join(advised)}: not read, {advice}"
    return text


def advice(path: Path) -> str:
    """Return how to convert a file that is not read, such as a video; "" without advice."""
    return BY_SUFFIX.get(_suffix(path), "")


def _suffix(path: Path) -> str:
    """Return the suffix of `path` in lower case: ``.png``, or ``.nii.gz`` of a compressed file."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]] or [""]
    last, joined = suffixes[-1], "".join(suffixes)
    return joined if last in COMPRESSIONS and joined in BY_SUFFIX else last
