"""Configurations of plugins are found by name, without an import."""

import sys
from pathlib import Path

import pytest

from translate.engine.config import yaml_text
from translate.engine.plugins.configs import configs


@pytest.fixture
def install_configs(install, tmp_path):
    """Return a function that installs a package with configurations, and returns its folder."""

    def write(name: str, *configs: str, code: str = "raise SystemExit") -> Path:
        package = tmp_path / "site" / install(name, code)
        (package / "configs").mkdir(parents=True)
        (package / "__init__.py").write_text(code)
        for config in configs:
            (package / f"configs/{config}.yaml").write_text(f"recipe: {name}\n")
        return package

    return write


def test_every_config_of_ours_names_the_command_that_runs_it() -> None:
    for name, file in configs().items():
        text = file.read_text()
        assert f"translate train --config {name}" in text
        assert len(text.splitlines()) < 25


def test_a_package_of_a_plugin_brings_configurations_and_is_not_imported(install_configs) -> None:
    package = install_configs("acme", "common", "first")
    (package / "configs/README.md").write_text("no configuration")
    assert {"common", "first", "cyclegan-small"} <= configs().keys()
    assert yaml_text.read("common") == {"recipe": "acme"}
    assert "README" not in "".join(configs())
    assert package.name not in sys.modules


def test_a_name_of_two_distributions_has_the_distribution_in_front(install_configs) -> None:
    install_configs("first-losses", "common", "cyclegan-small")
    install_configs("second-losses", "common")
    assert configs().keys() >= {"first-losses/common", "second-losses/common"}
    assert "common" not in configs()
    assert yaml_text.read("cyclegan-small")["recipe"] == "cyclegan"
    assert yaml_text.read("first-losses/cyclegan-small") == {"recipe": "first-losses"}


def test_only_allowed_plugins_bring_configurations(install_configs, monkeypatch) -> None:
    install_configs("acme", "common")
    monkeypatch.setenv("TRANSLATE_PLUGINS", "other")
    assert "common" not in configs()


def test_a_single_module_and_a_missing_module_bring_no_configurations(install, tmp_path) -> None:
    before = configs()
    install("single", "nothing = 1")
    (tmp_path / "site" / f"{install('gone', '')}.py").unlink()
    assert configs() == before


def test_a_configuration_that_is_no_text_is_listed_and_an_error_if_shown(
    install_configs, run_command
) -> None:
    package = install_configs("acme", "common", code="nothing = 1")
    (package / "configs/common.yaml").write_bytes(b"# caf\xe9\n")
    assert "common" in run_command("show", "--kind", "configuration").out
    shown = run_command("show", "common")
    assert shown.code == 2 and "common is not a text file" in shown.err
