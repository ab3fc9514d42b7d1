"""A plugin of event hooks alone is known to the check, which calls each as a run does."""

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from translate import hookimpl, hookspecs
from translate.contract import verdicts
from translate.contract.events import EVENTS, listeners
from translate.errors import ConfigError
from translate.testing import check_events

Run = Callable[..., Any]
Plugin = Callable[..., object]
OUTCOMES = ("finished", "stopped", "interrupted", "failed")


def listening(register_plugin: Plugin, **hooks: Callable[..., object]) -> None:
    """Register a plugin called csvlog that has `hooks`."""
    register_plugin(
        SimpleNamespace(**{k: hookimpl(hook) for k, hook in hooks.items()}), "logs:csvlog"
    )


def write_losses(run: Any, step: int, losses: Mapping[str, float]) -> None:
    with (run.path / "losses.csv").open("a") as file:
        file.write(",".join(map(str, [step, *losses.values()])) + "\n")


def test_the_events_are_all_hooks_that_offer_nothing() -> None:
    specified = [n for n, hook in vars(hookspecs).items() if hasattr(hook, "translate_spec")]
    assert list(EVENTS) == [name for name in specified if not name.startswith("register_")]


@pytest.mark.parametrize("name", ["csvlog", "logs", "logs:csvlog"])
def test_a_plugin_of_hooks_alone_is_checked_by_its_name(
    register_plugin: Plugin, run_command: Run, name: str
) -> None:
    listening(register_plugin, losses_logged=write_losses)
    found = run_command("plugins", "check", name)
    assert (found.code, found.err) == (0, "")
    assert found.out == (
        "plugin logs:csvlog, event hooks in a temporary run\n"
        "  ok      Hear `losses_logged`, raise nothing, and leave the run as it is.\n"
    )
    assert "logs ?\n  event hooks     losses_logged\n" in run_command("plugins").out


def test_each_event_comes_with_what_a_run_gives_it(register_plugin: Plugin) -> None:
    heard: list[tuple[str, Any]] = []

    def run_started(run):
        heard.append(("run_started", (run.path / "config.yaml").is_file()))

    def losses_logged(run, losses):
        lines = (run.path / "log.jsonl").read_text().splitlines()
        heard.append(("losses_logged", losses.keys() == json.loads(lines[-1])["losses"].keys()))

    def preview_drawn(path):
        heard.append(("preview_drawn", path.read_bytes().startswith(b"\x89PNG")))

    def checkpoint_saved(path, step):
        state = json.loads((path / "state.json").read_text())
        heard.append(("checkpoint_saved", state["step"] == step))

    def run_finished(outcome):
        heard.append(("run_finished", outcome in OUTCOMES))

    hooks = (run_started, losses_logged, preview_drawn, checkpoint_saved, run_finished)
    listening(register_plugin, **{hook.__name__: hook for hook in hooks})
    check_events("csvlog")
    assert {name for name, _ in heard} == set(EVENTS)
    assert all(sound for _, sound in heard)


def raises(losses):
    return losses["gan"]


def rounds(losses):
    return {name: round(loss) for name, loss in losses.items()}


def deletes(path):
    (path / "state.json").unlink()


def rewrites(run):
    (run.path / "config.yaml").write_text("recipe: mine")


def adds_a_preview(run, path):
    (run.path / "previews" / "mine.png").write_bytes(path.read_bytes())


def draws():
    return random.random()


@pytest.mark.parametrize(
    ("event", "hook", "said", "code"),
    [
        ("losses_logged", raises, "It raised KeyError: 'gan'.", 'return losses["gan"]'),
        ("losses_logged", rounds, "It raised ValueError: cannot convert float NaN", "round(loss)"),
        ("checkpoint_saved", deletes, "It changed checkpoints/step-0", "def deletes"),
        ("run_started", rewrites, "It changed config.yaml of the run", "def rewrites"),
        ("preview_drawn", adds_a_preview, "It changed previews/mine.png", "def adds_a_preview"),
        ("run_finished", draws, "It drew from the global generator of python", "def draws"),
    ],
)
def test_a_hook_that_breaks_a_rule_is_named_with_its_line(
    register_plugin: Plugin,
    run_command: Run,
    event: str,
    hook: Callable[..., object],
    said: str,
    code: str,
) -> None:
    listening(register_plugin, **{event: hook})
    found = run_command("plugins", "check", "csvlog")
    assert found.code == 2
    assert (
        f"  BROKEN  Hear `{event}`, raise nothing, and leave the run as it is. {said}" in found.out
    )
    assert f"in {__file__}, line " in found.out
    assert code in found.out.splitlines()[-1]
    with pytest.raises(AssertionError, match="Hear `"):
        check_events("csvlog")


def test_a_plugin_without_hooks_or_offers_is_told_so(
    register_plugin: Plugin, run_command: Run
) -> None:
    register_plugin(SimpleNamespace(), "logs:idle")
    found = run_command("plugins", "check", "idle")
    assert (found.code, found.out) == (2, "")
    assert found.err == "Error: the plugin 'idle' registers nothing, and has no event hook.\n"
    with pytest.raises(ConfigError, match="no installed plugin called 'idle' has an event hook"):
        check_events("idle")


def test_a_plugin_is_told_only_of_its_own_events(register_plugin: Plugin, tmp_path: Path) -> None:
    listening(register_plugin, losses_logged=write_losses)
    register_plugin(SimpleNamespace(run_started=hookimpl(lambda run: 1 // 0)), "logs:other")  # noqa: ARG005
    (found,) = listeners("csvlog")
    assert list(found.hooks) == ["losses_logged"]
    assert {name for name, _ in verdicts.run_event_rules("logs")} == {"logs:csvlog", "logs:other"}
    assert not list(tmp_path.iterdir())
