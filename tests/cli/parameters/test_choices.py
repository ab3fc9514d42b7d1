"""Values that an option accepts, as text."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Le

from translate import registry
from translate.cli.parameters.choices import allowed_values
from translate.contract import kinds
from translate.contract.recipes.subject import make_subject
from translate.engine.config.parts import part_kind, part_name
from translate.engine.system import signatures

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("cyclegan", r"adversarial: lsgan +# adversarial loss \(.*vanilla, lsgan, hinge"),
        ("pix2pix", r"pixel: l1 +# pixel loss to the target image \(l1, l2, ssim, "),
        ("gan", r"prior: uniform +# .*\(normal, uniform, sphere\)"),
        ("cyclegan", r"generator: resnet +# .*\(resnet, unet, "),
        ("cyclegan", r"lr: 0\.0002 +# .*\(0 or more\)"),
        ("cyclegan", r"shard: none +# .*\(none, fsdp\)"),
        ("cyclegan", r"max_bad: 0\.05 +# .*\(0 to 1\)"),
    ],
)
def test_an_option_has_its_choices_as_a_comment(
    run_command: Run, recipe: str, expected: str
) -> None:
    assert re.search(f"^  {expected}", run_command("show", recipe).out, re.M)


def test_a_network_is_a_choice_only_where_its_output_fits(run_command: Run) -> None:
    for_images = run_command("show", "cyclegan").out.partition("generator: ")[2].partition("\n")[0]
    for_noise = run_command("show", "gan").out.partition("generator: ")[2].partition("\n")[0]
    assert "unet" in for_images and "mlp" not in for_images and "encoder" not in for_images
    assert "mlp" in for_noise and "unet" not in for_noise


def test_the_kind_of_an_option_is_the_kind_of_part_that_the_recipe_creates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    created: list[tuple[str, str]] = []
    create = registry.create

    def record_and_create(kind: registry.Kind, part: registry.PartConfig, **arguments: Any) -> Any:
        created.append((kind, registry.split_part(kind, part)[0]))
        return create(kind, part, **arguments)

    for name in registry.names("recipe"):
        options = kinds.small_options("recipe", name)
        subject = make_subject(name, options, None, None)
        monkeypatch.setattr(registry, "create", record_and_create)
        created.clear()
        subject.make()
        monkeypatch.undo()
        for option in signatures.read_options(registry.find("recipe", name), ["spec"]).values():
            if kind := part_kind(option):
                is_optional = option.name in ("content", "adversarial", "discriminator", "pixel")
                is_created = (kind, part_name(option.default)) in created
                assert is_created or is_optional, (name, option.name)
            assert kind or "Mapping" not in str(option.annotation) or option.name == "degradations"


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Literal["a", "b"], "a, b"),
        (bool, "true, false"),
        (Annotated[int, Gt(0)], "more than 0"),
        (Annotated[float, Ge(0), Le(1)], "0 to 1"),
        (Annotated[int, Ge(2)] | Literal["fit"] | None, "2 or more, fit"),
        (str, ""),
    ],
)
def test_a_type_has_its_values_or_its_range(annotation: Any, expected: str) -> None:
    assert allowed_values(annotation) == expected
