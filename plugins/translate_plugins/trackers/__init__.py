"""Trackers, which write the log of a training: a CSV file, and TensorBoard."""

from translate import hookimpl
from translate.trackers import Tracker
from translate_plugins.trackers.csv import CsvTracker
from translate_plugins.trackers.tensorboard import TensorBoardTracker


@hookimpl
def register_trackers() -> dict[str, type[Tracker]]:
    return {"csv": CsvTracker, "tensorboard": TensorBoardTracker}
