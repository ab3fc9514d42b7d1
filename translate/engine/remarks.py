"""What is said once of a data set before it is trained on: nothing is wrong with it, but look."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from translate.batches import Layout
from translate.engine.headers import Header, Note
from translate.engine.problems import Problem

DRAWS = 100
"""items that are picked to see whether a domain has more than one image"""


def notes(headers: Mapping[Path, Any], channels: Mapping[Path, int]) -> list[tuple[Path, Note]]:
    """Return what each file loses when it is read with so many `channels`."""
    return [
        (path, note)
        for path, header in headers.items()
        if isinstance(header, Header)
        for note in header.notes(channels=channels[path])
    ]


def listed(lost: Iterable[tuple[Path, Note]]) -> list[Problem]:
    """Return `notes` as lines of ``problems.jsonl``."""
    return [Problem(path, "check", "note", note.text) for path, note in lost]


def remarks(layout: Layout, lost: Sequence[tuple[Path, Note]], count: int) -> list[str]:
    """Return a line for each thing that a person may not have meant, of `count` files."""
    return [*_lost(lost, count), *layout.notes, *_lonely(layout)]


def _lost(lost: Sequence[tuple[Path, Note]], count: int) -> Iterable[str]:
    """Say each kind of loss once, of the first file that has it."""
    kinds = Counter(note.kind for _, note in lost)
    for kind, number in kinds.items():
        path, note = next((path, note) for path, note in lost if note.kind == kind)
        more = f" (and {number - 1} more of {count})" if number > 1 else ""
        yield f"{path}{more}: {note.text}"


def _lonely(layout: Layout) -> Iterable[str]:
    picked = [layout.pick(number % len(layout), Random(number)) for number in range(DRAWS)]
    for one, *others in map(set, zip(*picked, strict=False)):
        if not others and one in layout.files:
            yield f"{one} is the only image of its domain: networks will learn it by heart"
