"""``TRANSLATE_TRACE=1`` prints the calls of hooks."""

import small_runs
from broken_plugins import FAILS_IN_HOOK, plugin_source

from translate.engine.config import yaml_text


def test_traced_hooks_are_printed_with_their_result_and_duration(
    run_command, install, monkeypatch
) -> None:
    monkeypatch.setenv("TRANSLATE_TRACE", "1")
    install("acme", plugin_source("common", "first"))
    install("late", FAILS_IN_HOOK)
    traced = run_command("plugins").err
    assert "trace: acme:acme register_losses() -> ['common', 'first'], 0." in traced
    assert "trace: late:late register_losses() -> OSError: no weights, 0." in traced
    monkeypatch.setenv("TRANSLATE_TRACE", "0")
    assert "trace:" not in run_command("plugins").err


def test_traced_event_hooks_are_printed_each_time(
    run_command, install, monkeypatch, image_folder, tmp_path
) -> None:
    code = "from translate import hookimpl\n\n@hookimpl\ndef losses_logged(step): pass\n"
    install("listener", code)
    monkeypatch.setenv("TRANSLATE_TRACE", "1")
    image_folder("data/a/train"), image_folder("data/b/train")
    config = small_runs.config(tmp_path / "data", train__steps=2, train__log_every=1)
    (tmp_path / "config.yaml").write_text(yaml_text.dump(config))
    result = run_command("train", "--config", tmp_path / "config.yaml", "--out", tmp_path / "run")
    assert result.code == 0
    assert result.err.count("trace: listener:listener losses_logged(step) -> None, ") == 2
