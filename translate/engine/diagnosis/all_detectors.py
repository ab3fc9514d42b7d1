"""All detectors of failures of training: some read the log of a run, some its previews."""

from collections.abc import Callable, Iterator, Mapping

from translate.engine.diagnosis.detection import Detection
from translate.engine.diagnosis.detectors import (
    artifacts,
    colours,
    curves,
    discriminators,
    diversity,
    gradients,
    resources,
)
from translate.engine.diagnosis.log import Log
from translate.engine.diagnosis.preview import Detector

LOG_DETECTORS: tuple[Callable[[Log], Iterator[Detection]], ...] = (
    discriminators.saturated_discriminators,
    discriminators.at_chance,
    gradients.vanishing_gradients,
    gradients.exploding_gradients,
    gradients.diverging_losses,
    gradients.skipped_turns,
    curves.oscillating_losses,
    resources.rate_near_zero,
    resources.waiting_for_images,
)
PREVIEW_DETECTORS: tuple[Detector, ...] = (
    diversity.collapse,
    artifacts.checkerboard,
    artifacts.border,
    colours.inversion,
    colours.unchanged_translations,
    colours.tint,
)


def detect_in_log(
    log: Log, *, memory_limit_mb: int = 0, better: Mapping[str, str] | None = None
) -> list[Detection]:
    """Return the failures that the newest record of `log` still shows.

    Args:
        log: The log of a run.
        memory_limit_mb: Memory of the machine or GPU in MiB; 0: unknown.
        better: For each metric, whether ``max`` or ``min`` is better; see `curves.overfitting`.
    """
    if not log.records:
        return []
    detections = [d for detector in LOG_DETECTORS for d in detector(log)]
    detections += resources.memory_near_limit(log, memory_limit_mb)
    return [*detections, *curves.overfitting(log, better or {})]
