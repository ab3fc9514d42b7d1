"""Warnings about a data set that is usable, printed once before training."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from numpy.typing import NDArray

from translate.batches import Domain, Layout
from translate.engine.config.schema import Data
from translate.engine.data.opened_files import OpenedFiles
from translate.engine.loading.order import spread
from translate.engine.processes.signals import reraise_interruption
from translate.formats import Header, Note
from translate.images.domains import domain_images, levels
from translate.images.files.format_registry import is_lossy
from translate.images.metadata.lost_information import lost_information_notes

PICKED_ITEMS = 100
"""number of items of the layout in which a domain with a single image is found"""
HEADERS_CHECKED = 32
"""number of files of a domain that are checked for a palette"""
IMAGES_CHECKED = 4
"""number of files of a domain to check the pixel values of"""
JOINED_RATIO = (1.6, 3.0)
"""smallest and largest width / height of two images side by side, each between 4:5 and 3:2"""
FEW_LEVELS = 32
"""a domain is nearly constant if its values span less than this / 256 of its range"""


def notes_on_losses(
    headers: Mapping[Path, Any], domains: Mapping[Path, Domain]
) -> list[tuple[Path, Note]]:
    """Return a note for each loss of information in reading a file with its domain's settings.

    `headers` has a `Header`, or an error, for each file.
    """
    return [
        (path, note)
        for path, header in headers.items()
        if isinstance(header, Header)
        for note in lost_information_notes(header, domains[path])
    ]


def find_warnings(
    layout: Layout,
    data: Data,
    loss_notes: Sequence[tuple[Path, Note]],
    sizes: Collection[tuple[int, int]],
    read: Callable[[Path], NDArray[Any]],
) -> list[str]:
    """Return a line for each property of the data that the user may not have intended.

    Args:
        layout: The layout, without unusable files.
        data: The settings.
        loss_notes: The result of `notes_on_losses`.
        sizes: Height and width of each usable file.
        read: Returns the pixels of a file.
    """
    return [
        *_losses(loss_notes, len(sizes)),
        *layout.notes,
        *_small_images(data, sizes),
        *_pixel_values(layout, read),
        *_lossy_labels(layout),
        *_single_images(layout),
        *_unlikely_pairs(layout, data, sizes),
    ]


def _losses(loss_notes: Sequence[tuple[Path, Note]], count: int) -> Iterable[str]:
    """Yield a line for each kind of loss, with the first file that has it."""
    kinds = Counter(note.kind for _, note in loss_notes)
    for kind, number in kinds.items():
        path, note = next((path, note) for path, note in loss_notes if note.kind == kind)
        more = f" (and {number - 1} more of {count})" if number > 1 else ""
        yield f"{path}{more}: {note.text}"


def _single_images(layout: Layout) -> Iterable[str]:
    """Yield a line for each domain that has only one image."""
    picked = [files for number in range(PICKED_ITEMS) if (files := _pick(layout, number))]
    for image, *others in map(set, zip(*picked, strict=False)):
        if not others and image in layout.files:
            yield f"{image} is the only image of its domain: networks will overfit it"


def _unlikely_pairs(
    layout: Layout, data: Data, sizes: Collection[tuple[int, int]]
) -> Iterable[str]:
    """Yield a warning if most images are too narrow or too wide for two images side by side."""
    if not layout.joined:
        return
    least, most = JOINED_RATIO
    unlikely = [(height, width) for height, width in sizes if not least <= width / height <= most]
    if 2 * len(unlikely) > len(sizes):
        height, width = unlikely[0]
        yield (
            f"{len(unlikely)} of {len(sizes)} images below {data.root} are not about twice as wide "
            f"as high, as joined pairs are; the first is {width}x{height}. Each is split into two "
            "halves anyway. If they are not pairs, name the folder of the pairs, --data DIR, "
            "or another layout: translate show --kind layout"
        )


def _pick(layout: Layout, number: int) -> tuple[Path, ...]:
    """Return the files of an item; () if a plugin raises an error, which training reports."""
    try:
        return layout.pick(number % len(layout), Random(number)).files
    except BaseException as error:
        reraise_interruption(error)
        return ()


def _small_images(data: Data, sizes: Collection[tuple[int, int]]) -> Iterable[str]:
    """Yield a line with the number of images smaller than a crop, and how they are enlarged."""
    rows, columns = data.crop
    if small := sum(height < rows or width < columns for height, width in sizes):
        how = "padded at their edges" if data.resize == "fit" else "enlarged to the crop"
        yield f"{small} of {len(sizes)} images are smaller than the crop of {rows}x{columns}: {how}"


def _pixel_values(layout: Layout, read: Callable[[Path], NDArray[Any]]) -> Iterable[str]:
    """Yield a line for each domain with pixel values that do not fit its range."""
    for index, (_, name, files) in enumerate(_domains(layout)):
        domain = layout.spec.domains[index]
        values = [v for p in spread(files, IMAGES_CHECKED) if (v := _values(p, read)) is not None]
        if values:
            yield from _few_levels(name, domain, values)
            yield from _clipped_values(domain, values)


def _few_levels(name: str, domain: Domain, values: Sequence[NDArray[Any]]) -> Iterable[str]:
    """Yield a line for a domain with few levels, as maps of class indices have."""
    least, most = min(float(v.min()) for v in values), max(float(v.max()) for v in values)
    low, high = domain.range
    if most - least >= FEW_LEVELS / 256 * (high - low):
        return
    extent = f"{name}: values from {least:g} to {most:g}"
    if domain.dtype != "uint8":
        low_end, high_end = propose_range(domain.dtype, least, most)
        yield (
            f"{extent} in the {len(values)} images checked, a small part of {domain.dtype} from "
            f"{low:g} to {high:g}. State the range of all files: "
            f'--set "data.range={{{name}: [{low_end:g}, {high_end:g}]}}"'
        )
        return
    fix = "" if domain.labels else f", --set data.labels=[{name}] keeps them apart, and"
    yield (
        f"{extent} of 255 in the {len(values)} images checked, nearly constant. If they are class "
        f"indices{fix or ','} a network distinguishes them better as colours of a palette"
    )


def propose_range(dtype: str, least: float, most: float) -> tuple[float, float]:
    """Return a range that holds the values from `least` to `most` of a few images.

    For uint16 the range is that of the fewest bits, such as 0 to 4095 for 4080: a few images rarely
    have the largest value that a scanner writes. For other dtypes it is `least` to `most`.
    """
    if dtype != "uint16" or most < 1:
        return least, most
    return 0, 2 ** int(most).bit_length() - 1


def _clipped_values(domain: Domain, values: Sequence[NDArray[Any]]) -> Iterable[str]:
    """Yield a line for a domain with values outside its range."""
    shares = [levels.saturation(each, domain) for each in values]
    below, above = (sum(share) / len(shares) for share in zip(*shares, strict=True))
    if text := levels.describe_saturation((below, above), domain):
        yield f"{text}, in the {len(values)} images checked: clipped, see data.range"


def _lossy_labels(layout: Layout) -> Iterable[str]:
    """Yield a line for each domain of label maps with lossy files."""
    domains = domain_images.domains_by_role(layout.spec)
    for role, name, files in _domains(layout):
        if domains[role].labels and any(is_lossy(path.suffix) for path in files):
            yield f"{name}: label maps in JPEG have values of no class at edges: use PNG"


def palette_domains(layout: Layout, domains: Sequence[str], cache: OpenedFiles) -> tuple[str, ...]:
    """Return the `domains` of `layout` in which all checked files are PNGs with a palette."""
    if len(layout.domain_files) != len(domains):
        return ()

    def has_palette(path: Path) -> bool:
        header = cache.header(path)
        return header is not None and header.label_map

    return tuple(
        name
        for name, files in zip(domains, layout.domain_files, strict=True)
        if files and all(map(has_palette, spread(files, HEADERS_CHECKED)))
    )


def _values(path: Path, read: Callable[[Path], NDArray[Any]]) -> NDArray[Any] | None:
    """Return the pixels of a file; None if it cannot be read."""
    try:
        return read(path)
    except Exception:
        return None  # training reports the error


def _domains(layout: Layout) -> Iterable[tuple[str, str, Sequence[Path]]]:
    """Yield role, name and files of each domain; nothing if the layout does not know them."""
    names = layout.spec.names
    if len(layout.domain_files) != len(names):
        return
    for index, (name, files) in enumerate(zip(names, layout.domain_files, strict=True)):
        is_last = index == len(names) - 1
        yield "source" if index == 0 else "target" if is_last else name, name, files
