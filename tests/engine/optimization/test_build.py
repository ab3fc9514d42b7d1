"""The training state depends only on the configuration and its seed; the average of weights."""

from pathlib import Path

import pytest
import small_runs
import torch
from safetensors.torch import load
from specs import image_spec

from translate.engine.optimization.build import build_training
from translate.errors import PluginError
from translate_plugins.cyclegan import CycleGAN

CPU = torch.device("cpu")
KEY = "source_to_target.model.1.weight"
"""a weight with one input channel for each channel of the images"""


def test_a_seed_determines_the_weights_and_the_random_state() -> None:
    def weights_and_random_numbers(seed: int) -> dict[str, torch.Tensor]:
        torch.rand(5)  # changes the random state before
        config = small_runs.config(Path("nowhere"), train__seed=seed)
        recipe = build_training(config, image_spec((16, 16), ("a", "b")), CPU).recipe
        return {KEY: recipe.state_dict()[KEY], "random": torch.rand(3)}

    first, second, other_seed = map(weights_and_random_numbers, (1, 1, 2))
    for name, tensor in first.items():
        assert torch.equal(tensor, second[name])
        assert not torch.equal(tensor, other_seed[name])


def test_the_moving_average_starts_at_the_weights_after_the_first_step(root: Path) -> None:
    settings = {"train__ema": 0.75, "train__save_every": 1, "train__keep": 9}
    run = small_runs.train(small_runs.config(root, train__steps=2, **settings), root / "run").path
    weights, average = (
        [load(path.read_bytes())[KEY] for path in sorted(run.glob(f"checkpoints/*/{name}"))]
        for name in ("weights.safetensors", "ema.safetensors")
    )
    # the first update copies, as torch.optim.swa_utils does; then 0.75 old + 0.25 new
    assert torch.equal(average[1], weights[1])
    assert torch.allclose(average[2], 0.75 * weights[1] + 0.25 * weights[2], atol=1e-7)


def test_networks_have_the_channels_of_the_images(root: Path) -> None:
    config = small_runs.config(root, data__channels=1, train__steps=1)
    run = small_runs.train(config, root / "run").path
    tensors = load(small_runs.checkpoint_tensors(run)["weights.safetensors"])
    assert tensors[KEY].shape[1] == 1


@pytest.mark.parametrize("result", [[], {}, {"one": 3}], ids=repr)
def test_optimizers_that_are_not_a_dict_of_optimizers_are_an_error_of_the_plugin(
    result: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CycleGAN, "optimizers", lambda _: result)
    with pytest.raises(
        PluginError, match=r"CycleGAN.optimizers returned .*expected a dict with .*line \d"
    ):
        build_training(small_runs.config(Path("nowhere")), image_spec((16, 16), ("a", "b")), CPU)
