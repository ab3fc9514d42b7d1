"""Plugins are registered completely or not at all, and never replace built-in names."""

import os
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pluggy
import pytest
from broken_plugins import plugin_source
from subprocesses import run_python

from translate import __version__, hookimpl, hookspecs
from translate.engine.plugins import discovery
from translate.errors import ConfigError, PluginError
from translate.registry import find, names

Install = Callable[..., str]


@pytest.mark.usefixtures("broken_and_working_plugins")
def test_G5_a_plugin_is_registered_completely_or_not_at_all() -> None:
    for loss in ("spelled", "grabbed", "newest", "never"):
        with pytest.raises(ConfigError, match=f"no loss is called '{loss}'"):
            find("loss", loss)


@pytest.mark.parametrize("order", [1, -1])
def test_G6_two_plugins_of_one_entry_name_load_in_either_order(install, order) -> None:
    for name, loss in [("first-losses", "first"), ("second-losses", "second")][::order]:
        install(name, plugin_source("common", loss), entry="losses")
    assert {"first", "second"} <= names("loss").keys()
    with pytest.raises(
        PluginError, match="write first-losses/common and second-losses/common for one"
    ):
        find("loss", "common")
    assert find("loss", "first-losses/common").__module__ == "site_first_losses_plugin"
    assert find("loss", "second-losses/common").__module__ == "site_second_losses_plugin"


def test_built_in_names_cannot_be_shadowed_by_an_earlier_distribution(install) -> None:
    builtin = find("loss", "l1")
    install("aaa", plugin_source("l1"), entry="losses")
    assert find("loss", "l1") is builtin
    assert find("loss", "aaa/l1").__module__ == "site_aaa_plugin"


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        (None, {"first", "second"}),
        ("", set()),
        ("first-losses", {"first"}),
        (" First_Losses , nobody", {"first"}),
        ("first.losses,second_losses", {"first", "second"}),
    ],
)
def test_G9_the_allow_list_decides_which_plugins_are_imported(
    install, monkeypatch, allowed, expected
) -> None:
    modules = [
        install("first-losses", plugin_source("first")),
        install("second_losses", plugin_source("second")),
    ]
    if allowed is not None:
        monkeypatch.setenv("TRANSLATE_PLUGINS", allowed)
    assert names("loss").keys() & {"first", "second"} == expected
    assert "l1" in names("loss")
    assert len(set(modules) & sys.modules.keys()) == len(expected)


@pytest.mark.parametrize(
    ("requires", "loads"),
    [
        ("translate-kit", True),
        (f"translate-kit>={__version__}", True),
        ("Translate_Kit<0.0.1", False),
        ("translate-kit<0.0.1; python_version < '3'", True),
        ("no requirement at all !", True),
        ("torch>=99", True),  # only an import finds this out
    ],
)
def test_G7_the_version_that_a_plugin_requires_is_checked(install, requires, loads) -> None:
    install("acme", plugin_source("second"), requires=requires)
    assert ("second" in names("loss")) == loads


def test_G2_a_plugin_that_exits_is_skipped_and_an_interrupt_is_raised(install, caplog) -> None:
    install("leaver", "import sys\nsys.exit(0)")
    discovery.load()
    assert list(map(repr, discovery.skipped.values())) == ["SystemExit(0)"]
    assert "plugin 'leaver' of leaver 1.5 is skipped" in caplog.text
    install("acme", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        discovery.load()


def test_G3_a_hook_with_wrong_arguments_is_rejected_with_its_distribution(install, caplog) -> None:
    install("greedy", plugin_source("grabbed").replace("losses():", "losses(engine):"))
    assert "grabbed" not in names("loss")
    assert "plugin 'greedy' of greedy 1.5 is skipped (PluginError: the hook" in caplog.text
    assert "has no argument 'engine': it has none" in caplog.text


def test_a_distribution_without_metadata_is_skipped(install, tmp_path) -> None:
    install("acme", plugin_source("second"))
    (tmp_path / "site/acme-1.5.dist-info/METADATA").unlink()
    discovery.load.cache_clear()
    assert "l1" in names("loss")
    assert discovery.installed_entries()[0].name == "aae"


def test_a_distribution_that_is_on_the_path_twice_counts_once(install, tmp_path) -> None:
    (tmp_path / "other").mkdir()
    install("acme", plugin_source("second"))
    install("acme", plugin_source("second"), base=tmp_path / "other")
    assert [e.name for e in discovery.installed_entries()].count("acme") == 1
    assert find("loss", "second").__module__ == "other_acme_plugin"


def test_G8_help_and_completion_read_metadata_alone(install, tmp_path) -> None:
    for number in range(20):
        install(f"slow{number}", "import time\ntime.sleep(30)")
    path = os.pathsep.join([str(tmp_path / "site"), os.environ.get("PYTHONPATH", "")])
    completion = {
        "_TRANSLATE_COMPLETE": "bash_complete",
        "COMP_WORDS": "translate train --plugin s",
        "COMP_CWORD": "3",
    }
    code = "import sys; sys.argv[0] = 'translate'; from translate.cli import main; main()"
    for arguments, variables, expected in (
        (["--help"], {}, "train"),
        ([], completion, "slow7"),
    ):
        environment = {**os.environ, "PYTHONPATH": path, **variables}
        result = run_python(code, *arguments, env=environment, timeout=20)
        assert result.stderr == ""
        assert expected in result.stdout


def test_G4_registering_a_plugin_with_one_bad_hook_leaves_nothing_behind() -> None:
    manager = pluggy.PluginManager("translate")
    manager.add_hookspecs(hookspecs)
    hooks = {"register_losses": hookimpl(lambda: {}), "register_loses": hookimpl(lambda: {})}
    with pytest.raises(PluginError, match="there is no hook 'register_loses'"):
        discovery.register(manager, SimpleNamespace(**hooks), "a:b")
    assert not manager.get_plugins()
    assert not manager.hook.register_losses.get_hookimpls()


def test_formats_and_exporters_are_found_without_pytorch() -> None:
    code = (
        "import sys; from translate.registry import names; "
        "assert {*names('format'), *names('exporter')}; sys.exit('torch' in sys.modules)"
    )
    run_python(code)


def test_plugins_of_distributions_without_the_torch_free_group_are_all_loaded(install) -> None:
    install("acme", plugin_source("second"))
    loaded = {name for name, _ in discovery.load(torch_free=True).list_name_plugin()}
    assert "acme:acme" in loaded
    assert "translate-kit:formats" in loaded
    assert "translate-kit:cyclegan" not in loaded


def test_a_plugin_for_newer_hooks_is_refused_with_the_command_to_type(run_command, install) -> None:
    install("acme", plugin_source("common", "first"), group="translate.2")
    result = run_command("plugins")
    assert result.code == 0
    assert (
        f"acme: PluginError: it needs hooks 2, and translate-kit {__version__} has hooks 1: "
        "pip install --upgrade translate-kit"
    ) in result.out
    assert "first" not in names("loss")


def test_a_plugin_for_old_and_newer_hooks_is_loaded_with_the_old_hooks(
    run_command, install, tmp_path
) -> None:
    install("both", plugin_source("first"))
    file = tmp_path / "site/both-1.5.dist-info/entry_points.txt"
    file.write_text(file.read_text() + "[translate.2]\nboth = module_for_newer_hooks\n")
    listing = run_command("plugins")
    assert "first" in listing.out and "broken" not in listing.out


def test_metadata_are_read_again_only_after_an_installation(install, monkeypatch) -> None:
    readings: list[str] = []
    read = discovery.entry_points
    monkeypatch.setattr(
        discovery, "entry_points", lambda group: readings.append(group) or read(group=group)
    )
    install("acme", plugin_source("second"))
    for _ in range(3):
        assert "acme" in {entry.name for entry in discovery.installed_entries()}
    assert len(readings) == 1
    install("losses", plugin_source("first"))  # into the same folder
    assert {"losses", "acme"} <= {entry.name for entry in discovery.installed_entries()}
