"""The training state is built from the seed alone, with the average of its weights."""

from pathlib import Path

import pytest
import small_runs
import torch
from specs import image_spec

from translate.engine.optimization.build import build_training
from translate.errors import PluginError
from translate_plugins.cyclegan import CycleGAN

CPU = torch.device("cpu")


def test_one_seed_builds_one_recipe_and_leaves_one_random_state() -> None:
    built, random_states = [], []
    for seed in (1, 1, 2):
        torch.rand(5)  # whatever the random state before
        config = small_runs.config(Path("nowhere"), train__seed=seed)
        built.append(
            build_training(config, image_spec((16, 16), ("a", "b")), CPU).recipe.state_dict()
        )
        random_states.append(torch.rand(3))
    assert all(torch.equal(tensor, built[1][key]) for key, tensor in built[0].items())
    assert not torch.equal(
        built[0]["source_to_target.model.1.weight"], built[2]["source_to_target.model.1.weight"]
    )
    assert torch.equal(random_states[0], random_states[1])
    assert not torch.equal(random_states[0], random_states[2])


def test_the_moving_average_starts_at_the_initial_weights_by_hand(root: Path) -> None:
    from safetensors.torch import load

    config = small_runs.config(
        root, train__ema=0.75, train__steps=2, train__save_every=1, train__keep=9
    )
    run = small_runs.train(config, root / "run").path
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


def test_images_of_one_channel_make_networks_of_one_channel(root: Path) -> None:
    from safetensors.torch import load

    run = small_runs.train(
        small_runs.config(root, data__channels=1, train__steps=1), root / "run"
    ).path
    tensors = load(small_runs.checkpoint_tensors(run)["weights.safetensors"])
    assert tensors["source_to_target.model.1.weight"].shape[1] == 1


@pytest.mark.parametrize("result", [[], {}, {"one": 3}], ids=repr)
def test_optimizers_that_are_no_dict_of_optimizers_are_an_error_of_the_plugin(
    result: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CycleGAN, "optimizers", lambda _: result)
    with pytest.raises(
        PluginError, match=r"CycleGAN.optimizers returned .*expected a dict with .*line \d"
    ):
        build_training(small_runs.config(Path("nowhere")), image_spec((16, 16), ("a", "b")), CPU)
