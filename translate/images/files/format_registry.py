"""The image formats that plugins register, and the detection of a file's format."""

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from translate import registry
from translate.engine.plugins import discovery
from translate.engine.processes.signals import reraise_interruption
from translate.errors import BadImage, ConfigError, PluginError, describe_error, suggest
from translate.formats import Format, Header
from translate.images.layers import errors_as_bad_image

if TYPE_CHECKING:
    from translate.images.source import EncodedImage

DEFAULT_SUFFIXES = (".png", ".tif")
"""suffixes of outputs that cannot be written in the format of their input, in this order"""
UNREADABLE = (
    (0, b"\x00\x00\x00\x0cjP  ", "JPEG 2000"), (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (128, b"DICM", "DICOM"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"), (0, b"#?", "Radiance HDR"),
    (0, b"8BPS", "Photoshop"), (0, b"%PDF", "PDF"), (0, b"%!PS", "PostScript"),
    (0, b"SIMPLE  =", "FITS"), (0, b"PK\x03\x04", "ZIP"), (0, b"\x1f\x8b", "gzip"),
    (0, b"icns", "ICNS"), (0, b"\x00\x00\x01\x00", "ICO"),
    (0, b"version https://git-lfs", "a Git LFS pointer, which `git lfs pull` replaces"),
    (0, b"<", "HTML, XML or SVG"),
)  # fmt: skip
"""offset, bytes and name of formats that cannot be read, for the message"""

logger = logging.getLogger(__name__)


class NamedFormat(NamedTuple):
    """A format, and the name that its plugin registers it by."""

    name: str
    format: Format


def detect(source: "EncodedImage") -> tuple[Format, Header]:
    """Return the format of `source`, detected by its bytes, and the header of its first frame.

    Raises `BadImage` if no format recognizes the file, or it cannot be read.
    """
    for named_format in formats():
        with errors_as_bad_image(source.path):
            header = named_format.format.probe(source)
        if header is not None:
            return named_format.format, header
    known_formats = ", ".join(sorted(named_format.name.upper() for named_format in formats()))
    unreadable = (
        name for offset, magic, name in UNREADABLE if source.data.startswith(magic, offset)
    )
    hint = f", but {name}" if (name := next(unreadable, "")) else ""
    raise BadImage(source.path, f"no image of a known format ({known_formats}){hint}")


def image_suffixes() -> frozenset[str]:
    """Return the suffixes of files that are images, in lower case."""
    return frozenset(
        suffix for named_format in formats() for suffix in named_format.format.suffixes
    )


def can_hold(suffix: str, channels: int = 3, dtype: str = "uint8", *, alpha: bool = False) -> bool:
    """Return whether such an image can be written with this suffix, such as ``.png``.

    `channels` includes the alpha channel.
    """
    writer = writer_of(suffix)
    if writer is None:
        return False
    writable = writer.format.writes[suffix.lower()]
    colours = channels - alpha
    fits = colours in writable.channels and dtype in writable.dtypes
    return fits and (not alpha or (writable.alpha and colours in (1, 3)))


def writable_suffixes(channels: int = 3, dtype: str = "uint8") -> list[str]:
    """Return the suffixes of files that can hold such an image, sorted."""
    suffixes = {suffix for named_format in formats() for suffix in named_format.format.writes}
    return sorted(suffix for suffix in suffixes if can_hold(suffix, channels, dtype))


def best_dtype(suffix: str, channels: int, dtype: str, alpha: bool = False) -> str:
    """Return the dtype in which a file can store an image of `dtype`; "" if it cannot.

    Photographs may lose bits. `channels` does not include the alpha channel.
    """
    candidates = (dtype, "uint16", "uint8") if dtype in ("uint16", "float32") else (dtype,)
    storable = (t for t in candidates if can_hold(suffix, channels + alpha, t, alpha=alpha))
    return next(storable, "")


def default_suffix(channels: int = 3, dtype: str = "uint8", *, alpha: bool = False) -> str:
    """Return a suffix for such an output if the format of its input cannot store it.

    Raises `ConfigError` if no installed format can store such an image.
    """
    for suffix in (*DEFAULT_SUFFIXES, *writable_suffixes(channels, dtype)):
        if can_hold(suffix, channels, dtype, alpha=alpha):
            return suffix
    raise ConfigError(
        f"format: no installed format can be written with {channels} channels of {dtype}."
    )


def output_suffix(name: str, channels: int = 3, dtype: str = "uint8") -> str:
    """Return the suffix of the format that a user calls `name`, such as png or .png.

    Raises `ConfigError` if the format is unknown, or cannot store such an image.
    """
    suffix = f".{name.lower().removeprefix('.')}"
    if can_hold(suffix, channels, dtype):
        return suffix
    names = [suffix[1:] for suffix in writable_suffixes(channels, dtype)]
    kind = "" if dtype == "uint8" else f" of {dtype}"
    raise ConfigError(
        f"format: cannot write {name!r} of {channels} channels{kind}.{suggest(suffix[1:], names)}"
    )


def is_same_format(suffix: str, other: str) -> bool:
    """Return whether files with these two suffixes have one format."""
    return writer_of(suffix) == writer_of(other)


def is_lossy(suffix: str) -> bool:
    """Return whether saving a file with this suffix changes pixels."""
    writer = writer_of(suffix)
    return writer is not None and not writer.format.lossless


def writer_of(suffix: str) -> NamedFormat | None:
    """Return the format that files with this suffix are written in, or None."""
    return next(
        (
            named_format
            for named_format in formats()
            if suffix.lower() in named_format.format.writes
        ),
        None,
    )


def formats() -> tuple[NamedFormat, ...]:
    """Return the formats in the order of detection: built-in formats last.

    Raises `PluginError` if there is none, as in a checkout that is newer than its installation.
    """
    hooks = discovery.load_for("register_formats").hook.register_formats.get_hookimpls()
    return _formats(tuple(hooks))


@lru_cache(maxsize=4)
def _formats(hooks: tuple[object, ...]) -> tuple[NamedFormat, ...]:  # noqa: ARG001 - the cache's key
    registrations = registry.list_registrations("format")
    builtin_last = sorted(registrations, key=lambda r: r.distribution == discovery.OWN_DISTRIBUTION)
    if created := tuple(filter(None, map(_create, builtin_last))):
        return created
    raise PluginError(
        "no image format is registered, so no image can be read: the installation is older than "
        f"its code. Install {discovery.OWN_DISTRIBUTION} again; in a checkout: make environment."
    )


def _create(registration: registry.Registration) -> NamedFormat | None:
    """Return the format; None, with a warning, if its plugin raises an exception."""
    try:
        return NamedFormat(registration.name, registration.factory())
    except BaseException as error:
        reraise_interruption(error)
        where = f"{registration.distribution}:{registration.entry}, format {registration.name}"
        discovery.skipped[where] = error
        logger.warning("%s failed (%s).", where, describe_error(error))
        return None
