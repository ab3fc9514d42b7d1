"""Reasons to end training, and the outcomes that ``run.json`` has for them."""

from translate.engine.training.stop import Stop


def test_each_reason_to_end_training_has_an_outcome() -> None:
    assert {stop.name: stop.outcome for stop in Stop} == {
        "FINISHED": "finished",
        "SIGNAL": "interrupted",
        "TIME": "interrupted",
        "HOOK": "stopped",
        "PLATEAU": "stopped",
    }
