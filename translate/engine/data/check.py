"""Check every file of a dataset once, before training.

Unusable files are excluded before training. So the content of a batch depends only on the
configuration, the seed and the step, for any number of workers and across resumes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from translate import registry
from translate.batches import Domain, Layout
from translate.engine.config.schema import Data
from translate.engine.data.data_warnings import find_warnings, notes_on_losses, palette_domains
from translate.engine.data.domains import domains_of, require_compatible_domains
from translate.engine.data.opened_files import OpenedFiles
from translate.engine.disk.records.problems import Problem
from translate.engine.loading.cache import Cache, cached_bytes
from translate.engine.loading.item_errors import item_error
from translate.engine.loading.scaling import ScaledImages
from translate.engine.loading.transform import Augment, require_size
from translate.engine.processes.pool import DaemonThreadPool
from translate.engine.system.locations import UrlPath
from translate.errors import BadImage, ConfigError, DataError, TrainingError
from translate.formats import Header
from translate.images.domains import domain_images
from translate.images.layers import errors_as_bad_image

THREADS = 8
"""number of threads that read files"""


class CheckedData(NamedTuple):
    """A dataset after the check: the layout without unusable files, problems and warnings."""

    layout: Layout
    augment: Augment
    problems: list[Problem]
    """unusable files, which `layout` excludes"""
    warnings: list[str]
    """warnings about the usable files"""
    notes: Sequence[Problem] = ()
    """for usable files, information that reading loses, such as an alpha channel"""
    validation: "CheckedData | None" = None
    """images for evaluation, which are not trained on"""


def open_layout(
    data: Data,
    leave_out: Iterable[Path] = (),
    files: OpenedFiles | None = None,
    *,
    known_domains: Sequence[Domain] = (),
) -> Layout:
    """Return the layout of `data`, with the files that it finds.

    Args:
        data: The settings.
        leave_out: Files that the layout excludes, such as unusable ones.
        files: Keeps files after their header was read, to decode them later.
        known_domains: The domains of a run, or of another split of `data`; by default the
            headers of a few files determine the domains.

    Raises:
        DataError: Folders cannot be used.
        ConfigError: Settings of domains contradict each other.
    """
    files = files or OpenedFiles()
    _require_readable_root(data)
    layout: Layout = registry.create(
        "layout",
        data.layout,
        root=data.root,
        domains=data.domains,
        split=data.split,
        leave_out=tuple(leave_out),
    )
    if data.labels is None and (label_maps := palette_domains(layout, data.domains, files)):
        data = data.model_copy(update={"labels": label_maps})
        layout.notes = [
            *layout.notes,
            f"label maps: {' and '.join(label_maps)}, as all sampled images have a palette. They "
            "are never blended; --set data.labels=[] reads them as photographs",
        ]
    domains = (
        known_domains
        if len(known_domains) == len(layout.spec.domains)
        else domains_of(layout, data, files)
    )
    layout.spec = replace(layout.spec, domains=tuple(domains), size=data.crop)
    require_compatible_domains(layout, data)
    return layout


def _require_readable_root(data: Data) -> None:
    """Raise `ConfigError` for a store that the layout does not read."""
    factory = registry.find("layout", data.layout_name)
    if isinstance(data.root, UrlPath) and not getattr(factory, "reads_stores", False):
        layouts = registry.names("layout").items()
        able = [name for name, each in layouts if getattr(each, "reads_stores", False)]
        raise ConfigError(
            f"data.root: {data.root} is in a store, which the layout {data.layout_name!r} does not "
            f"read: copy its images to a disk. Layouts that read stores: {', '.join(able)}."
        )


def is_joined(data: Data) -> bool:
    """Return whether the domains of `data` are halves of side-by-side images, not folders."""
    factory = registry.find("layout", data.layout_name)
    return isinstance(factory, type) and issubclass(factory, Layout) and factory.joined


def check_data(layout: Layout, data: Data, files: OpenedFiles | None = None) -> CheckedData:
    """Check each file of `layout` once, and return the dataset without the unusable files.

    If all images fit into ``data.cache`` gigabytes they are decoded and kept in memory; otherwise
    only their headers are read.

    Raises:
        DataError: No file is usable.
        TrainingError: The fraction of unusable files exceeds ``data.max_bad``.
        ConfigError: ``data.augment`` names an unknown transform.
    """
    files = files or OpenedFiles()
    with DaemonThreadPool(THREADS) as pool:
        common_domain = domain_images.common_domain(layout.spec)  # of files of no domain
        domains = domain_images.domains_by_file(layout)
        by_path = {path: domains.get(path, common_domain) for path in layout.files}
        results = pool.map(partial(_probe, data, files), by_path, by_path.values())
        headers = dict(zip(by_path, results, strict=True))
        sizes = {p: error.size for p, error in headers.items() if isinstance(error, Header)}
        cache_bytes = sum(cached_bytes(size, by_path[path]) for path, size in sizes.items())
        fits = cache_bytes <= data.cache * 1e9
        cache = Cache(sizes if fits else {}, common_domain, domains)
        augment = Augment(data, layout.spec, cache.read, _scaling(cache, data))
        errors = [error for error in headers.values() if isinstance(error, BadImage)]
        errors += layout.problems
        if fits:
            errors += filter(None, pool.map(partial(_cache, cache, files), sizes))
    problems = sorted(Problem.of(error, "check") for error in errors)
    if problems:
        _require_few(problems, len(layout.files) + len(layout.problems), data.max_bad)
        bad_paths = [problem.path for problem in problems]
        try:
            layout = open_layout(data, bad_paths, files, known_domains=layout.spec.domains)
        except DataError as error:  # a domain has no usable file
            raise DataError(f"{error} {_first_problem(problems)}") from error
    losses = notes_on_losses(headers, by_path)
    warnings = find_warnings(layout, data, losses, sizes.values(), cache.read)
    notes = [Problem(path, "check", "note", note.text) for path, note in losses]
    return CheckedData(layout, augment, problems, warnings, notes)


def _scaling(cache: Cache, data: Data) -> ScaledImages:
    """Return the scaler of images, with a cache if each image is always scaled to the same size."""
    smallest, largest = data.shorter_side or (0, 0)
    memory = (data.cache * 1e9 - cache.nbytes) / max(1, data.workers)  # each worker has its own
    return ScaledImages(cache, memory if smallest == largest else 0)


def _probe(data: Data, files: OpenedFiles, path: Path, domain: Domain) -> Header | BadImage:
    """Return the header of a usable file, or the reason that it is unusable."""
    try:
        header = files.read(path).header
        with errors_as_bad_image(path):
            require_size(data, *header.size)
            domain_images.require_readable(header, domain)
        return header.without_extra()
    except BaseException as error:
        return item_error([path], error)


def _cache(cache: Cache, files: OpenedFiles, path: Path) -> BadImage | None:
    """Decode the file at `path` into `cache`; return the error if that fails."""
    try:
        cache.add(files.take(path))
    except BaseException as error:
        return item_error([path], error)
    return None


def _require_few(problems: Sequence[Problem], files: int, maximum: float) -> None:
    """Raise an error if more than the fraction `maximum` of all `files` are unusable."""
    first = _first_problem(problems)
    if len(problems) == files:
        raise DataError(f"not one of {files} images can be read. {first}")
    if len(problems) > maximum * files:
        raise TrainingError(
            f"{len(problems)} of {files} images cannot be read, and data.max_bad is {maximum:g}. "
            f"{first}"
        )


def _first_problem(problems: Sequence[Problem]) -> str:
    return f"The first is {problems[0].path}: {problems[0].message}."
