"""Columns are read as rows and written back."""

from pathlib import Path

from translate.engine.disk.records.problems import Problem
from translate.formats import Note
from translate.scale.columns import Row, read_results, read_rows, to_columns


def test_translated_rows_are_the_same_after_conversion_to_columns_and_back() -> None:
    translated = Row(Path("a.png"), None, "a.png", result=b"\1\0\0", input_sha256="12")
    translated.notes = [Note("alpha", "transparency")]
    failed = Row(Path("b.png"), None, problem=Problem(Path("b.png"), "read", "unreadable", "cut"))
    batch = {"path": ["a.png", "b.png"]}
    batch |= to_columns([translated, failed], seconds=0.5, made_by="{}")
    first, second = read_results(batch)
    assert first.result == b"\1\0\0", "NumPy's bytes would lose the zeros at the end"
    assert (first.notes, first.problem, first.made_by) == (translated.notes, None, "{}")
    assert second.problem == failed.problem


def test_masks_and_frames_are_optional() -> None:
    first, second = read_rows({"path": ["a", "b"], "mask": ["m", ""], "frame": [2, -1]})
    assert (first.mask, first.frame) == (Path("m"), 2)
    assert (second.mask, second.frame) == (None, None)
