"""Calls of hooks, and ``TRANSLATE_TRACE=1``, which prints them."""

from broken_plugins import FAILS_IN_HOOK, plugin_source


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
    flags = ["--plugin", "cyclegan", "--domains", "a", "b", "--data", tmp_path / "data"]
    small = [
        *("options.generator={name: resnet, width: 2, blocks: 1}", "train.log_every=1"),
        "options.discriminator={name: patch, width: 2, layers: 1}",
    ]
    settings = [word for setting in small for word in ("--set", setting)]
    trained = run_command("train", *flags, *settings, "--size", 16, "--steps", 2,
                          "--out", tmp_path / "run")  # fmt: skip
    assert trained.code == 0
    assert trained.err.count("trace: listener:listener losses_logged(step) -> None, ") == 2
