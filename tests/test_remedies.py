"""Plugins declare which failures of training they help against."""

from translate.remedies import remedies_of, remedy_for


def test_a_factory_declares_the_failures_that_it_helps_against() -> None:
    @remedy_for("mode collapse", "oscillating loss")
    def grouped() -> None: ...

    assert remedies_of(grouped) == ("mode collapse", "oscillating loss")
    assert remedies_of(remedies_of) == ()
