"""A setting that is typed as an option, such as ``--lr``, is answered with ``--set``."""

from pathlib import Path

import pytest

from translate.cli.parameters.setting_hints import SettingCommand


@pytest.mark.parametrize(
    ("arguments", "recipe"),
    [
        (["--plugin", "cyclegan"], "cyclegan"),
        (["--config", "pix2pix-facades"], "pix2pix"),
        (["--init", "run"], "pix2pix"),
    ],
)
def test_a_setting_of_the_recipe_is_named_for_a_recipe_a_configuration_and_a_run(
    arguments: list[str], recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("run").mkdir()
    Path("run/config.yaml").write_text("recipe: pix2pix\n")
    hint = SettingCommand("train").hint("--lr", arguments)
    assert f"Did you mean the setting options.lr of recipe {recipe!r}" in hint


def test_without_a_recipe_or_a_readable_run_only_settings_of_every_run_are_named(
    tmp_path: Path,
) -> None:
    command = SettingCommand("train")
    assert command.hint("--lr", ["--resume", str(tmp_path)]) == ""
    assert "train.ema" in command.hint("--ema", [])
