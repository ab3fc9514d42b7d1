"""Models are loaded with averaged weights, and from the previous checkpoint if one is damaged."""

from pathlib import Path

import small_checkpoints
import torch
from torch.optim.swa_utils import AveragedModel

from translate.engine.checkpoints import read, write
from translate.engine.checkpoints.references.lookup import resolve
from translate.engine.checkpoints.state import ModelState
from translate.engine.models import model as models


def test_loading_uses_the_moving_average_and_no_random_numbers(tmp_path: Path) -> None:
    small_checkpoints.cyclegan(tmp_path / "run")
    path, _ = resolve(tmp_path / "run")
    checkpoint = read.read_checkpoint(path)
    recipe = read.rebuild_recipe(checkpoint)
    average = AveragedModel(recipe)
    average.update_parameters(recipe)
    with torch.no_grad():
        recipe.get_parameter("source_to_target.model.1.weight").fill_(7)
    write.save(
        tmp_path / "run", ModelState(checkpoint.config, checkpoint.spec, recipe, average, step=2)
    )

    before = torch.get_rng_state()
    newest, warnings = models.load(tmp_path / "run")
    assert torch.equal(torch.get_rng_state(), before) and not warnings
    assert newest.recipe.get_parameter("source_to_target.model.1.weight").abs().max() < 1
    assert not newest.recipe.training
    older, _ = models.load(f"{tmp_path / 'run'}@1")
    assert older.digest != newest.digest
