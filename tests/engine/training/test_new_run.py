"""The folders of new runs."""

from collections.abc import Callable
from pathlib import Path

import small_runs

from translate.engine.checkpoints import read, retention
from translate.engine.models import model as models


def test_domains_are_named_by_the_last_part_of_their_paths(
    root: Path, image_folder: Callable[..., Path]
) -> None:
    image_folder("photos/my horses/train", 2)
    paths = ["photos/my horses", str(root / "a")]
    config = small_runs.config(root, train__steps=1, data__domains=paths)
    run = small_runs.train(config, None).path
    assert str(run) == "runs/cyclegan-my horses-a"
    checkpoint = read.read_checkpoint(retention.newest_checkpoint(run)[0])
    assert checkpoint.spec.names == ("my horses", "a")
    assert list(checkpoint.config.data.domains) == paths
    model, _ = models.load(run, device="cpu")
    for name in ("photos/my horses", "my horses"):
        assert model.choose_target(name) == "my horses"
    assert small_runs.resume(run, steps=2).step == 2


def test_an_existing_folder_without_a_run_may_become_one(root: Path) -> None:
    (root / "run").mkdir()
    (root / "run/notes.txt").write_text("mine")
    small_runs.train(small_runs.config(root, train__steps=1), root / "run")
    assert (root / "run/notes.txt").read_text() == "mine"
    assert small_runs.checkpoint_steps(root / "run") == [0, 1]
