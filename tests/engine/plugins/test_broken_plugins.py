"""Each broken plugin is reported in one line, and everything else works."""

import json
import re

import pytest
import small_checkpoints
from broken_plugins import BROKEN_PLUGINS, plugin_source

from translate.engine.plugins import discovery


@pytest.mark.usefixtures("broken_and_working_plugins")
def test_P9_broken_plugins_are_listed_in_one_line_each_and_the_rest_works(run_command) -> None:
    listing = run_command("plugins")
    lines = listing.err.splitlines()
    assert len(lines) == 7, listing.err
    for name, (_, why) in BROKEN_PLUGINS.items():
        (line,) = (line for line in lines if f"plugin '{name}'" in line)
        assert re.search(rf"of {name} 1\.5 is skipped \({why}", line)
        assert f"`pip uninstall {name}`" in line
        assert "TRANSLATE_PLUGINS" in line
        assert re.search(rf"^{name} 1\.5\n  broken +{name}: {why}", listing.out, re.MULTILINE)
    assert "Warning: late:late, register_losses failed (OSError: no weights)." in lines
    assert "late, register_losses: OSError: no weights" in listing.out
    assert listing.code == 0
    for command in (["show", "cyclegan"], ["datasets"], ["plugins", "check", "l1"]):
        result = run_command(*command)
        assert (result.code, result.err) == (0, ""), command  # and the lines are not repeated


SMALL_NETWORKS = (
    *("--set", "options.generator={name: resnet, width: 2, blocks: 1, downsamplings: 1}"),
    *("--set", "options.discriminator={name: patch, width: 2, layers: 1}"),
)


@pytest.mark.usefixtures("broken_and_working_plugins")
def test_P9_every_command_works_and_reports_skipped_plugins(
    run_command, install, image_folder, tmp_path
) -> None:
    install("empty", "nothing = 1")
    install("torn", plugin_source("rag"))
    (tmp_path / "site/torn-1.5.dist-info/METADATA").unlink()
    image_folder("a", 2), image_folder("b", 2)
    small_checkpoints.cgan(tmp_path / "drawer")
    arguments = ["--plugin", "cyclegan", "--domains", "a", "b", "--data", ".", "--out", "run"]
    for command in (
        ["plugins"], ["plugins", "check", "l1"], ["show", "cyclegan"], ["show", "run"], ["doctor"],
        ["infer", "run", "a", "out"], ["sample", "drawer", "drawn", "--count", 2], ["datasets"],
        ["datasets", "check", "a", "b", "--data", "."], ["train", "--resume", "run", "--steps", 2],
    ):  # fmt: skip
        if command[-1] == "run":
            result = run_command("train", *arguments, "--steps", 1, "--size", 16, *SMALL_NETWORKS)
            assert result.code == 0, result.err
        discovery.load.cache_clear()
        discovery.skipped.clear()
        result = run_command(*command)
        assert result.code == 0, (command, result.err)
        for name in BROKEN_PLUGINS:
            assert f"plugin '{name}' of {name} 1.5 is skipped" in result.err, command
    for command in (["--help"], ["--version"], ["train", "--help"]):
        discovery.load.cache_clear()
        assert run_command(*command)[0::2] == (0, ""), "it imports no plugin"


@pytest.mark.usefixtures("broken_and_working_plugins")
def test_broken_plugins_are_in_the_json_by_distribution(run_command) -> None:
    listed = json.loads(run_command("plugins", "--json").out)
    plugins = {plugin["distribution"]: plugin for plugin in listed}
    assert plugins["translate-kit"]["broken"] == {}
    assert "cyclegan" in plugins["translate-kit"]["offers"]["recipe"]
    assert plugins["leaver"] == {
        "distribution": "leaver",
        "version": "1.5",
        "offers": {},
        "events": [],
        "broken": {"leaver": "SystemExit: 0"},
    }
    assert plugins["first-losses"]["offers"] == {"loss": ["first-losses/common", "first"]}
    quiet = run_command("plugins", "--quiet").out
    assert "leaver" in quiet
    assert "translate-kit 0" not in quiet


@pytest.mark.usefixtures("broken_and_working_plugins")
def test_G1_a_requested_broken_plugin_is_an_error_with_the_reason(run_command) -> None:
    result = run_command("train", "--plugin", "leaver", "--domains", "a", "b", "--steps", "1")
    assert result.code == 2
    assert "no recipe is called 'leaver'" in result.err
    assert "The plugin leaver:leaver could not be loaded: see `translate plugins`." in result.err
    result = run_command("plugins", "check", "leaver")
    assert (result.code, result.out) == (2, "  BROKEN  leaver:leaver: SystemExit: 0\n")
