"""Parts that do not fit a recipe are refused before a run folder is created."""

import json
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
from translate.registry import PartConfig, create_generator, names

Run = Callable[..., Any]
CPU = torch.device("cpu")
IMAGE_LOSS, ADVERSARIAL_LOSS = "charbonnier", "hinge"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return a root with folders for unpaired, labelled and captioned layouts."""
    for folder in ("A", "B", "classes/x", "classes/y", "captioned"):
        (tmp_path / folder).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (32, 32)).save(tmp_path / folder / f"{number}.png")
    lines = [json.dumps({"file": f"{number}.png", "text": "red"}) for number in range(2)]
    (tmp_path / "captioned" / "captions.jsonl").write_text("\n".join(lines))
    return tmp_path


def configuration(root: Path, recipe: str, **options: Any) -> Config:
    """Return the smallest configuration of `recipe`, on images of 32 pixels."""
    layout = str(names("recipe")[recipe].defaults.get("data", {}).get("layout", "unpaired"))  # type: ignore[attr-defined]
    layout = "labelled" if layout == "idx" else layout
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
    ("cut", "adversarial", IMAGE_LOSS),
    ("gan", "generator", "srresnet"),
    ("autoencoder", "pixel", "lsgan"),
    *(
        pytest.param(*case, marks=pytest.mark.slow)
        for case in (
            ("cyclegan", "generator", "dcgan"),
            ("pix2pix", "pixel", ADVERSARIAL_LOSS),
            ("pix2pix", "adversarial", "tv"),
            ("aae", "encoder", "resnet"),
            ("aae", "discriminator", "patch"),
            ("srgan", "pixel", ADVERSARIAL_LOSS),
        )
    ),
]


@pytest.mark.parametrize(("recipe", "option", "name"), UNSUITABLE_PARTS)
def test_a_part_of_another_kind_is_refused_with_the_ones_that_fit(
    images: Path, recipe: str, option: str, name: str
) -> None:
    other_options = {"content": None} if recipe == "srgan" else {}
    with pytest.raises(ConfigError, match=f"options.{option}: '{name}' does not fit") as error:
        check_parts(configuration(images, recipe, **{**other_options, option: {"name": name}}))
    message = str(error.value)
    fitting = message.rpartition("--set options.")[2].partition(",")[0].partition("=")[2]
    assert "bug" not in message and "translate show" in message
    assert "Error:" not in message.replace("RuntimeError:", "")  # losses have their own message
    check_parts(configuration(images, recipe, **{**other_options, option: fitting}))


def test_parts_that_fit_are_not_refused(images: Path) -> None:
    for discriminator in ("pixel", {"name": "noisy", "of": "patch"}, {"name": "vgg", "width": 4}):
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
        yield Turn("generator", level=self.generator(batch.images).mean())


def test_a_network_that_fails_on_meta_tensors_is_tested_with_values(
    images: Path, register_plugin: Callable[..., object]
) -> None:
    networks = {"value-dependent": ValueDependentNetwork}
    register_parts(register_plugin, recipes={"one": OneGenerator}, generators=networks)
    check_parts(configuration(images, "one", generator="value-dependent"))


class Untyped(OneGenerator):
    """A recipe without type annotations."""

    def __init__(self, spec, *, generator="dilated", label="l1"):  # type: ignore[no-untyped-def]
        super().__init__(spec, generator=generator)
        self.label = label


def test_an_option_without_a_type_is_a_part_by_its_default(
    images: Path, register_plugin: Callable[..., object]
) -> None:
    register_parts(register_plugin, recipes={"untyped": Untyped})
    with pytest.raises(ConfigError, match=r"options\.generator: 'dcgan' does not fit untyped"):
        check_parts(configuration(images, "untyped", generator="dcgan"))
    check_parts(configuration(images, "untyped", label="any text"))


def test_train_refuses_an_unsuitable_part_with_code_2_and_creates_no_folder(
    images: Path, run_command: Run
) -> None:
    arguments = ["--plugin", "pix2pix", "--domains", "A", "B", "--data", images, "--size", "32"]
    small_networks = ["--set", "options.generator={name: unet, levels: 2, width: 4}"]
    out = images / "run"
    loss = ["--set", f"options.adversarial={IMAGE_LOSS}"]
    result = run_command("train", *arguments, *small_networks, *loss, "--steps", "1", "--out", out)
    assert result.code == 2 and "does not fit pix2pix" in result.err
    assert not out.exists()
