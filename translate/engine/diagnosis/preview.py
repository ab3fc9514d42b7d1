"""The images of a preview, and the failures that several consecutive previews show."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from translate.engine.diagnosis.detection import BORDER, CHECKERBOARD, Detection

Row = NDArray[np.float64]
PREVIEWS, MIN_STEPS = 3, 1000
"""number of consecutive previews that must show a failure, and smallest step of the newest one:
images of the first steps have all kinds of artifacts"""
FADING = 0.7
"""an artifact fades if its figure is less than this fraction of that `PREVIEWS` - 1 previews ago"""


@dataclass(frozen=True)
class Preview:
    """Rows of images of one step, (N, H, W, C) in levels from 0 to 255, by their titles."""

    step: int
    rows: Mapping[str, Row]
    dataset_rows: frozenset[str]
    """titles of rows of the data set's images"""
    inputs: Mapping[str, str]
    """the title of the input of each row that is a translation"""

    @property
    def outputs(self) -> list[str]:
        """Titles of the rows that are outputs of the model."""
        return [
            t for t in self.rows if t not in self.dataset_rows and t not in self.inputs.values()
        ]

    def references(self, title: str = "") -> list[Row]:
        """Return the rows of the data set's images, without the input of a row."""
        source = self.inputs.get(title)
        return [row for t, row in self.rows.items() if t in self.dataset_rows and t != source]


Detector = Callable[[Preview], Iterator[Detection]]


def persistent(detector: Detector, previews: Iterable[Preview]) -> Iterator[Detection]:
    """Yield the failures that `detector` finds in the newest preview and each of those before it.

    Artifacts that fade are not yielded: training removes them. `previews` are in order from the
    newest to the oldest, and read as far as needed.
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
        if len(streak) >= PREVIEWS and not _fades(streak):
            yield streak[0]._replace(since_step=streak[-1].since_step)


def _fades(streak: Sequence[Detection]) -> bool:
    """Return whether an artifact, with its newest detection first, has become much weaker."""
    newest, earlier = streak[0], streak[PREVIEWS - 1]
    return newest.failure in (CHECKERBOARD, BORDER) and newest.figure < FADING * earlier.figure
