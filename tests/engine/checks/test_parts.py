"""Parts that do not fit a recipe are refused before a run folder is created."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from valid_recipe import register_parts

from translate.batches import Images, ImageSpec
from translate.contract.kinds import small_options
from translate.engine.checks import parts
from translate.engine.config.layers import resolve
from translate.engine.config.schema import Config
from translate.engine.data import check
from translate.errors import ConfigError
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_generator, find

CPU = torch.device("cpu")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return a root with the domains A and B, a labelled and a captioned folder."""
    for folder in ("A", "B", "classes/x", "classes/y", "captioned"):
        (tmp_path / folder).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (32, 32)).save(tmp_path / folder / f"{number}.png")
    lines = [json.dumps({"file": f"{number}.png", "text": "red"}) for number in range(2)]
    (tmp_path / "captioned" / "captions.jsonl").write_text("\n".join(lines))
    return tmp_path


def configuration(root: Path, recipe: str, **options: Any) -> Config:
    """Return the smallest configuration of `recipe`, on images of 32 pixels."""
    defaults: Any = find("recipe", recipe).defaults
    layout = defaults.get("data", {}).get("layout", "unpaired")
    if layout == "idx":  # MNIST's files: a labelled folder gives the same type of batches
        layout = "labelled"
    domains = {"images": ["A"], "labelled": ["classes"], "captioned": ["captioned"]}
    section = {"root": str(root), "layout": layout, "domains": domains.get(layout, ["A", "B"])}
    document = {
        "options": {**small_options("recipe", recipe), **options},
        "data": {**section, "size": 32},
        "train": {"batch_size": 2, "steps": 1},
    }
    return resolve(recipe, config=document)


def check_parts(config: Config) -> None:
    parts.check_networks_and_losses(config, check.open_layout(config.data), CPU)


UNSUITABLE_PARTS = [
    ("cyclegan", "adversarial", "l1"),
    ("cut", "adversarial", "charbonnier"),
    ("gan", "generator", "srresnet"),
    ("autoencoder", "pixel", "lsgan"),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            ("cyclegan", "generator", "dcgan"),
            ("pix2pix", "pixel", "hinge"),
            ("pix2pix", "adversarial", "tv"),
            ("aae", "encoder", "resnet"),
            ("aae", "discriminator", "patch"),
            ("srgan", "pixel", "hinge"),
        )
    ),
]
"""a recipe, its option, and the name of a part that does not fit"""
OTHER_OPTIONS: dict[str, dict[str, Any]] = {"srgan": {"content": None}}
"""options of recipes; the content loss of SRGAN would download the weights of a VGG network"""


@pytest.mark.parametrize(("recipe", "option", "name"), UNSUITABLE_PARTS)
def test_a_part_that_does_not_fit_is_refused_and_the_message_names_one_that_does(
    images: Path, recipe: str, option: str, name: str
) -> None:
    other_options = OTHER_OPTIONS.get(recipe, {})
    with pytest.raises(ConfigError, match=f"options.{option}: '{name}' does not fit") as error:
        check_parts(configuration(images, recipe, **{**other_options, option: {"name": name}}))
    message = str(error.value)
    fitting = re.search(rf"--set options\.{option}=(\S+), or see: translate show", message)
    assert fitting
    check_parts(configuration(images, recipe, **{**other_options, option: fitting[1]}))
    assert "bug" not in message  # the plugin is correct, and only the choice of the part is wrong
    # of Python's errors, only the one of PyTorch for unsuitable shapes explains the reason
    assert set(re.findall(r"\w+Error\b", message)) <= {"RuntimeError"}


@pytest.mark.parametrize(
    "discriminator",
    [
        pytest.param("pixel", id="another_network"),
        pytest.param({"name": "noisy", "of": "patch"}, id="a_wrapper_of_the_default"),
        pytest.param({"name": "vgg", "width": 4}, id="a_network_of_fixed_image_size"),
    ],
)
def test_a_part_that_fits_is_not_refused(images: Path, discriminator: PartConfig) -> None:
    check_parts(configuration(images, "cut", discriminator=discriminator, adversarial="hinge"))


class ValueDependentNetwork(nn.Module):
    """A network that depends on values, which meta tensors do not have."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.layer = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x) * float(x.mean() < 2)


class OneGenerator(Recipe[Images]):
    """A recipe with an option for its only network."""

    defaults = {"data": {"layout": "images"}}

    def __init__(
        self, spec: ImageSpec, *, generator: Annotated[PartConfig, "network"] = "dilated"
    ) -> None:
        super().__init__()
        channels = {"in_channels": spec.source.channels, "out_channels": spec.target.channels}
        self.generator = create_generator(generator, **channels)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        return {"generator": adam(self.generator)}

    def step(self, batch: Images) -> Iterator[Turn]:
        yield Turn("generator", mean_output=self.generator(batch.images).mean())


def test_a_network_that_fails_on_meta_tensors_is_tested_with_values(
    images: Path, register_plugin: Callable[..., object]
) -> None:
    networks = {"value-dependent": ValueDependentNetwork}
    register_parts(register_plugin, recipes={"one": OneGenerator}, generators=networks)
    check_parts(configuration(images, "one", generator="value-dependent"))


class UntypedRecipe(OneGenerator):
    """A recipe without type annotations; the default of its option `label` is a loss's name."""

    def __init__(self, spec, *, generator="dilated", label="l1"):  # type: ignore[no-untyped-def]
        super().__init__(spec, generator=generator)
        self.label = label


def test_an_untyped_option_is_a_part_if_its_default_names_one_and_a_step_fails_without_it(
    images: Path, register_plugin: Callable[..., object]
) -> None:
    register_parts(register_plugin, recipes={"untyped": UntypedRecipe})
    with pytest.raises(ConfigError, match=r"options\.generator: 'dcgan' does not fit untyped"):
        check_parts(configuration(images, "untyped", generator="dcgan"))
    # no part is called so, but the step succeeds: the option is a text
    check_parts(configuration(images, "untyped", label="any text"))


def test_train_refuses_an_unsuitable_part_with_code_2_and_creates_no_folder(
    images: Path, run_command: Callable[..., Any]
) -> None:
    arguments = ["--plugin", "pix2pix", "--domains", "A", "B", "--data", images, "--size", "32"]
    small_networks = ["--set", "options.generator={name: unet, levels: 2, width: 4}"]
    out = images / "run"
    loss = ["--set", "options.adversarial=l1"]
    result = run_command("train", *arguments, *small_networks, *loss, "--steps", "1", "--out", out)
    assert result.code == 2 and "does not fit pix2pix" in result.err
    assert not out.exists()
