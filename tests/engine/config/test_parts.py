"""Options that take a part: which kind of part, by the option's type and default."""

from typing import Any

import pytest

from translate.engine.config.parts import part_kind, part_name
from translate.engine.system import signatures
from translate.registry import find


def kinds_of_parts(factory: Any) -> dict[str, Any]:
    return {n: part_kind(o) for n, o in signatures.read_options(factory, ["spec"]).items()}


@pytest.mark.parametrize(
    ("recipe", "option", "kind"),
    [
        ("pix2pix", "generator", "generator"),
        ("pix2pix", "discriminator", "discriminator"),
        ("pix2pix", "pixel", "loss"),
        ("dcgan", "discriminator", "discriminator"),  # a generator has the same name
        ("wgan", "critic", "discriminator"),  # its type is `DiscriminatorConfig`
        ("pix2pix", "lr", None),
    ],
)
def test_an_option_of_a_recipe_takes_the_kind_of_its_default(
    recipe: str, option: str, kind: str | None
) -> None:
    assert kinds_of_parts(find("recipe", recipe))[option] == kind


def test_an_option_without_a_type_is_a_part_where_its_default_names_one() -> None:
    def untyped(spec, *, network="mlp", discriminator="mlp", mode="fast"):  # type: ignore[no-untyped-def]
        return spec, network, discriminator, mode

    kinds = {"network": "generator", "discriminator": "discriminator", "mode": None}
    assert kinds_of_parts(untyped) == kinds


def test_a_part_is_named_with_or_without_options() -> None:
    assert part_name("unet") == part_name({"name": "unet", "levels": 3}) == "unet"
