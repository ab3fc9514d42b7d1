"""The rules of trackers, tested on a temporary run."""

from typing import cast

from translate.contract.parts.subject import PartSubject
from translate.contract.rules import require
from translate.contract.temporary_run import STEPS, require_unchanged, temporary_run
from translate.engine.plugins.errors import definition
from translate.trackers import Tracker

METHODS = ("start", "log", "preview", "finish", "close")


def has_all_methods(part: PartSubject) -> None:
    """Have the methods start, log, preview, finish and close."""
    tracker = part.make()
    missing = [name for name in METHODS if not callable(getattr(tracker, name, None))]
    require(not missing, f"There is no method {' or '.join(missing)}: see translate.trackers.")


def tracks_a_run(part: PartSubject) -> None:
    """Track a run and its resumption without errors or changes to its files and random numbers.

    The last line of the log has a loss of NaN, and metrics that earlier lines lack. The tracker
    starts three times: at step 0, and as if the run had been resumed at two later steps.
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


def closes_when_not_started(part: PartSubject) -> None:
    """Close without errors if `start` was not called, or has failed."""
    cast(Tracker, part.make()).close()
