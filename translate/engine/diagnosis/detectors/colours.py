"""Outputs with inverted or shifted colours, and outputs that equal their input.

Each row of a preview is an array of images, (N, H, W, C) in levels from 0 to 255.
"""

from collections.abc import Iterator

import numpy as np

from translate.engine.diagnosis.detection import INVERSION, TINT, UNCHANGED, Detection
from translate.engine.diagnosis.preview import ImageRow, Preview

INVERTED = -0.5
"""correlation with the input below which an output counts as its negative"""
DOMAIN_CORRELATION = -0.2
"""correlation of the mean images of two domains below which the domains may be negatives"""
TINT_LEVELS, TINT_ERRORS = 20.0, 4.0
"""an output has a tint if its mean colour differs from the mean colour of real images by more than
`TINT_LEVELS` levels plus `TINT_ERRORS` standard errors of the latter"""
UNCHANGED_FRACTION = 0.05
"""an output equals its input if their mean difference is less than this fraction of that between
inputs and images of the target"""


def inversion(preview: Preview) -> Iterator[Detection]:
    """Find translations that are negatives of their inputs."""
    for title, row, source, references in _translations(preview):
        value = correlation(row, source)
        domain_correlation = max(
            (correlation(r.mean(axis=0), source.mean(axis=0)) for r in references), default=1.0
        )
        if value < INVERTED and domain_correlation > DOMAIN_CORRELATION:
            yield Detection(
                failure=INVERSION,
                since_step=preview.step,
                evidence=f"the brightness of the row {title!r} has a correlation of {value:.2f} "
                "with that of its input; the mean images of the data have "
                f"{domain_correlation:.2f}",
                value=value,
                subject=title,
            )


def unchanged_translations(preview: Preview) -> Iterator[Detection]:
    """Find translations that equal their inputs."""
    for title, row, source, references in _translations(preview):
        change = float(np.abs(row - source).mean())
        expected = min((float(np.abs(r - source).mean()) for r in references), default=0.0)
        if expected and change < UNCHANGED_FRACTION * expected:
            yield Detection(
                failure=UNCHANGED,
                since_step=preview.step,
                evidence=f"the row {title!r} differs by {change:.2f} of 255 levels from its "
                f"input, and the images of the target by {expected:.1f}",
                value=change,
                subject=title,
            )


def tint(preview: Preview) -> Iterator[Detection]:
    """Find rows of outputs with a tint that the data set's images do not have."""
    for title in preview.outputs:
        row = preview.rows[title]
        shifts = [
            _colour_shift(row, real)
            for real in preview.references(title)
            if real.shape[3] == row.shape[3] == 3
        ]
        if not shifts:
            continue
        shift = min(shifts, key=lambda shift: np.abs(shift).max())
        size = float(np.abs(shift).max())
        if size > TINT_LEVELS:
            text = ", ".join(f"{c} {v:+.0f}" for c, v in zip("RGB", shift, strict=True))
            yield Detection(
                failure=TINT,
                since_step=preview.step,
                evidence=f"the row {title!r} has another colour than real images, beyond their "
                f"variation: {text} of 255 levels relative to the brightness",
                value=size,
                subject=title,
            )


def correlation(first: ImageRow, second: ImageRow) -> float:
    """Return the correlation of the brightness of all pixels; 0 if one row is nearly constant."""
    brightness = [row.mean(axis=-1).ravel() for row in (first, second)]
    if min(values.std() for values in brightness) < 1:
        return 0.0
    return float(np.corrcoef(*brightness)[0, 1])


def _colour_shift(row: ImageRow, real: ImageRow) -> ImageRow:
    """Return by how much the mean colour of `row` differs from `real`, (C,) in levels.

    Colours are relative to the brightness of their image. `TINT_ERRORS` standard errors of the mean
    of `real` are subtracted from each difference, down to 0.
    """
    colours, real_colours = (
        images.mean(axis=(1, 2)) - images.mean(axis=(1, 2, 3))[:, None] for images in (row, real)
    )
    shift = colours.mean(axis=0) - real_colours.mean(axis=0)
    count = len(real_colours)
    error = real_colours.std(axis=0, ddof=1 if count > 1 else 0) / np.sqrt(count)
    return np.sign(shift) * np.maximum(0.0, np.abs(shift) - TINT_ERRORS * error)


def _translations(preview: Preview) -> Iterator[tuple[str, ImageRow, ImageRow, list[ImageRow]]]:
    """Yield title, outputs, inputs and real images of each row of translations, of equal shapes."""
    for title, source in preview.inputs.items():
        rows = preview.rows
        if title in rows and source in rows and rows[title].shape == rows[source].shape:
            real = [r for r in preview.references(title) if r.shape == rows[title].shape]
            yield title, rows[title], rows[source], real
