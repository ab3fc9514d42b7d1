"""Pairs that a CSV file lists: a header ``source,target``, then a row for each pair."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Annotated, NamedTuple

from translate.batches import Domain, ImageSpec
from translate.errors import DataError, join_words, short_repr
from translate.folders.lookup import candidate_folders, expect_different_domains, expect_domains
from translate_plugins.layouts.partners import AlignedPairs, is_same_file

MAX_LISTED_FAULTS = 5
"""largest number of unusable rows that an error lists"""


class Table(AlignedPairs):
    """Pairs of images that a CSV file lists.

    Paths are relative to the folder of the table, to the root, or to a domain's folder.
    ``--domains A B`` names the domains of source and target: also the folders in which their files
    are searched, and columns that the header may have. ``--domains A`` is one folder for both. An
    optional column ``split`` states the split of each row.
    """

    def __init__(
        self,
        root: Path,
        domains: Sequence[str],
        split: str,
        leave_out: Iterable[Path] = (),
        *,
        file: Annotated[str, "the table, relative to domain, root or working directory"],
        source: Annotated[str, "column of the source images"] = "source",
        target: Annotated[str, "column of the target images"] = "target",
        drop_unpaired: Annotated[bool, "skip rows that cannot be used"] = False,
    ) -> None:
        if len(domains) != 1:
            expect_domains("csv", domains, 2)
        expect_different_domains(root, domains)
        names = domains if len(domains) == 2 else (source, target)
        self.spec = ImageSpec(domains=tuple(map(Domain, names)))
        folders = [candidate_folders(root, name, split) for name in domains]
        bases = [*(folders[0] if len(folders) == 1 else ()), root / split, root, Path()]
        path = next((base / file for base in bases if (base / file).is_file()), None)
        if not path:
            raise DataError(
                f"there is no table {file} in {join_words(bases[:-1])} or the working directory: "
                "set data.layout.file."
            )
        self.sources = [path]
        table = _read_rows(path)
        # folders of source files and of target files; a single domain has both
        base_folders = [[path.parent, root, *folders[side]] for side in (0, -1)]
        columns = _find_columns(path, table, [(source, target), tuple(domains)], base_folders)
        if columns.has_header:
            table = _select_split(path, table[1:], table[0], split)
        if not table:
            raise DataError(f"{path} has a header and no rows: expected one for each pair.")
        pairs, faults = [], []
        for row in table:
            try:
                pairs.append(_find_pair(row, columns, base_folders))
            except DataError as error:
                faults.append(f"line {row.line}: {error}")
        if faults and not drop_unpaired:
            unlisted = len(faults) - MAX_LISTED_FAULTS
            more = [f"  ... and {unlisted} more"] if unlisted > 0 else []
            searched = dict.fromkeys(folder for folders in base_folders for folder in folders)
            raise DataError(
                f"{path}: {len(faults)} of {len(table)} rows cannot be used",
                *(f"  {fault}" for fault in faults[:MAX_LISTED_FAULTS]),
                *more,
                f"Files were searched below {join_words(searched)}.",
                "--drop-unpaired skips these rows.",
            )
        distinct_pairs = dict.fromkeys(pairs)
        self.set_pairs(distinct_pairs, leave_out)
        if not self.pairs:
            raise DataError(
                f"{path}: none of its {len(table)} rows can be used: files are missing or damaged."
            )
        sources, targets = (set(files) for files in self.domain_files)
        is_disjoint = sources.isdisjoint(targets)
        # A file of both columns is read by its role in a pair, not by its domain.
        self.domain_files = [sorted(sources), sorted(targets)] if is_disjoint else []
        self.notes = []
        if faults:
            self.notes.append(
                f"{path}: skipped {len(faults)} of {len(table)} rows; the first: {faults[0]}"
            )
        if repeated := len(pairs) - len(distinct_pairs):
            self.notes.append(f"{path}: skipped {repeated} duplicate rows of {len(table)}")


class Row(NamedTuple):
    """One row of a table."""

    line: int
    cells: list[str]


class Columns(NamedTuple):
    """The indices of the columns of source and target files."""

    source: int
    target: int
    has_header: bool
    """whether the first row names the columns"""


def _read_rows(path: Path) -> list[Row]:
    """Return the rows that are not empty; cells are separated by commas, semicolons or tabs."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} cannot be read as text in UTF-8: {error}. Save it as CSV in UTF-8."
        ) from error
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    lines = StringIO(text, newline="")
    separator = max(",;\t", key=first_line.count)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)
    try:
        rows = [Row(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        hint = " Add the missing closing quote." if "end of data" in str(error) else ""
        raise DataError(f"{path}, line {reader.line_num}: {error}.{hint}") from error
    if rows := [row for row in rows if any(row.cells)]:
        return rows
    raise DataError(f"{path} is empty: expected a line source,target and a row for each pair.")


def _find_columns(
    path: Path,
    table: Sequence[Row],
    headers: Sequence[tuple[str, ...]],
    base_folders: Sequence[Sequence[Path]],
) -> Columns:
    """Return the columns that the header names; without a header, the first two columns.

    Args:
        path: The table, for errors.
        table: The rows of the table.
        headers: Possible names of the two columns.
        base_folders: The folders in which the files of each column are searched.

    Raises:
        DataError: The first row is neither a header nor has two files.
    """
    first_row = [cell.lower() for cell in table[0].cells]
    for names in headers:
        columns = [name.lower() for name in names]
        if len(columns) == 2 and {*columns} <= {*first_row}:
            source, target = (first_row.index(column) for column in columns)
            return Columns(source, target, has_header=True)
    first_two = Columns(0, 1, has_header=False)
    try:
        _find_pair(table[0], first_two, base_folders)
    except DataError as error:
        expected = " or ".join(",".join(names) for names in headers if len(names) == 2)
        raise DataError(
            f"{path}, line {table[0].line}: expected a header with {expected}, or two files, got "
            f"{short_repr(','.join(table[0].cells))} ({str(error).rstrip('.')}). Other columns: "
            f'--set "data.layout={{name: csv, file: {path.name}, source: COLUMN, target: COLUMN}}"'
        ) from error
    return first_two


def _select_split(path: Path, rows: list[Row], header: Row, split: str) -> list[Row]:
    """Return the `rows` of one split; all rows if there is no column ``split``."""
    names = [cell.lower() for cell in header.cells]
    if "split" not in names:
        return rows
    column = names.index("split")
    splits = [row.cells[column] if column < len(row.cells) else "" for row in rows]
    if rows_of_split := [row for row, name in zip(rows, splits, strict=True) if name == split]:
        return rows_of_split
    present = join_words(sorted(set(splits))) or "none"
    raise DataError(f"{path}: no row of split {split!r}; its column split has {present}.")


def _find_pair(
    row: Row, columns: Columns, base_folders: Sequence[Sequence[Path]]
) -> tuple[Path, Path]:
    """Return the two files of a row; raises `DataError` unless both exist and differ."""
    last_column = max(columns.source, columns.target)
    if len(row.cells) <= last_column:
        raise DataError(f"expected {last_column + 1} columns, got {len(row.cells)}.")
    source_folders, target_folders = base_folders
    source = _find_file(row.cells[columns.source], source_folders)
    target = _find_file(row.cells[columns.target], target_folders)
    if is_same_file(source, target):
        raise DataError(f"{source} is its own target.")
    return source, target


def _find_file(cell: str, bases: Iterable[Path]) -> Path:
    """Return the file that a cell names, below one of `bases`.

    Backslashes may separate folders, and the Unicode form of names may differ.
    """
    names = {
        unicodedata.normalize(form, name): None
        for name in (cell, cell.replace("\\", "/"))
        for form in ("NFC", "NFD")
    }
    names = {cell: None} | names
    paths = (base / name for base in bases for name in names if name)
    files: Iterator[Path] = (path for path in paths if path.is_file())
    if path := next(files, None):
        return path
    raise DataError(f"there is no file {cell}." if cell else "a cell is empty.")
