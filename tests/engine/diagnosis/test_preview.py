"""Failures that persist over previews."""

from collections.abc import Iterator

from histories import make_preview, photographs

from translate.engine.diagnosis.detection import Detection
from translate.engine.diagnosis.preview import Preview, persistent


def dark(preview: Preview) -> Iterator[Detection]:
    """Find rows that are black."""
    for title in preview.outputs:
        if preview.rows[title].max() == 0:
            yield Detection("dark", preview.step, f"at {preview.step}", 0.0, title)


def previews(*states: str) -> list[Preview]:
    """Return previews, the newest first, of which `states` says which are dark."""
    row = photographs()
    return [
        make_preview(row * (state != "dark"), step=400 * (len(states) - number))
        for number, state in enumerate(states)
    ]


def test_a_failure_is_dated_to_the_first_preview_of_the_streak_at_the_end() -> None:
    (found,) = persistent(dark, previews("dark", "dark", "dark", "light", "dark"))
    assert (found.since_step, found.evidence) == (1200, "at 2000")


def test_fewer_than_three_previews_are_not_enough() -> None:
    assert not list(persistent(dark, previews("dark", "dark", "light", "dark")))
    assert not list(persistent(dark, previews("light", "dark", "dark", "dark")))
    assert not list(persistent(dark, previews("dark", "dark")))
    assert not list(persistent(dark, []))


def test_a_model_that_has_just_begun_is_not_judged() -> None:
    early = [p for p in previews(*["dark"] * 9) if p.step < 1000]
    assert not list(persistent(dark, early))


def test_no_more_previews_are_read_than_needed() -> None:
    read = []

    def reader() -> Iterator[Preview]:
        for preview in previews("dark", "light", "light", "light"):
            read.append(preview.step)
            yield preview

    assert not list(persistent(dark, reader()))
    assert read == [1600, 1200]


def test_outputs_are_rows_that_are_neither_given_nor_an_input() -> None:
    row = photographs()
    rows = {"degraded": row, "restored": row, "original": row}
    preview = Preview(1, rows, frozenset({"original"}), {"restored": "degraded"})
    assert preview.outputs == ["restored"]
    assert len(preview.references("restored")) == 1
