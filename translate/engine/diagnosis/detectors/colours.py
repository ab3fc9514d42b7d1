"""Outputs with inverted or shifted colours, and outputs that equal their input."""

from collections.abc import Iterator

import numpy as np

from translate.engine.diagnosis.detection import INVERSION, TINT, UNCHANGED, Detection
from translate.engine.diagnosis.preview import Preview, Row

INVERTED = -0.5
"""correlation with the input below which an output counts as its negative"""
DOMAIN_CORRELATION = -0.2
"""domains whose mean images have a lower correlation may be negatives of each other"""
TINT_LEVELS, TINT_ERRORS = 20.0, 4.0
"""a tint is a colour shift that exceeds `TINT_ERRORS` standard errors of real images by more than
`TINT_LEVELS` levels"""
UNCHANGED_FRACTION = 0.05
"""an output equals its input if they differ by less than this fraction of the difference between
inputs and real images"""


def inversion(preview: Preview) -> Iterator[Detection]:
    """Find translations that are negatives of their inputs."""
    for title, row, source, references in _translations(preview):
        value = correlation(row, source)
        usual = max(
            (correlation(r.mean(axis=0), source.mean(axis=0)) for r in references), default=1.0
        )
        if value < INVERTED and usual > DOMAIN_CORRELATION:
            yield Detection(
                INVERSION,
                preview.step,
                f"the brightness of the row {title!r} has a correlation of {value:.2f} with that "
                f"of its input; the mean images of the data have {usual:.2f}",
                value,
                title,
            )


def unchanged_translations(preview: Preview) -> Iterator[Detection]:
    """Find translations that equal their inputs."""
    for title, row, source, references in _translations(preview):
        change = float(np.abs(row - source).mean())
        expected = min((float(np.abs(r - source).mean()) for r in references), default=0.0)
        if expected and change < UNCHANGED_FRACTION * expected:
            yield Detection(
                UNCHANGED,
                preview.step,
                f"the row {title!r} differs by {change:.2f} of 255 levels from its input, and the "
                f"images of the target by {expected:.1f}",
                change,
                title,
            )


def tint(preview: Preview) -> Iterator[Detection]:
    """Find rows of outputs with a tint that the data set's images do not have."""
    for title in preview.outputs:
        row = preview.rows[title]
        shifts = [(float(np.abs(c).max()), c) for c in (_shift(row, r) for r in
                  preview.references(title) if r.shape[3] == row.shape[3] == 3)]  # fmt: skip
        if not shifts:
            continue
        size, colour = min(shifts, key=lambda shift: shift[0])
        if size > TINT_LEVELS:
            text = ", ".join(f"{c} {v:+.0f}" for c, v in zip("RGB", colour, strict=True))
            yield Detection(
                TINT,
                preview.step,
                f"the row {title!r} has another colour than real images, beyond their variation: "
                f"{text} of 255 levels relative to the brightness",
                size,
                title,
            )


def correlation(first: Row, second: Row) -> float:
    """Return the correlation of the brightness of all pixels; 0 if one is nearly constant."""
    brightness = [row.mean(axis=-1).ravel() for row in (first, second)]
    if min(values.std() for values in brightness) < 1:
        return 0.0
    return float(np.corrcoef(*brightness)[0, 1])


def _shift(row: Row, real: Row) -> Row:
    """Return the difference in mean colour, in levels, that exceeds the variation of `real`.

    Colours are relative to the brightness of their image; one value for each channel.
    """
    own, usual = (r.mean(axis=(1, 2)) - r.mean(axis=(1, 2, 3))[:, None] for r in (row, real))
    shift = own.mean(axis=0) - usual.mean(axis=0)
    error = usual.std(axis=0, ddof=1 if len(usual) > 1 else 0) / np.sqrt(len(usual))
    return np.sign(shift) * np.maximum(0.0, np.abs(shift) - TINT_ERRORS * error)


def _translations(preview: Preview) -> Iterator[tuple[str, Row, Row, list[Row]]]:
    """Yield the title, outputs, inputs and references of each row that is a translation."""
    for title, source in preview.inputs.items():
        rows = preview.rows
        if title in rows and source in rows and rows[title].shape == rows[source].shape:
            same = [r for r in preview.references(title) if r.shape == rows[title].shape]
            yield title, rows[title], rows[source], same
