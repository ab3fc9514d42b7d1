"""Mode collapse: nearly equal outputs for different inputs.

Each row of a preview is an array of images, (N, H, W, C) in levels from 0 to 255.
"""

from collections.abc import Iterator

import numpy as np

from translate.engine.diagnosis.detection import COLLAPSE, Detection
from translate.engine.diagnosis.preview import ImageRow, Preview

SAME_LEVELS, SAME_FRACTION = 2.0, 0.15
"""outputs are nearly equal if they differ by less than `SAME_LEVELS` levels, or by less than
`SAME_FRACTION` of the difference between their inputs, or between real images if they have none"""


def collapse(preview: Preview) -> Iterator[Detection]:
    """Find rows of outputs that differ much less than real images or their inputs do."""
    for title in preview.outputs:
        row, source = preview.rows[title], preview.inputs.get(title)
        if len(row) < 2:
            continue
        names = [source] if source else [t for t in preview.rows if t in preview.dataset_rows]
        real = max((mean_distance(preview.rows[name]) for name in names), default=0.0)
        distance = mean_distance(row)
        if names and real < 4 * SAME_LEVELS:
            continue  # the inputs or real images are nearly equal, too
        if distance < max(SAME_LEVELS, SAME_FRACTION * real):
            against = f", and those of {names[0]!r} by {real:.1f}" if names else ""
            yield Detection(
                failure=COLLAPSE,
                since_step=preview.step,
                evidence=f"the {len(row)} images of the row {title!r} differ by {distance:.1f} of "
                f"255 levels{against}",
                value=distance,
                subject=title,
            )


def mean_distance(row: ImageRow) -> float:
    """Return the mean, over all pairs of images in a row, of their root mean square difference."""
    flat = row.reshape(len(row), -1)
    first, second = np.triu_indices(len(flat), 1)
    if not len(first):
        return 0.0
    return float(np.sqrt(((flat[first] - flat[second]) ** 2).mean(axis=1)).mean())
