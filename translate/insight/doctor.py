"""Diagnose a run: its failures, the first step of each, the evidence, and the remedy."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from translate.engine.diagnosis.all_detectors import PREVIEW_DETECTORS, detect_in_log
from translate.engine.diagnosis.detection import Detection
from translate.engine.diagnosis.preview import persistent
from translate.insight.copies import copied_images
from translate.insight.history import History, read_history
from translate.insight.proposals import propose


@dataclass(frozen=True)
class Diagnosis:
    """A failure of training, with the evidence and a setting that helps."""

    name: str
    """the failure, such as ``mode collapse``"""
    since_step: int
    """the first step that shows it"""
    evidence: str
    """the measured values, as a clause"""
    value: float
    """the value that exceeds its limit"""
    option: str
    """the setting that helps, such as ``options.lr=1e-4``; empty if none is known"""
    command: str
    """the command that continues with that setting; empty if none is known"""


@dataclass(frozen=True)
class Examination:
    """The failures of a run, and the records that could not be examined."""

    diagnoses: list[Diagnosis]
    omissions: list[str]
    """a line for each record that could not be examined, with the reason"""


def diagnose(run: Path) -> list[Diagnosis]:
    """Return the failures in the training of a run, in the order of their start.

    Args:
        run: A run folder.

    Raises:
        CheckpointError: It is no run folder.
    """
    return examine(run).diagnoses


def examine(run: Path) -> Examination:
    """Return the failures of a run and what could not be examined; raises as `diagnose`."""
    return examine_history(read_history(run))


def examine_history(history: History) -> Examination:
    """Return the failures of a run that was read, and records that could not be examined."""
    detections = detect(history)
    diagnoses = []
    for detection in merge_by_failure(detections):
        proposal = propose(detection, history)
        diagnoses.append(
            Diagnosis(
                detection.failure,
                detection.since_step,
                detection.evidence,
                detection.value,
                proposal.option,
                proposal.command,
            )
        )
    return Examination(diagnoses, history.omissions)


def merge_by_failure(detections: Sequence[Detection]) -> list[Detection]:
    """Return the earliest detection of each failure, with the subjects of the others."""
    by_failure: dict[str, list[Detection]] = {}
    for detection in sorted(detections, key=lambda d: d.since_step):
        by_failure.setdefault(detection.failure, []).append(detection)
    return [
        first._replace(evidence="; also ".join([first.evidence, *(d.subject for d in others)]))
        for first, *others in by_failure.values()
    ]


def detect(history: History) -> list[Detection]:
    """Return the detections of all detectors in a run."""
    detections = detect_in_log(
        history.log, memory_limit_mb=history.memory_limit_mb, better=history.better
    )
    for detector in PREVIEW_DETECTORS:
        detections += persistent(detector, history.previews())
    return [*detections, *copied_images(history)]
