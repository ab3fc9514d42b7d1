"""The images of a preview, and a search for what is wrong with several previews in a row."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from translate.engine.diagnosis.detection import Detection

Row = NDArray[np.float64]
PREVIEWS, LEAST_STEPS = 3, 1000
"""previews in a row that have to show a failure, and the steps before the newest of them: images of
a model that has just begun have all kinds of artifacts"""


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
        """Titles of rows that the model has made."""
        return [
            t for t in self.rows if t not in self.dataset_rows and t not in self.inputs.values()
        ]

    def references(self, title: str) -> list[Row]:
        """Return the data set's images that a row should resemble: all rows but its input."""
        return [
            self.rows[t]
            for t in self.rows
            if t in self.dataset_rows and t != self.inputs.get(title)
        ]


Detector = Callable[[Preview], Iterator[Detection]]


def persistent(detector: Detector, previews: Iterable[Preview]) -> Iterator[Detection]:
    """Yield what `detector` finds in the newest preview and in those before it, without a gap.

    `previews` are given from the newest to the oldest, and read as far as needed.
    """
    newest: dict[str, Detection] = {}
    since: dict[str, list[int]] = {}
    for number, preview in enumerate(previews):
        detections = {detection.subject: detection for detection in detector(preview)}
        if not number:
            if preview.step < LEAST_STEPS:
                return
            newest, since = detections, {subject: [] for subject in detections}
        unbroken = {s for s in detections if len(since.get(s, ())) == number}
        for subject in unbroken & since.keys():
            since[subject].append(preview.step)
        if not unbroken & since.keys():
            break
    for subject, steps in since.items():
        if len(steps) >= PREVIEWS:
            yield newest[subject]._replace(since_step=steps[-1])
