"""The description of a part: options, and how to select it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from translate.engine.config import layers, yaml_text
from translate.registry import create_generator

Run = Callable[..., Any]


@pytest.mark.parametrize(
    ("name", "selected", "line"),
    [
        (
            "resnet",
            '"options.generator={name: resnet, width: 64}"',
            r"blocks: null +# number of resid",
        ),
        ("lsgan", '"options.adversarial={name: lsgan, label', r"label_flipping: 0\.0 +# fraction"),
        ("paired", '--set "data.layout={name: paired', r"drop_unpaired: false"),
        ("vgg", "options.discriminator of ", r"width: 64 +# .* \(more than 0\)"),
        ("summer", "translate datasets draw summer", "name: summer"),
    ],
)
def test_a_part_is_shown_with_its_options_and_how_to_select_it(
    run_command: Run, name: str, selected: str, line: str
) -> None:
    text = run_command("show", name).out
    assert selected in text
    assert re.search(f"^{line}", text, re.M), text
    (document,) = [yaml_text.parse(part, name) for part in text.split("---")]
    assert document["name"] == name


def test_a_shown_part_can_be_set_as_an_option(run_command: Run) -> None:
    part = yaml_text.parse(run_command("show", "resnet").out, "resnet")
    data = {"domains": ["a", "b"]}
    resolved = layers.resolve("pix2pix", config={"options": {"generator": part}, "data": data})
    create_generator(resolved.options["generator"], in_channels=3, out_channels=3)


def test_a_name_of_several_kinds_is_shown_with_its_other_kinds(run_command: Run) -> None:
    text = run_command("show", "dcgan").out
    assert text.startswith("recipe: dcgan")
    assert "# dcgan is also a discriminator: translate show dcgan --kind discriminator" in text
    assert run_command("show", "mlp").out.count("\nname: mlp\n") == 2
    record = json.loads(run_command("show", "mlp", "--kind", "generator", "--json").out)
    (generator,) = record["parts"]
    width = {"name": "width", "meaning": "units of each hidden layer", "default": 512}
    width |= {"required": False, "choices": "more than 0"}
    assert [option for option in generator["options"] if option["name"] == "width"] == [width]
