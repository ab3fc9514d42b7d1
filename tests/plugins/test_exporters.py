"""The contract of the built-in exporters, exports of all recipes, and exported state dicts."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_checkpoints
import torch
from authors_networks import AuthorsResnet, AuthorsUnet, draw_norms_
from subprocesses import run_python
from torch import nn

from translate.contract.kinds import small_options
from translate.contract.recipes.subject import make_subject
from translate.engine.checkpoints import write
from translate.engine.checkpoints.state import ModelState
from translate.engine.models.model import load
from translate.errors import ConfigError
from translate.exchange.export import export_model
from translate.exchange.import_ import import_weights
from translate.testing import check_exporter
from translate.translator import Translator

TRANSLATING = ("cut", "cyclegan", "deblurgan", "inpaint", "pix2pix", "restore", "srgan")


def write_untrained_run(recipe: str, path: Path) -> Path:
    """Write the run of a recipe with small networks that were not trained."""
    subject = make_subject(recipe, small_options("recipe", recipe), None, None)
    training = subject.build()
    write.save(path, ModelState(training.config, subject.spec, training.recipe, step=1))
    return path


@pytest.mark.parametrize("name", ["onnx", "openvino", "torch-export", "state-dict"])
def test_exporters_keep_the_contract(name: str) -> None:
    check_exporter(name)


@pytest.mark.parametrize(
    ("network", "recipe", "options"),
    [
        (AuthorsResnet(4, 2), None, {}),
        (AuthorsResnet(4, 1, "batch"), None, {}),
        (AuthorsResnet(4, 1, "batch", bias=True, padding="zero"), None, {"norm": "batch"}),
        (AuthorsResnet(4, 1, "instance-affine", dropout=True), "pix2pix", {}),
        (AuthorsResnet(4, 1, "none"), None, {}),
        (AuthorsResnet(4, 1, dropout=True, kernel=4), "deblurgan", {}),
        (AuthorsResnet(4, 1, blurs=("down", "up")), "fastcut", {}),
        (AuthorsUnet(4, 5), None, {}),
    ],
)
def test_an_imported_state_dict_is_exported_with_equal_tensors(
    network: nn.Module, recipe: str | None, options: dict[str, Any], tmp_path: Path
) -> None:
    torch.manual_seed(0)
    tensors = draw_norms_(network).state_dict()
    torch.save(tensors, tmp_path / "G.pth")
    import_weights(tmp_path / "G.pth", tmp_path / "run", recipe=recipe, options=options)
    differences = export_model(tmp_path / "run", tmp_path / "exported.pth").differences
    assert max(value for _, value in differences) == 0
    exported = torch.load(tmp_path / "exported.pth", weights_only=True)
    torch.testing.assert_close(exported, tensors, rtol=0, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".onnx", ".pt2"])
@pytest.mark.parametrize("recipe", TRANSLATING)
def test_the_exported_file_of_each_translating_recipe_has_the_outputs_of_its_run(
    recipe: str, suffix: str, tmp_path: Path
) -> None:
    run = write_untrained_run(recipe, tmp_path / "run")
    result = export_model(run, tmp_path / f"model{suffix}")
    assert len(result.differences) == 3
    assert max(value for _, value in result.differences) < 1e-5
    pixels = np.random.default_rng(0).integers(0, 256, (37, 51, 3), np.uint8)
    mask = (pixels[..., 0] > 99).astype(np.uint8) if recipe == "inpaint" else None
    output = Translator.load(tmp_path / f"model{suffix}")(pixels, mask=mask).astype(int)
    assert np.abs(output - Translator.load(run, device="cpu")(pixels, mask=mask)).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".onnx", "_openvino", ".pt2"])
@pytest.mark.parametrize("recipe", ["aae", "cgan", "dcgan", "infogan", "text2img", "wgan-gp"])
def test_the_exported_file_of_each_generating_recipe_has_the_outputs_of_its_run(
    recipe: str, suffix: str, tmp_path: Path
) -> None:
    run = write_untrained_run(recipe, tmp_path / "run")
    result = export_model(run, tmp_path / f"model{suffix}", sample=True)
    assert max(value for _, value in result.differences) < 1e-5


def test_a_recipe_with_operations_that_depend_on_image_sizes_is_refused(tmp_path: Path) -> None:
    run = write_untrained_run("autoencoder", tmp_path / "run")
    with pytest.raises(ConfigError, match="its operations depend on the sizes of images"):
        export_model(run, tmp_path / "model.pt2")


def test_the_generator_of_a_direction_is_exported(tmp_path: Path) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    model, _ = load(run, device="cpu")
    for to, network in (("winter", "source_to_target"), ("summer", "target_to_source")):
        export_model(run, tmp_path / f"{to}.pth", to=to)
        tensors = torch.load(tmp_path / f"{to}.pth", weights_only=True)
        expected = model.recipe.get_submodule(network).state_dict()
        torch.testing.assert_close(tensors, expected, rtol=0, atol=0)


@pytest.mark.parametrize(
    "option",
    [
        {"norm": "layer"},
        {"norm": "none"},  # with biases, so that its keys are those of instance norm
        {"upsample": "resize"},
    ],
)
def test_a_generator_that_differs_from_the_published_networks_is_refused(
    option: dict[str, Any], tmp_path: Path
) -> None:
    generator = {"name": "resnet", "width": 4, "blocks": 1, **option}
    small_checkpoints.write_run(tmp_path / "run", "cut", options={"generator": generator})
    with pytest.raises(ConfigError, match=r"published (code|layout)"):
        export_model(tmp_path / "run", tmp_path / "G.pth")
    assert not (tmp_path / "G.pth").exists()


def test_openvino_is_imported_without_its_telemetry() -> None:
    code = (
        "import sys, threading\n"
        "sys.addaudithook(lambda event, args: event == 'socket.connect' and sys.exit(f'{args}'))\n"
        "from translate_plugins.exporters.openvino import import_without_telemetry\n"
        "import_without_telemetry().Core().available_devices\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "assert sys.modules['openvino_telemetry'] is None"
    )
    run_python(code)
