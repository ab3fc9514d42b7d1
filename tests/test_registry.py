"""Finding factories by name: bare, with options, or with the distribution if two have the name."""

import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch
from odd_exceptions import PanicException, UnprintableError
from torch import nn

from translate import hookimpl, registry
from translate.cli.messages import annotated_yaml
from translate.engine.config import layers
from translate.engine.plugins import discovery
from translate.engine.system import signatures
from translate.errors import ConfigError, PluginError
from translate.registry import (
    PartConfig,
    create,
    create_discriminator,
    create_generator,
    create_loss,
    find,
    part,
)
from translate_plugins.losses.images import EdgeLoss, MeanAbsolute
from translate_plugins.networks import ResnetGenerator


@pytest.fixture
def losses(register_plugin: Callable[..., object]) -> Callable[..., None]:
    """Register losses of a distribution: ``losses("acme", mine=Mine)``."""

    def register_losses(distribution: str, **factories: object) -> None:
        hook = hookimpl(lambda: factories)
        register_plugin(SimpleNamespace(register_losses=hook), f"{distribution}:entry")

    return register_losses


class Scaled(nn.Module):
    def __init__(self, weight: float = 1.0, size: tuple[int, int] | None = None) -> None:
        super().__init__()
        self.weight, self.size = weight, size


class Other(nn.Module):
    pass


def test_a_part_is_a_name_with_or_without_options(losses) -> None:
    losses("acme", scaled=Scaled)
    assert create_loss("scaled").weight == 1.0
    assert create_loss({"name": "scaled", "weight": "2"}).weight == 2.0
    assert registry.split_part("loss", {"name": "a", "b": 1}) == ("a", {"b": 1})


def test_a_part_with_options_is_an_immutable_default(losses) -> None:
    default = part("scaled", weight=2, of=part("other"), betas=[1, 2])
    mapping = {"name": "scaled", "weight": 2, "of": {"name": "other"}, "betas": [1, 2]}
    assert default == mapping == default
    assert str(default) == str(mapping)

    losses("acme", scaled=Scaled)
    assert create_loss(part("scaled", weight=3)).weight == 3

    def function(loss: PartConfig = default) -> None: ...

    assert signatures.convert_options("it", function, {"loss": default}) == {"loss": mapping}
    assert type(layers.with_defaults(function, {})["loss"]) is dict
    (option,) = signatures.read_options(function).values()
    assert annotated_yaml.format_default(option) == (
        "{name: scaled, weight: 2, of: {name: other}, betas: [1, 2]}"
    )


def test_a_factory_gets_only_the_arguments_that_it_declares(losses) -> None:
    losses("acme", scaled=Scaled, other=Other)
    assert create_loss("scaled", size=(8, 8), depth=3).size == (8, 8)
    assert isinstance(create_loss("other", size=(8, 8)), Other)
    with pytest.raises(ConfigError, match="loss 'other' has no option 'weight'"):
        create_loss({"name": "other", "weight": 2})
    with pytest.raises(ConfigError, match="has no option 'size'"):
        create_loss({"name": "scaled", "size": (1, 1)}, size=(8, 8))


def test_networks_are_created_for_the_requested_channels() -> None:
    resnet = {"name": "resnet", "width": 4, "blocks": 1}
    generator = create_generator(resnet, in_channels=1, out_channels=2)
    assert generator(torch.zeros(1, 1, 8, 8)).shape == (1, 2, 8, 8)
    assert create_discriminator("pixel", in_channels=6)(torch.zeros(1, 6, 4, 4)).shape[1] == 1


@pytest.mark.parametrize("part", [{}, {"width": 3}, {"name": 3}, 5, None, ["resnet"]])
def test_a_part_of_another_type_is_refused(part) -> None:
    with pytest.raises(ConfigError, match=r"generator: expected a name or \{name: \.\.\., option:"):
        create_generator(part, in_channels=3, out_channels=3)


def test_a_typo_gets_the_nearest_name() -> None:
    for kind, name, nearest in (
        ("recipe", "cyclgan", "cyclegan"),
        ("generator", "resnett", "resnet"),
        ("layout", "unpaird", "unpaired"),
    ):
        message = f"no {kind} is called '{name}'. Did you mean '{nearest}'?"
        with pytest.raises(ConfigError, match=re.escape(message)):
            find(kind, name)


def test_a_plugin_cannot_replace_a_built_in_name_and_there_is_one_warning(losses, caplog) -> None:
    losses("shadow", edge=Other)
    registry._warn_once.cache_clear()
    assert find("loss", "edge") is EdgeLoss
    assert find("loss", "edge") is EdgeLoss
    assert caplog.messages == [
        "the loss 'edge' is translate-kit's; another plugin's is shadow/edge."
    ]
    caplog.clear()
    assert find("loss", "shadow/edge") is Other
    assert find("loss", "translate-kit/edge") is EdgeLoss
    assert registry.names("loss")["edge"] is EdgeLoss
    assert caplog.messages == []


def test_one_name_of_two_third_party_plugins_is_an_error(losses) -> None:
    losses("acme", common=Scaled, other=Scaled)
    losses("other-acme", common=Other)
    with pytest.raises(PluginError, match="two plugins register a loss called 'common'") as error:
        find("loss", "common")
    assert "acme/common" in str(error.value)
    assert "other-acme/common" in str(error.value)
    assert find("loss", "acme/common") is Scaled
    assert find("loss", "other-acme/common") is Other
    assert find("loss", "other") is Scaled
    assert "common" not in registry.names("loss")
    assert "other" in registry.names("loss")


def test_one_name_may_exist_in_two_kinds(register_plugin) -> None:
    both = {
        f"register_{kind}": hookimpl(lambda: {"twice": Other}) for kind in ("losses", "layouts")
    }
    register_plugin(SimpleNamespace(**both))
    assert find("loss", "twice") is find("layout", "twice") is Other


@pytest.mark.parametrize(
    "name", ["nobody/edge", "translate-kit/", "/edge/", "translate-kit/common"]
)
def test_a_distribution_without_that_name_is_refused(name) -> None:
    with pytest.raises(ConfigError, match="no loss is called"):
        find("loss", name)


def raise_panic() -> None:
    raise PanicException("boom")


def raise_unprintable() -> None:
    raise UnprintableError


def raise_os_error() -> None:
    raise OSError("no weights\nhere")


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        (raise_os_error, "OSError: no weights here"),
        (lambda: exit(0), "SystemExit: 0"),
        (raise_panic, "PanicException: boom"),
        (raise_unprintable, "UnprintableError"),
        (lambda: None, "PluginError: it returned None: expected a mapping from names"),
        (lambda: ["common"], "PluginError: it returned ['common']: expected a mapping from names"),
        (
            lambda: {"common": None},
            "PluginError: 'common': expected its class or a function, got N",
        ),
        (
            lambda: {"common": nn.ReLU()},
            "PluginError: 'common': expected its class or a function, got an",
        ),
        (lambda: {"le/mon": Other}, "PluginError: 'le/mon': expected a name without a slash"),
        (lambda: {3: Other}, "PluginError: 3: expected a name without a slash"),
    ],
)
def test_a_hook_that_fails_is_reported_once_and_other_plugins_work(
    register_plugin, caplog, hook, reason
) -> None:
    register_plugin(SimpleNamespace(register_losses=hookimpl(hook)), "acme:parts")
    assert find("loss", "l1") is MeanAbsolute
    find("loss", "l1")
    (line,) = caplog.messages
    assert line.startswith(f"acme:parts, register_losses failed ({reason}")
    with pytest.raises(ConfigError, match=r"no loss is called 'parts'.*acme:parts.* could not"):
        find("loss", "parts")


def test_built_in_names_are_listed_first(losses) -> None:
    losses("aaa", common=Scaled)
    owners = [offer.distribution for offer in registry.list_registrations("loss")]
    assert owners == [discovery.OWN_DISTRIBUTION] * (len(owners) - 1) + ["aaa"]


def test_create_builds_every_kind_of_part() -> None:
    generator = create("generator", {"name": "resnet", "blocks": 1}, in_channels=3, out_channels=3)
    assert isinstance(generator, ResnetGenerator)
