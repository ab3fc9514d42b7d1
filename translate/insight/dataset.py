"""Check folders of images as training does, without training."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

from numpy.typing import NDArray

from translate.batches import Domain, Layout
from translate.engine.config.schema import Data
from translate.engine.data import check, data_warnings
from translate.engine.data.opened_files import OpenedFiles
from translate.engine.loading.transform import require_size
from translate.engine.splits import groups, near_duplicates
from translate.errors import BadImage, DataError
from translate.images.domains import domain_images, levels
from translate.images.layers import errors_as_bad_image
from translate.insight.file_reports import FileReport, Finding, pixel_formats, pixel_values, sizes

THREADS = 8
MAX_LISTED = 20
"""largest number of findings of one kind that are shown"""
MAX_EQUAL = 4
"""largest number of equal files that are named in a finding"""
SPLITS = ("train", "val", "test")


def check_images(data: Data) -> Iterator[Finding]:
    """Decode the images of `data` in every split once, and yield the findings.

    Raises:
        DataError: There is nothing to train on.
    """
    reports, problems, files = list[FileReport](), list[BadImage](), OpenedFiles()
    named_splits = (data.validation,) if isinstance(data.validation, str) else ()
    names = dict[str, list[str]]()
    for split in dict.fromkeys((data.split, *SPLITS, *named_splits)):
        try:
            layout = check.open_layout(data.model_copy(update={"split": split}), files=files)
        except DataError:
            if split == data.split:
                raise
            continue
        # a folder without subfolders has the same files in every split
        new_files = set(layout.files) - {report.path for report in reports}
        if split != data.split and not new_files:
            continue
        yield Finding("ok", f"{split}: {len(layout)} items in {len(layout.files)} files")
        settings = data.model_copy(update={"split": split})
        names[split] = [*groups.relative_names(layout.files, settings).values()]
        for line in groups.ungrouped_warnings(layout, settings):
            yield Finding("note", f"{split}: {line}")
        problems += layout.problems
        common = domain_images.common_domain(layout.spec)
        by_path = domain_images.domains_by_file(layout)
        domain_of = {path: by_path.get(path, common) for path in sorted(new_files)}
        check_file = partial(_check_file, split, data, files)
        with ThreadPoolExecutor(THREADS) as pool:
            new_reports = [*pool.map(check_file, domain_of, domain_of.values())]
        reports += new_reports
        yield from _unequal_pairs(layout, {report.path: report for report in reports})
        yield from _training_warnings(layout, data, new_reports, domain_of, files)
    yield from _first_few(
        [Finding("broken", str(error), "skipped and listed") for error in problems]
    )
    yield from _unreadable_files(reports, data)
    yield from pixel_formats(reports)
    yield from pixel_values(reports)
    yield from sizes(reports)
    yield from _equal_images(reports)
    yield from _near_duplicates(reports, data.split)
    yield from _shared_groups(names, data)


def _training_warnings(
    layout: Layout,
    data: Data,
    reports: Sequence[FileReport],
    domain_of: Mapping[Path, Domain],
    files: OpenedFiles,
) -> Iterator[Finding]:
    """Yield the warnings that training prints for the same files."""
    headers = {report.path: report.header for report in reports}
    sizes = [report.header.size for report in reports if report.header]
    notes_on_losses = data_warnings.notes_on_losses(headers, domain_of)

    def read(path: Path) -> NDArray[Any]:
        return domain_images.decode(files.read(path), domain_of[path])

    for line in data_warnings.find_warnings(layout, data, notes_on_losses, sizes, read):
        yield Finding("note", f"{reports[0].split}: {line}" if reports else line)


def _check_file(
    split: str, data: Data, files: OpenedFiles, path: Path, domain: Domain
) -> FileReport:
    try:
        image = files.read(path)
        pixels = domain_images.decode(image, domain)
        with errors_as_bad_image(path):
            require_size(data, *image.header.size)
            domain_images.require_readable(image.header, domain)
    except BadImage as bad:
        return FileReport(path, split, None, "", bad.reason)
    return FileReport(
        path,
        split,
        image.header.without_extra(),
        image.sha256,
        "",
        near_duplicates.hash_pixels(pixels),
        domain,
        (float(pixels.min()), float(pixels.max())),
        levels.saturation(pixels, domain),
    )


def _unreadable_files(reports: Sequence[FileReport], data: Data) -> Iterator[Finding]:
    """Find files that cannot be read, and whether they are too many to train."""
    errors = [f"{report.path}: {report.error}" for report in reports if report.error]
    yield from _first_few([Finding("broken", text, "skipped and listed") for text in errors])
    training_files = [report for report in reports if report.split == data.split]
    unreadable = sum(bool(report.error) for report in training_files)
    if training_files and unreadable > data.max_bad * len(training_files):
        yield Finding(
            "broken", f"{unreadable} of {len(training_files)} files cannot be read",
            f"training is refused: data.max_bad is {data.max_bad:g}",
        )  # fmt: skip


def _equal_images(reports: Sequence[FileReport]) -> Iterator[Finding]:
    """Find files with the same bytes."""
    by_digest: dict[str, list[FileReport]] = defaultdict(list)
    for report in reports:
        if report.sha256:
            by_digest[report.sha256].append(report)
    across_splits, within_split = list[Finding](), list[Finding]()
    for equal in (group for group in by_digest.values() if len(group) > 1):
        if len({report.split for report in equal}) > 1:
            effect = "a test image is a training image: remove one of them"
            across_splits.append(Finding("broken", _equal_files(equal), effect))
        else:
            effect = "used more often than others"
            within_split.append(Finding("note", _equal_files(equal), effect))
    yield from _first_few(across_splits)
    yield from _first_few(within_split)


def _equal_files(group: Sequence[FileReport]) -> str:
    """Return the paths of equal files; of many, the first one of each split and some others."""
    firsts = {report.split: report.path for report in reversed(group)}.values()
    paths = [report.path for report in group]
    by_rank = sorted(paths, key=lambda path: path not in firsts)  # the first of each split leads
    listed_paths = sorted(by_rank[:MAX_EQUAL], key=paths.index)
    more = [f"... ({len(paths)} files)"] if len(paths) > len(listed_paths) else []
    return " = ".join([*map(str, listed_paths), *more])


def _near_duplicates(reports: Sequence[FileReport], train_split: str) -> Iterator[Finding]:
    """Find images of other splits that nearly equal training images."""
    digests = {report.path: report.sha256 for report in reports}
    training_reports = [report for report in reports if report.split == train_split]
    other_reports = [report for report in reports if report.split != train_split]
    training_hashes, other_hashes = (
        near_duplicates.stack((report.path, report.perceptual_hash) for report in group)
        for group in (training_reports, other_reports)
    )
    pairs = near_duplicates.find_near_duplicates(other_hashes, training_hashes)
    yield from _first_few(
        [
            Finding(
                "note",
                f"{pair.path} is nearly {pair.other} ({pair.bits} of 256 bits differ)",
                "results on it are too good: remove one of them",
            )
            for pair in pairs
            if digests[pair.path] != digests[pair.other]
        ]
    )


def _shared_groups(names: Mapping[str, Sequence[str]], data: Data) -> Iterator[Finding]:
    """Find the groups of `data.groups` that have images in two splits."""
    for first, second in combinations(names, 2):
        if shared := groups.shared_groups(names[first], names[second], data):
            group_names = ", ".join(shared[:5]) + ", ..." * (len(shared) > 5)
            yield Finding(
                "broken",
                f"data.groups: {len(shared)} groups are in {first} and in {second}: {group_names}",
                "results on them are too good: move each to one split",
            )


def _unequal_pairs(layout: Layout, reports: Mapping[Path, FileReport]) -> Iterator[Finding]:
    """Find pairs of images with different sizes."""
    unequal = []
    for index in range(len(layout) if layout.paired else 0):
        files = layout.pick(index, Random(0)).files
        headers = [reports[path].header for path in files if path in reports]
        sizes = [header.size for header in headers if header]
        if len(set(sizes)) > 1:
            text = " and ".join(f"{width}x{height}" for height, width in sizes)
            unequal.append(
                Finding("broken", f"{files[0]}: {text}", "the pair is skipped and listed")
            )
    yield from _first_few(unequal)


def _first_few(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Yield the first `MAX_LISTED` findings, and a finding with the number of the others."""
    yield from findings[:MAX_LISTED]
    if len(findings) > MAX_LISTED:
        yield findings[MAX_LISTED]._replace(
            message=f"... and {len(findings) - MAX_LISTED} more of this kind"
        )
