"""A failure counts if it persists over several previews."""

from collections.abc import Iterator

import pytest
from histories import make_preview, photographs

from translate.engine.diagnosis.detection import BORDER, CHECKERBOARD, COLLAPSE, Detection
from translate.engine.diagnosis.preview import Preview, persistent


def dark(preview: Preview) -> Iterator[Detection]:
    """Find rows that are black."""
    for title in preview.outputs:
        if preview.rows[title].max() == 0:
            yield Detection("dark", preview.step, f"at {preview.step}", 0.0, title)


def previews(*states: str) -> list[Preview]:
    """Return previews, the newest first; `states` marks the dark ones."""
    row = photographs()
    return [
        make_preview(row * (state != "dark"), step=400 * (len(states) - number))
        for number, state in enumerate(states)
    ]


def test_a_failure_is_dated_to_the_first_preview_of_the_streak_at_the_end() -> None:
    (detection,) = persistent(dark, previews("dark", "dark", "dark", "light", "dark"))
    assert (detection.since_step, detection.evidence) == (1200, "at 2000")


@pytest.mark.parametrize(
    ("failure", "values", "steps"),
    [
        (CHECKERBOARD, (12.4, 12.4, 22.4, 28.9), []),
        (CHECKERBOARD, (16.0, 12.4, 22.4, 28.9), [400]),
        (BORDER, (20.0, 60.0, 60.0), []),
        (COLLAPSE, (0.1, 9.0, 9.0), [400]),
    ],
)
def test_artifacts_that_fade_are_no_failure_and_a_lasting_collapse_is(
    failure: str, values: tuple[float, ...], steps: list[int]
) -> None:
    by_step = {400 * (len(values) - number): value for number, value in enumerate(values)}

    def with_value(preview: Preview) -> Iterator[Detection]:
        yield Detection(failure, preview.step, "", by_step[preview.step], "row")

    detections = persistent(with_value, previews(*["dark"] * len(values)))
    assert [detection.since_step for detection in detections] == steps


def test_fewer_than_three_previews_are_not_enough() -> None:
    assert not list(persistent(dark, previews("dark", "dark", "light", "dark")))
    assert not list(persistent(dark, previews("light", "dark", "dark", "dark")))
    assert not list(persistent(dark, previews("dark", "dark")))
    assert not list(persistent(dark, []))


def test_previews_of_the_first_1000_steps_have_no_detections() -> None:
    early = [p for p in previews(*["dark"] * 9) if p.step < 1000]
    assert not list(persistent(dark, early))


def test_previews_are_read_until_one_is_without_the_failure() -> None:
    read = []

    def reader() -> Iterator[Preview]:
        for preview in previews("dark", "light", "light", "light"):
            read.append(preview.step)
            yield preview

    assert not list(persistent(dark, reader()))
    assert read == [1600, 1200]


def test_outputs_are_rows_that_are_neither_of_the_data_set_nor_inputs() -> None:
    row = photographs()
    rows = {"degraded": row, "restored": row, "original": row}
    preview = Preview(1, rows, frozenset({"original"}), {"restored": "degraded"})
    assert preview.outputs == ["restored"]
    assert len(preview.references("restored")) == 1
