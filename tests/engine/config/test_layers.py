"""Layers of configuration: defaults, recipe, file, flags, and --set."""

from pathlib import Path

import pytest
import small_runs

from configs import resolve, write_config
from translate.cli.show import describe
from translate.engine.config import layers, yaml
from translate.engine.system.bundled import configs
from translate.registry import names


def test_each_layer_wins_over_those_before_it() -> None:
    written = {"train": {"schedule": "cosine", "batch_size": 2, "seed": 3}}
    found = resolve("train.seed=5", config=written, flags={"train.batch_size": 4, "train.seed": 4})
    assert found.train.log_every == 50  # the model's default
    assert found.train.epochs == 200  # the recipe's
    assert found.train.schedule == "cosine"  # the file's
    assert found.train.batch_size == 4  # the flag's
    assert found.train.seed == 5  # --set's


def test_options_are_complete_so_that_a_later_version_repeats_the_run() -> None:
    found = resolve("options.cycle_weight=3").options
    assert found["cycle_weight"] == 3.0
    assert found["identity_weight"] == 5.0
    assert found["generator"] == "resnet"
    assert set(found) == {
        "generator",
        "discriminator",
        "adversarial",
        "cycle_weight",
        "identity_weight",
        "pool_size",
        "lr",
    }


def test_the_recipe_of_a_file_may_be_given_another_name_by_a_flag() -> None:
    written = {"recipe": "pix2pix", "data": {"layout": "unpaired"}}
    assert resolve(recipe=None, config=written).recipe == "pix2pix"
    assert resolve(recipe="cyclegan", config=written).recipe == "cyclegan"


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        ({}, ["train.steps=7"], (7, None)),
        ({"steps": 7}, [], (7, None)),
        ({"steps": 7}, ["train.epochs=3"], (None, 3)),
        ({"epochs": 3}, ["train.steps=7"], (7, None)),
        ({"epochs": 3}, ["train.steps="], (None, 3)),
        ({}, ["train.epochs="], (None, None)),
    ],
)
def test_steps_and_epochs_clear_each_other(
    below: dict[str, int], above: list[str], expected: tuple[int | None, int | None]
) -> None:
    found = resolve(*above, config={"train": below}).train
    assert (found.steps, found.epochs) == expected


@pytest.mark.parametrize(
    ("assignment", "key", "expected"),
    [
        ("options.lr=1e-4", "lr", 1e-4),
        ("options.lr=2", "lr", 2.0),
        ("options.pool_size=0", "pool_size", 0),
        (
            "options.generator={name: resnet, blocks: 6}",
            "generator",
            {"name": "resnet", "blocks": 6},
        ),
        ("options.generator.blocks=6", "generator", {"name": "resnet", "blocks": 6}),
        ("options.generator=unet", "generator", "unet"),
        ("options.lr=", "lr", 2e-4),
        (" options.lr = 0.5 ", "lr", 0.5),
    ],
)
def test_set_takes_yaml_and_clears(assignment: str, key: str, expected: object) -> None:
    assert resolve(assignment).options[key] == expected


def test_set_reaches_into_a_part_and_clears_there() -> None:
    written = {"options": {"generator": {"name": "resnet", "blocks": 6, "width": 8}}}
    found = resolve("options.generator.blocks=", "options.generator.norm=batch", config=written)
    assert found.options["generator"] == {"name": "resnet", "width": 8, "norm": "batch"}
    assert written["options"]["generator"]["blocks"] == 6  # the caller's document is left alone


def test_lists_and_sizes_are_yaml_too() -> None:
    found = resolve(
        "data.size=[64, 128]",
        "data.layout={name: side-by-side, sides: [photo, labels]}",
        "data.resize=none",
    ).data
    assert found.crop == (64, 128)
    assert found.layout == {"name": "side-by-side", "sides": ["photo", "labels"]}
    assert found.shorter_side is None


@pytest.mark.parametrize("name", sorted({*names("recipe"), *configs()}))
def test_what_show_prints_is_the_same_configuration(name: str, tmp_path: Path) -> None:
    known = {"config": name} if name in configs() else {"recipe": name}
    flags = {} if name in configs() else {"data.domains": ["A", "B"]}
    file = write_config(tmp_path, describe(name))
    assert layers.resolve(config=file) == layers.resolve(**known, flags=flags)


def test_what_show_prints_of_a_run_repeats_it(tmp_path: Path) -> None:
    asked = resolve("options.generator.blocks=2", "train.steps=3", "data.resize=none")
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.yaml").write_text(yaml.dump(asked))
    assert layers.resolve(config=write_config(tmp_path, describe(str(tmp_path / "run")))) == asked


def test_the_tests_settings_are_those_they_seem() -> None:
    found = small_runs.config(Path("x"), train__steps=9)
    assert (found.train.steps, found.train.epochs, found.data.size) == (9, None, 16)
