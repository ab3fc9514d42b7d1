"""Bundled configurations are found, and name their command."""

from translate.engine.system.bundled import configs


def test_every_config_names_the_command_that_runs_it() -> None:
    for name, file in configs().items():
        text = file.read_text()
        assert f"translate train --config {name}" in text
        assert len(text.splitlines()) < 25
