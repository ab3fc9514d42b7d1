"""`translate push`, and models on the Hub in place of runs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fake_hub
import pytest
import small_checkpoints
from fake_hub import FakeHub

pytest.importorskip("huggingface_hub")
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content:DeprecationWarning")  # of httpx2
REFERENCE = "hf-hub:org/small"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """Run an empty Hub, and make a run."""
    small_checkpoints.cyclegan(tmp_path / "run")
    with fake_hub.connected_hub(monkeypatch, tmp_path / "hub-cache") as server:
        yield server


def test_a_pushed_model_gives_the_same_bytes_and_outputs_record_its_commit(
    hub: FakeHub, run_command: Callable[..., Any], image_folder: Callable[..., Path]
) -> None:
    image_folder("photos", 2)
    pushed = run_command("push", "run", "org/small", "--license", "mit")
    commit = hub.repositories["org/small"].branches["main"]
    assert pushed.code == 0 and f"translate infer {REFERENCE}@{commit} SOURCE OUT" in pushed.out
    card = hub.repositories["org/small"].commits[commit]["README.md"].decode()
    assert "license: mit" in card and f"translate infer {REFERENCE} photos/ out/" in card
    run_command("infer", "run", "photos", "a", "--quiet")
    translated = run_command("infer", REFERENCE, "photos", "b")
    assert translated.code == 0 and f"using checkpoint {REFERENCE}@{commit}" in translated.out
    for path in Path("a").glob("*.png"):
        assert path.read_bytes() == (Path("b") / path.name).read_bytes()
    lines = Path("b/.translate/done.jsonl").read_text().splitlines()
    assert {json.loads(line)["hub"] for line in lines} == {f"{REFERENCE}@{commit}"}
    again = run_command("infer", "run", "photos", "b")
    assert again.out.startswith("0 done, 2 skipped"), "the same model from elsewhere"
    assert "translate infer hf-hub:org/small SOURCE OUT" in run_command("show", REFERENCE).out


def test_refusals_of_the_hub_and_wrong_names_are_exit_code_2(
    hub: FakeHub, run_command: Callable[..., Any], image_folder: Callable[..., Path]
) -> None:
    hub.refuse = 401
    image_folder("photos", 1)
    for command in (("push", "run", "org/small"), ("infer", REFERENCE, "photos", "out")):
        refused = run_command(*command)
        assert refused.code == 2 and refused.err.startswith("Error: hf-hub:org/small is not on")
    assert run_command("push", "run", "small").code == 2


def test_without_the_package_the_command_that_installs_it_is_named(
    run_command: Callable[..., Any],
    image_folder: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image_folder("photos", 1)
    small_checkpoints.cyclegan(tmp_path / "run")
    monkeypatch.setattr("translate.errors.find_spec", lambda _: None)
    for command in (("push", "run", "org/small"), ("infer", REFERENCE, "photos", "out")):
        refused = run_command(*command)
        assert refused.code == 2 and 'pip install "translate-kit[hub]"' in refused.err


def test_a_model_of_the_hub_is_looked_up_once_for_its_card_and_its_files(
    hub: FakeHub, run_command: Callable[..., Any]
) -> None:
    run_command("push", "run", "org/small")
    hub.requests.clear()
    assert run_command("pack", REFERENCE, "small.zip").code == 0
    assert len([line for line in hub.requests if "/revision/main" in line]) == 1, hub.requests
