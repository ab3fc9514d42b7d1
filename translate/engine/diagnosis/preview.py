"""The images of a preview, and the failures that several consecutive previews show.

A preview is a sheet of images from one step of training. Each of its rows has a title, such as
``translated``, and shows images of the data set or outputs of the model.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from translate.engine.diagnosis.detection import BORDER, CHECKERBOARD, Detection

ImageRow = NDArray[np.float64]
"""the images of a row of a preview, (N, H, W, C) in levels from 0 to 255"""
PREVIEWS, MIN_STEPS = 3, 1000
"""number of consecutive previews that must show a failure, and smallest step of the newest one:
images of the first steps have all kinds of artifacts"""
FADING = 0.7
"""an artifact fades if its `Detection.value` is less than this fraction of the value that it had
`PREVIEWS` - 1 previews ago"""


@dataclass(frozen=True)
class Preview:
    """The preview of one step."""

    step: int
    rows: Mapping[str, ImageRow]
    """rows of images by title"""
    dataset_rows: frozenset[str]
    """titles of the rows that show images of the data set"""
    inputs: Mapping[str, str]
    """for each row of translations, by title, the title of the row of their inputs"""

    @property
    def outputs(self) -> list[str]:
        """Titles of the rows that are outputs of the model."""
        return [
            t for t in self.rows if t not in self.dataset_rows and t not in self.inputs.values()
        ]

    def references(self, title: str = "") -> list[ImageRow]:
        """Return the rows of images of the data set, without the inputs of the row `title`."""
        source = self.inputs.get(title)
        return [row for t, row in self.rows.items() if t in self.dataset_rows and t != source]


Detector = Callable[[Preview], Iterator[Detection]]


def persistent(detector: Detector, previews: Iterable[Preview]) -> Iterator[Detection]:
    """Yield the failures that `detector` finds in each of the newest `PREVIEWS` or more previews.

    Artifacts that fade are not yielded: training removes them.

    Args:
        detector: Returns the failures that one preview shows.
        previews: From the newest to the oldest; read only as far as needed.
    """
    streaks: dict[str, list[Detection]] = {}
    for number, preview in enumerate(previews):
        detections = {detection.subject: detection for detection in detector(preview)}
        if not number:
            if preview.step < MIN_STEPS:
                return
            streaks = {subject: [] for subject in detections}
        unbroken = {s for s in detections if len(streaks.get(s, ())) == number}
        for subject in unbroken & streaks.keys():
            streaks[subject].append(detections[subject])
        if not unbroken & streaks.keys():
            break
    for streak in streaks.values():
        if len(streak) >= PREVIEWS and not _is_fading(streak):
            yield streak[0]._replace(since_step=streak[-1].since_step)


def _is_fading(streak: Sequence[Detection]) -> bool:
    """Return whether an artifact has become much weaker; its newest detection is the first."""
    newest, earlier = streak[0], streak[PREVIEWS - 1]
    return newest.failure in (CHECKERBOARD, BORDER) and newest.value < FADING * earlier.value
