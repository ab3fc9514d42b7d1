"""The word for each end of training."""

from translate.engine.training.stop import Stop


def test_a_run_that_hooks_or_evaluations_end_is_stopped() -> None:
    words = {stop.name: stop.outcome for stop in Stop}
    assert words == {
        "FINISHED": "finished",
        "SIGNAL": "interrupted",
        "TIME": "interrupted",
        "HOOK": "stopped",
        "PLATEAU": "stopped",
    }
