"""Differences between configurations, and why a setting has no effect."""

from pathlib import Path
from typing import Any

import pytest
import small_runs

from translate.engine.config.diff import differences, why_without_effect
from translate.engine.config.layers import resolve
from translate.errors import CheckpointError, ConfigError

BASE: dict[str, Any] = {"data": {"domains": ["a", "b"]}}


def test_an_option_with_the_weight_0_has_no_effect() -> None:
    config = resolve("srgan", config=BASE, assignments=["options.content_weight=0"])
    assert why_without_effect(config, "options.content.layers") == "options.content_weight is 0"
    assert why_without_effect(config, "options.content_weight") == ""
    assert why_without_effect(config, "options.pixel") == ""
    assert why_without_effect(config, "recipe") == ""
    config = resolve("srgan", config=BASE, assignments=["options.adversarial_weight=0"])
    for option in ("adversarial", "discriminator", "discriminator.width"):
        assert why_without_effect(config, f"options.{option}") == "options.adversarial_weight is 0"


def test_a_fork_with_weights_of_other_shapes_suggests_init(
    image_folder: Any, tmp_path: Path
) -> None:
    image_folder("a", 2), image_folder("b", 2)
    small_runs.train(small_runs.config(tmp_path, train__steps=1), tmp_path / "run")
    options = ["options.generator.width=3"]
    with pytest.raises(CheckpointError, match=f"--init {tmp_path / 'run'} instead of"):
        small_runs.resume(tmp_path / "run", fork_run=True, steps=2, assignments=options)


def test_a_value_that_becomes_a_mapping_is_one_change() -> None:
    before = resolve("cyclegan", config=BASE)
    after = resolve("cyclegan", config=BASE, assignments=["train.schedule={generators: cosine}"])
    assert differences(before, after) == {"train.schedule": ("linear", {"generators": "cosine"})}


@pytest.mark.parametrize(("assignment", "message"), [
    ("recipe=cut", "name the recipe with --plugin"),
    ("options=3", "expected options.KEY"),
    ("train.schedule={generators:linear}", "space after the colon, 'generators: linear'"),
    ("options.generator={name:resnet, blocks:2}", "'name: resnet'"),
    ("data.augment=[{name:ColorJitter}]", "'name: ColorJitter'"),
])  # fmt: skip
def test_a_wrong_assignment_is_refused_with_a_correction(assignment: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        resolve("cyclegan", config=BASE, assignments=[assignment])
    assert message in str(error.value)
