"""The rules of trackers, each tested on a temporary run."""

from typing import cast

from translate.contract.parts.subject import TestedPart
from translate.contract.rules import require
from translate.contract.temporary_run import STEPS, require_unchanged, temporary_run
from translate.engine.plugins.errors import definition
from translate.trackers import Tracker

METHODS = ("start", "log", "preview", "finish", "close")


def has_all_methods(part: TestedPart) -> None:
    """Have the methods start, log, preview, finish and close."""
    tracker = part.make()
    missing = [name for name in METHODS if not callable(getattr(tracker, name, None))]
    require(not missing, f"There is no method {' or '.join(missing)}: see translate.trackers.")


def tracks_a_run(part: TestedPart) -> None:
    """Track a run and its resume, raise nothing, and leave its files and random numbers alone.

    The last line of its log has a loss that is NaN and metrics that are new.
    """
    with temporary_run() as (run, calls):
        for step, outcome in ((0, "interrupted"), (STEPS - 2, "stopped"), (STEPS - 1, "failed")):
            tracker = cast(Tracker, part.make())
            with require_unchanged(run.path, lambda: definition(part.owner, "log")):
                tracker.start(run, step)
                for event, arguments in calls:
                    if event == "losses_logged" and arguments["step"] > step:
                        tracker.log(arguments["record"])
                    if event == "preview_drawn" and arguments["step"] > step:
                        tracker.preview(arguments["step"], arguments["path"])
                tracker.finish(outcome)
                tracker.close()


def closes_when_not_started(part: TestedPart) -> None:
    """Close also if `start` was not called, or has failed."""
    cast(Tracker, part.make()).close()
