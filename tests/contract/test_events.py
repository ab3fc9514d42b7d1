"""The check of plugins with event hooks calls each hook as a run does."""

import json
import random
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from translate import hookimpl, hookspecs
from translate.contract import results
from translate.contract.events import EVENTS, event_subjects
from translate.errors import ConfigError
from translate.testing import check_events

OUTCOMES = ("finished", "stopped", "interrupted", "failed")


def register_hooks(register_plugin, **hooks: Callable[..., object]) -> None:
    """Register a plugin called csvlog, of the distribution logs, with `hooks` by event."""
    plugin = SimpleNamespace(**{event: hookimpl(hook) for event, hook in hooks.items()})
    register_plugin(plugin, "logs:csvlog")


def write_losses(run: Any, step: int, losses: Mapping[str, float]) -> None:
    with (run.path / "losses.csv").open("a") as file:
        file.write(",".join(map(str, [step, *losses.values()])) + "\n")


def test_every_hook_without_the_prefix_register_is_an_event() -> None:
    hooks = [n for n, hook in vars(hookspecs).items() if hasattr(hook, "translate_spec")]
    assert list(EVENTS) == [name for name in hooks if not name.startswith("register_")]


@pytest.mark.parametrize("name", ["csvlog", "logs", "logs:csvlog"])
def test_a_plugin_with_event_hooks_only_is_checked_by_its_name(
    register_plugin, run_command, name: str
) -> None:
    register_hooks(register_plugin, losses_logged=write_losses)
    result = run_command("plugins", "check", name)
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        "plugin logs:csvlog, event hooks in a temporary run\n"
        "  ok      Take `losses_logged`, raise nothing, and leave the run unchanged.\n"
    )
    assert "logs ?\n  event hooks     losses_logged\n" in run_command("plugins").out


def test_hooks_get_the_arguments_and_files_that_a_run_gives_them(
    register_plugin,
) -> None:
    calls: list[tuple[str, Any]] = []

    def run_started(run):
        calls.append(("run_started", (run.path / "config.yaml").is_file()))

    def losses_logged(run, losses):
        lines = (run.path / "log.jsonl").read_text().splitlines()
        calls.append(("losses_logged", losses.keys() == json.loads(lines[-1])["losses"].keys()))

    def preview_drawn(path):
        calls.append(("preview_drawn", path.read_bytes().startswith(b"\x89PNG")))

    def checkpoint_saved(path, step):
        state = json.loads((path / "state.json").read_text())
        calls.append(("checkpoint_saved", state["step"] == step))

    def run_finished(outcome):
        calls.append(("run_finished", outcome in OUTCOMES))

    hooks = (run_started, losses_logged, preview_drawn, checkpoint_saved, run_finished)
    register_hooks(register_plugin, **{hook.__name__: hook for hook in hooks})
    check_events("csvlog")
    assert {name for name, _ in calls} == set(EVENTS)
    assert all(is_valid for _, is_valid in calls)


def raise_key_error(losses):
    return losses["gan"]


def round_losses(losses):
    return {name: round(loss) for name, loss in losses.items()}


def delete_state(path):
    (path / "state.json").unlink()


def rewrite_config(run):
    (run.path / "config.yaml").write_text("recipe: mine")


def add_a_preview(run, path):
    (run.path / "previews" / "mine.png").write_bytes(path.read_bytes())


def draw_a_number():
    return random.random()


@pytest.mark.parametrize(
    ("event", "hook", "message", "code"),
    [
        ("losses_logged", raise_key_error, "raised KeyError: 'gan'.", 'return losses["gan"]'),
        ("losses_logged", round_losses, "raised ValueError: cannot convert float", "round(loss)"),
        ("checkpoint_saved", delete_state, "changed checkpoints/step-0", "def delete_state"),
        ("run_started", rewrite_config, "changed config.yaml of the run", "def rewrite_config"),
        ("preview_drawn", add_a_preview, "changed previews/mine.png", "def add_a_preview"),
        ("run_finished", draw_a_number, "drew from the global generator", "def draw_a_number"),
    ],
)
def test_the_message_for_a_hook_that_breaks_a_rule_has_its_line(
    register_plugin,
    run_command,
    event: str,
    hook: Callable[..., object],
    message: str,
    code: str,
) -> None:
    register_hooks(register_plugin, **{event: hook})
    result = run_command("plugins", "check", "csvlog")
    assert result.code == 2
    rule = f"Take `{event}`, raise nothing, and leave the run unchanged."
    assert f"  BROKEN  {rule} It {message}" in result.out
    assert f"in {__file__}, line " in result.out
    assert code in result.out.splitlines()[-1]
    with pytest.raises(AssertionError, match="Take `"):
        check_events("csvlog")


def test_the_check_of_a_plugin_that_registers_nothing_is_an_error(
    register_plugin, run_command
) -> None:
    register_plugin(SimpleNamespace(), "logs:idle")
    result = run_command("plugins", "check", "idle")
    assert (result.code, result.out) == (2, "")
    assert result.err == "Error: the plugin 'idle' registers nothing, and has no event hook.\n"
    with pytest.raises(ConfigError, match="no installed plugin called 'idle' has an event hook"):
        check_events("idle")


def test_a_check_calls_no_hooks_of_other_plugins(register_plugin) -> None:
    register_hooks(register_plugin, losses_logged=write_losses)
    register_plugin(SimpleNamespace(run_started=hookimpl(lambda run: 1 // 0)), "logs:other")  # noqa: ARG005
    (subject,) = event_subjects("csvlog")
    assert list(subject.hooks) == ["losses_logged"]
    assert {name for name, _ in results.run_event_rules("logs")} == {"logs:csvlog", "logs:other"}
