"""Networks of a file: found under any prefix, chosen by name, and refused with what they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from authors_networks import AuthorsDiscriminator, AuthorsResnet
from torch import Tensor

from translate import hookimpl
from translate.errors import CheckpointError, ConfigError
from translate.exchange.recognition import recognize
from translate.importers import ForeignWeights

Tensors = dict[str, Tensor]
ONE, OTHER = AuthorsResnet(4, 1).state_dict(), AuthorsResnet(4, 1).state_dict()
DISCRIMINATOR = AuthorsDiscriminator(4).state_dict()
OPTIMIZER = {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 1.0}]}


def prefixed(start: str, tensors: Tensors) -> Tensors:
    return {f"{start}{key}": tensor for key, tensor in tensors.items()}


def saved(content: Any, path: Path) -> Path:
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    ("content", "network", "ignored"),
    [
        (ONE, "", ()),
        (prefixed("module._orig_mod.", ONE), "", ()),
        ({"model": ONE, "epoch": 3}, "model", ()),
        ({"nets": {"G": prefixed("module.", ONE)}, "o": OPTIMIZER}, "nets/G", ("o/state/0",)),
        ({"state_dict": prefixed("generator.module.", ONE)}, "state_dict.generator", ()),
        ({"netD": DISCRIMINATOR, "netG": ONE}, "netG", ("netD",)),
    ],
)
def test_the_only_generator_of_a_file_is_found(
    content: Any, network: str, ignored: tuple[str, ...], tmp_path: Path
) -> None:
    found = recognize(saved(content, tmp_path / "G.pth"))
    assert (found.name, found.weights.network) == ("junyanz", network)
    assert found.weights.tensors.keys() == ONE.keys()
    assert found.ignored == ignored


def test_several_generators_are_chosen_by_name(tmp_path: Path) -> None:
    both = {**prefixed("netG_A.", ONE), **prefixed("netG_B.", OTHER)}
    file = saved({"state_dict": both}, tmp_path / "G.ckpt")
    with pytest.raises(ConfigError) as error:
        recognize(file)
    assert str(error.value) == (
        f"{file} has 2 networks, state_dict.netG_A, state_dict.netG_B: choose one by --network "
        "NAME, or both directions by --network state_dict.netG_A state_dict.netG_B."
    )
    found = recognize(file, networks=["netG_B", "state_dict.netG_A"])
    assert torch.equal(found.weights.tensors["model.1.weight"], OTHER["model.1.weight"])
    assert found.other
    assert torch.equal(found.other.tensors["model.1.weight"], ONE["model.1.weight"])
    assert recognize(file, networks=["state_dict.netG_A"]).ignored == ("state_dict.netG_B",)
    with pytest.raises(ConfigError, match=r"no such network. Choose from: state_dict.netG_A, "):
        recognize(file, networks=["netG_C"])
    with pytest.raises(ConfigError, match="expected one network, or two without --other"):
        recognize(file, networks=["a", "b"], other=file)


def test_names_of_networks_with_line_breaks_stay_in_one_line(tmp_path: Path) -> None:
    file = saved({"a\nb": ONE, "c": DISCRIMINATOR, "d": OTHER}, tmp_path / "G.pth")
    for arguments in ({}, {"networks": ["x"]}, {"networks": ["a\nb"], "recipe": "none"}):
        with pytest.raises(ConfigError) as error:
            recognize(file, **arguments)
        assert "\n" not in str(error.value)


def test_a_recipe_selects_among_the_importers_that_recognize_a_file(tmp_path: Path) -> None:
    file = saved(ONE, tmp_path / "G.pth")
    assert recognize(file, recipe="deblurgan").name == "deblurgan"
    assert recognize(file, recipe="fastcut").name == "junyanz"
    with pytest.raises(ConfigError, match=r"by junyanz, deblurgan. Did you mean 'pix2pix'"):
        recognize(file, recipe="pix2pixx")


def test_unknown_weights_are_refused_with_their_keys_and_the_importers_tried(
    tmp_path: Path,
) -> None:
    path = saved({"a.weight": torch.zeros(4, 3), "a.bias": torch.zeros(4)}, tmp_path / "a.pth")
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
def test_what_is_no_generator_is_refused_by_name(
    content: Any, message: str, tmp_path: Path
) -> None:
    generator, file = saved(ONE, tmp_path / "G.pth"), saved(content, tmp_path / "D.pth")
    for arguments in ({"file": file}, {"file": generator, "other": file}):
        with pytest.raises(CheckpointError, match=message):
            recognize(**arguments)


def test_an_importer_of_a_plugin_is_asked_about_each_network(
    register_plugin: Callable[..., object], tmp_path: Path
) -> None:
    class Mine:
        recipes = ("cut",)

        def recognizes(self, weights: ForeignWeights) -> bool:
            return set(weights.tensors) == {"mine"}

    class Plugin:
        @hookimpl
        def register_importers(self) -> Any:
            return {"mine": Mine}

    register_plugin(Plugin())
    found = recognize(saved({"nets": {"a": {"mine": torch.ones(1)}}}, tmp_path / "m.pth"))
    assert (found.name, found.weights.network) == ("mine", "nets/a")
