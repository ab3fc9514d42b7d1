"""Networks of a file are found under any prefix and chosen by name; others are refused."""

from pathlib import Path
from typing import Any

import pytest
import torch
from authors_networks import AuthorsDiscriminator, AuthorsResnet
from torch import Tensor
from valid_recipe import register_parts

from translate.errors import CheckpointError, ConfigError
from translate.exchange.recognition import recognize
from translate.importers import ForeignWeights

Tensors = dict[str, Tensor]
GENERATOR, OTHER_GENERATOR = AuthorsResnet(4, 1).state_dict(), AuthorsResnet(4, 1).state_dict()
DISCRIMINATOR = AuthorsDiscriminator(4).state_dict()
OPTIMIZER = {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1.0}]}


def with_prefix(prefix: str, tensors: Tensors) -> Tensors:
    return {f"{prefix}{key}": tensor for key, tensor in tensors.items()}


def save(content: Any, path: Path) -> Path:
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    ("content", "network", "ignored"),
    [
        (GENERATOR, "", ()),
        (with_prefix("module._orig_mod.", GENERATOR), "", ()),
        ({"model": GENERATOR, "epoch": 3}, "model", ()),
        (
            {"nets": {"G": with_prefix("module.", GENERATOR)}, "o": OPTIMIZER},
            "nets/G",
            ("o/state/0",),
        ),
        ({"state_dict": with_prefix("generator.module.", GENERATOR)}, "state_dict.generator", ()),
        ({"netD": DISCRIMINATOR, "netG": GENERATOR}, "netG", ("netD",)),
    ],
)
def test_the_only_generator_of_a_file_is_found(
    content: Any, network: str, ignored: tuple[str, ...], tmp_path: Path
) -> None:
    recognition = recognize(save(content, tmp_path / "G.pth"))
    assert (recognition.name, recognition.weights.network) == ("junyanz", network)
    assert recognition.weights.tensors.keys() == GENERATOR.keys()
    assert recognition.ignored == ignored


def test_one_of_several_generators_is_chosen_by_name(tmp_path: Path) -> None:
    both = {**with_prefix("netG_A.", GENERATOR), **with_prefix("netG_B.", OTHER_GENERATOR)}
    file = save({"state_dict": both}, tmp_path / "G.ckpt")
    with pytest.raises(ConfigError) as error:
        recognize(file)
    assert str(error.value) == (
        f"{file} has 2 networks, state_dict.netG_A, state_dict.netG_B: choose one by --network "
        "NAME, or both directions by --network state_dict.netG_A state_dict.netG_B."
    )
    recognition = recognize(file, networks=["netG_B", "state_dict.netG_A"])
    weights, other, key = recognition.weights, recognition.other, "model.1.weight"
    assert torch.equal(weights.tensors[key], OTHER_GENERATOR[key])
    assert other and torch.equal(other.tensors[key], GENERATOR[key])
    assert recognize(file, networks=["state_dict.netG_A"]).ignored == ("state_dict.netG_B",)
    with pytest.raises(ConfigError, match=r"no such network. Choose from: state_dict.netG_A, "):
        recognize(file, networks=["netG_C"])
    with pytest.raises(ConfigError, match="expected one network, or two without --other"):
        recognize(file, networks=["a", "b"], other=file)


def test_names_of_networks_with_line_breaks_stay_in_one_line(tmp_path: Path) -> None:
    file = save({"a\nb": GENERATOR, "c": DISCRIMINATOR, "d": OTHER_GENERATOR}, tmp_path / "G.pth")
    for arguments in ({}, {"networks": ["x"]}, {"networks": ["a\nb"], "recipe": "none"}):
        with pytest.raises(ConfigError) as error:
            recognize(file, **arguments)
        assert "\n" not in str(error.value)


def test_a_recipe_selects_among_the_importers_that_recognize_a_file(tmp_path: Path) -> None:
    file = save(GENERATOR, tmp_path / "G.pth")
    assert recognize(file, recipe="deblurgan").name == "deblurgan"
    assert recognize(file, recipe="fastcut").name == "junyanz"
    with pytest.raises(ConfigError, match=r"by junyanz, deblurgan. Did you mean 'pix2pix'"):
        recognize(file, recipe="pix2pixx")


def test_unknown_weights_are_refused_with_their_keys_and_the_importers_tried(
    tmp_path: Path,
) -> None:
    path = save({"a.weight": torch.zeros(4, 3), "a.bias": torch.zeros(4)}, tmp_path / "a.pth")
    with pytest.raises(CheckpointError) as error:
        recognize(path)
    assert str(error.value) == (
        f"no importer recognizes {path}: it has a.weight (4, 3), a.bias (4,). Tried: junyanz, cut, "
        "deblurgan, other-networks. A plugin can add an importer: see plugins/README.md."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (DISCRIMINATOR, r"D.pth: a PatchGAN discriminator of pytorch-CycleGAN-and-pix2pix: not"),
        ({"optimizer": OPTIMIZER}, r"D.pth, optimizer/state/0: the state of an optimizer: not"),
    ],
)
def test_discriminators_and_optimizers_are_refused_by_name(
    content: Any, message: str, tmp_path: Path
) -> None:
    generator, file = save(GENERATOR, tmp_path / "G.pth"), save(content, tmp_path / "D.pth")
    for arguments in ({"file": file}, {"file": generator, "other": file}):
        with pytest.raises(CheckpointError, match=message):
            recognize(**arguments)


def test_an_importer_of_a_plugin_recognizes_an_inner_network(
    register_plugin, tmp_path: Path
) -> None:
    class MyImporter:
        recipes = ("cut",)

        def recognizes(self, weights: ForeignWeights) -> bool:
            return set(weights.tensors) == {"mine"}

    register_parts(register_plugin, importers={"mine": MyImporter})
    recognition = recognize(save({"nets": {"a": {"mine": torch.ones(1)}}}, tmp_path / "m.pth"))
    assert (recognition.name, recognition.weights.network) == ("mine", "nets/a")
