"""What a fork says of a setting is what the setting does."""

from pathlib import Path
from typing import Any

import pytest
import small_runs

from translate.engine.config.diff import differences, why_without_effect
from translate.engine.config.layers import resolve
from translate.errors import CheckpointError, ConfigError

BASE: dict[str, Any] = {"data": {"domains": ["a", "b"]}}


def test_an_option_with_a_weight_of_0_is_without_effect() -> None:
    asked = resolve("srgan", config=BASE, assignments=["options.content_weight=0"])
    assert why_without_effect(asked, "options.content.layers") == "options.content_weight is 0"
    assert why_without_effect(asked, "options.content_weight") == ""
    assert why_without_effect(asked, "options.pixel") == ""
    asked = resolve("srgan", config=BASE, assignments=["options.adversarial_weight=0"])
    for option in ("adversarial", "discriminator", "discriminator.width"):
        assert why_without_effect(asked, f"options.{option}") == "options.adversarial_weight is 0"


@pytest.mark.parametrize(("layout", "key", "taken"), [
    ("unpaired", "sides", False), ("unpaired", "drop_unpaired", False), ("paired", "sides", False),
    ("paired", "drop_unpaired", True), ("side-by-side", "sides", True),
])  # fmt: skip
def test_a_key_that_the_layout_does_not_take_is_without_effect(
    layout: str, key: str, taken: bool
) -> None:
    asked = resolve("pix2pix", config=BASE, assignments=[f"data.layout={layout}"])
    assert bool(why_without_effect(asked, f"data.{key}")) is not taken


def test_a_fork_says_what_has_no_effect(image_folder: Any, tmp_path: Path) -> None:
    image_folder("a", 2), image_folder("b", 2)
    small_runs.train(small_runs.config(tmp_path, train__steps=1), tmp_path / "run")
    heard = small_runs.ProgressRecorder()
    small_runs.resume(
        tmp_path / "run", heard, fork=True, steps=2, assignments=["data.drop_unpaired=true"]
    )
    assert "no effect, as the layout 'unpaired' takes no drop_unpaired" in str(heard)
    assert "data.drop_unpaired: no effect" in str(heard)
    assert "from here on" not in str(heard)


def test_a_fork_that_the_weights_do_not_fit_says_how_to_start_from_them(
    image_folder: Any, tmp_path: Path
) -> None:
    image_folder("a", 2), image_folder("b", 2)
    small_runs.train(small_runs.config(tmp_path, train__steps=1), tmp_path / "run")
    given = ["options.generator.width=3"]
    with pytest.raises(CheckpointError, match=f"--init {tmp_path / 'run'} in place of"):
        small_runs.resume(tmp_path / "run", fork=True, steps=2, assignments=given)


def test_a_value_that_becomes_a_mapping_is_one_change() -> None:
    before = resolve("cyclegan", config=BASE)
    now = resolve("cyclegan", config=BASE, assignments=["train.schedule={generators: cosine}"])
    assert differences(before, now) == {"train.schedule": ("linear", {"generators": "cosine"})}


@pytest.mark.parametrize(("assignment", "said"), [
    ("recipe=cut", "name the recipe with --plugin"),
    ("options=3", "expected options.KEY"),
    ("train.schedule={generators:linear}", "space after the colon, 'generators: linear'"),
    ("options.generator={name:resnet, blocks:2}", "'name: resnet'"),
    ("data.augment=[{name:ColorJitter}]", "'name: ColorJitter'"),
])  # fmt: skip
def test_what_cannot_be_set_is_said_with_what_to_type(assignment: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        resolve("cyclegan", config=BASE, assignments=[assignment])
    assert said in str(raised.value)
