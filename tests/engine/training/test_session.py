"""What is made before the loop begins: folders of runs, sizes, lengths, and equal beginnings."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_runs
import torch
from specs import image_spec

from translate.engine.checkpoints import read, retention
from translate.engine.config import layers
from translate.engine.inference import model as infer
from translate.engine.processes.signals import Interrupts
from translate.engine.training import train
from translate.engine.training.build import build_training
from translate.errors import ConfigError, DataError, SaveError
from translate.progress import ProgressReporter

CPU = torch.device("cpu")


@pytest.fixture
def root(
    image_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    image_folder("a", 4), image_folder("b", 3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_run_folders_are_named_after_what_they_hold_and_numbered(root: Path) -> None:
    asked = small_runs.config(root, train__steps=1)
    paths = [train.start(asked, progress=ProgressReporter()).path for _ in range(3)]
    assert [str(path) for path in paths] == [
        "runs/cyclegan-a-b",
        "runs/cyclegan-a-b-2",
        "runs/cyclegan-a-b-3",
    ]
    asked = small_runs.config(root, train__steps=1, data__domains=[str(root / "a"), "b"])
    assert str(train.start(asked, progress=ProgressReporter()).path) == "runs/cyclegan-a-b-4"


def test_domains_are_named_by_the_last_part_of_their_paths(
    root: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("photos/my horses/train", 2)
    paths = ["photos/my horses", str(root / "a")]
    asked = small_runs.config(root, train__steps=1, data__domains=paths)
    run = train.start(asked, progress=ProgressReporter()).path
    assert str(run) == "runs/cyclegan-my horses-a"
    found = read.read_checkpoint(retention.newest_checkpoint(run)[0])
    assert found.spec.names == ("my horses", "a")
    assert list(found.config.data.domains) == paths
    model, _ = infer.load(run, device="cpu")
    assert model.choose("photos/my horses") == model.choose("my horses") == "my horses"
    assert small_runs.resume(run, steps=2).step == 2


def test_a_folder_that_is_there_but_holds_no_run_may_become_one(root: Path) -> None:
    (root / "run").mkdir()
    (root / "run/notes.txt").write_text("mine")
    small_runs.train(small_runs.config(root, train__steps=1), root / "run")
    assert (root / "run/notes.txt").read_text() == "mine"
    assert small_runs.checkpoint_steps(root / "run") == [0, 1]


def test_a_run_folder_holds_what_the_interface_says(root: Path) -> None:
    asked = small_runs.config(root, train__preview_every=2, train__ema=0.5)
    run = small_runs.train(asked, root / "run").path
    found = {str(p.relative_to(run)) for p in run.rglob("*") if p.is_file()}
    inside = [
        "weights.safetensors",
        "ema.safetensors",
        "training.safetensors",
        "state.json",
        "MANIFEST.json",
    ]
    assert found == {
        "config.yaml",
        "run.json",
        "log.jsonl",
        "previews/step-00000002.png",
        "previews/step-00000004.png",
        *(f"checkpoints/step-{step:08d}/{name}" for step in (0, 4) for name in inside),
    }
    assert layers.resolve(config=str(run / "config.yaml")) == asked


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"train__epochs": 2}, 8),  # 4 images of the longer domain, one a step
        ({"train__epochs": 2, "train__batch_size": 3}, 3),
        ({"train__epochs": 1, "train__batch_size": 9}, 1),
        ({"train__steps": 5}, 5),
    ],
)
def test_epochs_are_counted_in_images_of_the_longer_domain(
    flags: dict[str, Any], expected: int, root: Path
) -> None:
    result = small_runs.train(
        small_runs.config(root, **{"train__save_every": 100, **flags}), root / "run"
    )
    assert result.step == expected


def test_no_length_is_asked_for(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"how long\? Set --steps or --epochs."):
        small_runs.train(
            small_runs.config(root, train__steps=None, train__epochs=None), root / "run"
        )
    assert not (root / "run").exists()


@pytest.mark.parametrize(
    ("recipe", "size", "said"),
    [
        ("cyclegan", 17, "data.size: cyclegan .* sides that divide by 2 .* not 17x17"),
        ("cyclegan", [16, 2], "at least 6, not 16x2"),
        ("pix2pix", 96, "divide by 64 and are at least 64, not 96x96"),
    ],
)
def test_T20_a_size_that_the_networks_cannot_take_is_said_before_any_work(
    recipe: str, size: Any, said: str, root: Path
) -> None:
    pictures = small_runs.config(root, recipe, data__size=size, data__layout="unpaired")
    with pytest.raises(ConfigError, match=said):
        small_runs.train(pictures, root / "run")
    assert not (root / "run").exists()


def test_one_seed_builds_one_recipe_and_leaves_one_random_state() -> None:
    built, drawn = [], []
    for seed in (1, 1, 2):
        torch.rand(5)  # whatever came before
        asked = small_runs.config(Path("nowhere"), train__seed=seed)
        built.append(
            build_training(asked, image_spec((16, 16), ("a", "b")), CPU).recipe.state_dict()
        )
        drawn.append(torch.rand(3))
    assert all(torch.equal(tensor, built[1][key]) for key, tensor in built[0].items())
    assert not torch.equal(
        built[0]["source_to_target.model.1.weight"], built[2]["source_to_target.model.1.weight"]
    )
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_the_average_begins_at_the_first_weights_and_follows_by_hand(root: Path) -> None:
    from safetensors.torch import load

    asked = small_runs.config(
        root, train__ema=0.75, train__steps=2, train__save_every=1, train__keep=9
    )
    run = small_runs.train(asked, root / "run").path
    folders = sorted((run / "checkpoints").iterdir())
    weights = [
        load((f / "weights.safetensors").read_bytes())["source_to_target.model.1.weight"]
        for f in folders
    ]
    average = [
        load((f / "ema.safetensors").read_bytes())["source_to_target.model.1.weight"]
        for f in folders
    ]
    # the first update copies, as torch.optim.swa_utils does; then 0.75 old + 0.25 new
    assert torch.equal(average[1], weights[1])
    assert torch.allclose(average[2], 0.75 * weights[1] + 0.25 * weights[2], atol=1e-7)


def test_what_the_data_show_is_said_before_the_first_step(root: Path) -> None:
    (root / "a/notes.txt").touch()
    heard = small_runs.ProgressRecorder()
    small_runs.train(
        small_runs.config(root, train__steps=1, train__log_every=1), root / "run", heard
    )
    line = f"skipped 1 file without an image suffix (1 .txt): {root / 'a/notes.txt'}"
    assert line in heard.lines
    assert len(heard.reports) == 1


def test_a_missing_or_empty_folder_is_said_before_any_work(root: Path) -> None:
    (root / "empty").mkdir()
    with pytest.raises(DataError, match=r"no folder for domain 'c': looked for .*c/train and .*c"):
        small_runs.train(small_runs.config(root, data__domains=["a", "c"]), root / "run")
    with pytest.raises(DataError, match=r"domain 'empty': no images in .*empty"):
        small_runs.train(small_runs.config(root, data__domains=["a", "empty"]), root / "run")
    assert not (root / "run").exists()


def test_an_output_that_cannot_be_written_to_is_said_before_any_step(root: Path) -> None:
    (root / "file").write_text("")
    with pytest.raises(SaveError, match=r"cannot write to .*file/run: Not a directory") as caught:
        small_runs.train(small_runs.config(root), root / "file/run")
    assert caught.value.exit_code == 2


def test_a_gpu_that_is_not_there_is_said(root: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(
        ConfigError, match=r"device cuda: PyTorch finds no GPU here. Use --device cpu"
    ):
        small_runs.train(small_runs.config(root, train__device="cuda"), root / "run")


def test_bf16_trains_and_saves_full_precision(root: Path) -> None:
    from safetensors.torch import load

    run = small_runs.train(
        small_runs.config(root, train__precision="bf16", train__steps=2), root / "run"
    ).path
    tensors = load(small_runs.checkpoint_tensors(run)["weights.safetensors"])
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float32}


def test_pictures_of_one_channel_make_networks_of_one_channel(root: Path) -> None:
    from safetensors.torch import load

    run = small_runs.train(
        small_runs.config(root, data__channels=1, train__steps=1), root / "run"
    ).path
    tensors = load(small_runs.checkpoint_tensors(run)["weights.safetensors"])
    assert tensors["source_to_target.model.1.weight"].shape[1] == 1


class Acting(ProgressReporter):
    """Does something after a step."""

    def __init__(self, at: int, act: Callable[[], object]) -> None:
        self.at, self.act = at, act

    def step(self, step: int, steps: int) -> None:  # noqa: ARG002
        if step == self.at:
            self.act()


def test_T7_a_signal_that_asks_for_a_checkpoint_gets_one_and_training_goes_on(root: Path) -> None:
    asked, interrupts = small_runs.config(root, train__steps=5), Interrupts(save_on="SIGUSR1")
    progress = Acting(3, lambda: os.kill(os.getpid(), signal.SIGUSR1))
    result = train.start(asked, out=root / "run", progress=progress, interrupts=interrupts)
    assert (result.step, result.signal, result.late) == (5, 0, False)
    assert small_runs.checkpoint_steps(root / "run") == [3, 5]


def test_T6_time_that_is_up_ends_with_a_checkpoint_that_a_resume_goes_on_from(root: Path) -> None:
    asked, straight = small_runs.config(root, train__steps=4), root / "straight"
    small_runs.train(asked, straight)
    interrupts = Interrupts()
    progress = Acting(2, lambda: setattr(interrupts, "_end", 0.0))
    result = train.start(asked, out=root / "run", progress=progress, interrupts=interrupts)
    assert (result.step, result.signal, result.late) == (2, 0, True)
    assert train.resume(root / "run", progress=ProgressReporter()).step == 4
    ends = [
        run / "checkpoints/step-00000004/weights.safetensors" for run in (root / "run", straight)
    ]
    assert ends[0].read_bytes() == ends[1].read_bytes()


def test_T16_two_runs_do_not_share_a_folder(root: Path) -> None:
    """The lock is a process's, so another process holds it."""
    asked = small_runs.config(root, train__steps=2)
    small_runs.train(asked, root / "run")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from translate.engine.disk.locks import locked\n"
            "with locked(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()",
            str(root / "run"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin and holder.stdout and holder.stdout.readline() == "held\n"
    before = sorted(p.name for p in (root / "run").rglob("*"))
    with pytest.raises(ConfigError, match="is in use: another process trains there"):
        train.resume(root / "run", flags={"train.steps": 4}, progress=ProgressReporter())
    assert sorted(p.name for p in (root / "run").rglob("*")) == before
    holder.communicate("")
    assert (
        train.resume(root / "run", flags={"train.steps": 4}, progress=ProgressReporter()).step == 4
    )
    assert not (root / "run/.lock").exists()


def test_T16_a_killed_run_leaves_no_lock_that_holds(root: Path) -> None:
    small_runs.train(small_runs.config(root, train__steps=1), root / "run")
    (root / "run/.lock").touch()
    assert (
        train.resume(root / "run", flags={"train.steps": 2}, progress=ProgressReporter()).step == 2
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [("more", r"has 8 files, and had 7"), ("other", "as many files as before, but other names")],
)
def test_T15_a_changed_data_set_is_refused_unless_accepted(
    root: Path, image_folder: Callable[..., Path], change: str, words: str
) -> None:
    small_runs.train(small_runs.config(root, train__steps=1), root / "run")
    if change == "more":
        image_folder("a", 5)
    else:
        (root / "b/0000.png").rename(root / "b/9999.png")
    with pytest.raises(DataError, match=rf"{words}.*--accept-data-change"):
        train.resume(root / "run", flags={"train.steps": 2}, progress=ProgressReporter())
    heard = small_runs.ProgressRecorder()
    small_runs.resume(root / "run", heard, steps=2, accept_data_change=True)
    assert "going on, but not as if nothing had happened" in str(heard)
    assert (
        train.resume(root / "run", flags={"train.steps": 3}, progress=ProgressReporter()).step == 3
    )


def test_a_deterministic_run_lets_pytorch_take_nothing_else_and_puts_it_back(root: Path) -> None:
    seen: list[bool] = []
    progress = Acting(1, lambda: seen.append(torch.are_deterministic_algorithms_enabled()))
    asked = small_runs.config(root, train__steps=2, train__deterministic=True)
    train.start(asked, out=root / "run", progress=progress)
    assert seen == [True]
    assert not torch.are_deterministic_algorithms_enabled()
    small_runs.train(small_runs.config(root, train__steps=2), root / "usual")
    ends = [root / f"{n}/checkpoints/step-00000002/weights.safetensors" for n in ("run", "usual")]
    assert ends[0].read_bytes() == ends[1].read_bytes(), "a CPU is exact anyway"
