"""Layers of configuration, YAML, and what a person reads when something is wrong with them."""

from pathlib import Path
from typing import Any

import pytest
import small_runs
from pydantic import ValidationError

from translate.cli.show import describe
from translate.engine.config import layers, schema, yaml
from translate.engine.system.bundled import configs
from translate.errors import ConfigError
from translate.registry import names

DOMAINS = {"data.domains": ["summer", "winter"]}


def resolve(*assignments: str, recipe: str | None = "cyclegan", **given: Any) -> schema.Config:
    flags = {**DOMAINS, **given.pop("flags", {})}
    return layers.resolve(recipe, flags=flags, assignments=assignments, **given)


def complaint(*assignments: str, **given: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        resolve(*assignments, **given)
    return str(caught.value)


# -- layers ----------------------------------------------------------------------------------------


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


def test_a_configuration_never_changes() -> None:
    found = resolve()
    with pytest.raises(ValidationError, match=r"frozen"):
        found.train.steps = 3
    assert resolve("options.generator.blocks=4") != found
    assert resolve() == found  # and no layer leaked into the recipe's defaults


# -- --set -----------------------------------------------------------------------------------------


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
    found = resolve("data.size=[64, 128]", "data.sides=[photo, labels]", "data.resize=none").data
    assert found.crop == (64, 128)
    assert found.sides == ("photo", "labels")
    assert found.shorter_side is None


@pytest.mark.parametrize(
    ("size", "resize", "expected"),
    [
        (256, None, (286, 286)),
        (64, None, (72, 72)),
        ([64, 128], None, (72, 72)),
        (64, 70, (70, 70)),
        (64, [64, 96], (64, 96)),
    ],
)
def test_the_shorter_side_is_286_of_256_unless_said(
    size: Any, resize: Any, expected: tuple[int, int]
) -> None:
    given = {"data.size": size, **({"data.resize": resize} if resize else {})}
    assert resolve(flags=given).data.shorter_side == expected


# -- what a person reads ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assignments", "given", "expected"),
    [
        ([], {"recipe": "cyclgan"}, "no recipe is called 'cyclgan'. Did you mean 'cyclegan'?"),
        (
            ["options.cycle=1"],
            {},
            "recipe 'cyclegan' has no option 'cycle'. Choose from: adversarial, cycle_weight, "
            "discriminator, generator, identity_weight, lr, pool_size.",
        ),
        (["train.stepz=3"], {}, "train.stepz: unknown key. Did you mean 'steps'?"),
        (["train.steps=many"], {}, "train.steps: expected int, got 'many'."),
        (["train.steps=1.5"], {}, "train.steps: expected int, got 1.5."),
        (["train.steps=0"], {}, "train.steps: expected greater than 0, got 0."),
        (["train.device=gpu"], {}, "train.device: expected auto, cpu, cuda or cuda:N, got 'gpu'."),
        (["train.precision=fp16"], {}, "train.precision: expected 'fp32' or 'bf16', got 'fp16'."),
        (["data.flip=perhaps"], {}, "data.flip: expected true or false, got 'perhaps'."),
        (["data.resize=[9, 8]"], {}, "data.resize: expected the smaller side first, got [9, 8]."),
        (["data.workers=-1"], {}, "data.workers: expected greater than or equal to 0, got -1."),
        (
            ["trian.steps=3"],
            {},
            "trian.steps: unknown key. Did you mean 'train'? (section.key=VALUE)",
        ),
        (["steps"], {}, "--set steps: expected section.key=VALUE."),
        (
            ["lr=1e-4"],
            {},
            "lr: unknown key. Did you mean the setting options.lr of recipe 'cyclegan'? "
            "Write --set options.lr=VALUE.",
        ),
        (
            ["train.lr=1e-4"],
            {},
            "train.lr: unknown key. Did you mean the setting options.lr of recipe 'cyclegan'? "
            "Write --set options.lr=VALUE.",
        ),
        (
            ["batch_size=4"],
            {},
            "batch_size: unknown key. Did you mean the setting train.batch_size? "
            "Write --set train.batch_size=VALUE.",
        ),
        (
            [],
            {"config": {"recipe": "wgan", "lr": 1e-4}, "recipe": None},
            "lr: unknown key. Did you mean the setting options.lr_critic or options.lr_generator "
            "of recipe 'wgan'? Write --set options.lr_critic=VALUE or "
            "--set options.lr_generator=VALUE.",
        ),
        (["options.lr.x=3"], {}, "options.lr.x: 'lr' holds no options."),
        (
            ["train.schedule.generators=cosine"],
            {},
            "train.schedule.generators: train.schedule is 'linear', for all players. Set it whole, "
            'such as --set "train.schedule={generators: cosine}".',
        ),
        (["options.lr=fast"], {}, "recipe 'cyclegan': lr: expected a number, got 'fast'."),
        (
            ["options.pool_size=many"],
            {},
            "recipe 'cyclegan': pool_size: expected int, got 'many'.",
        ),
        ([], {"config": {"trian": {}}}, "trian: unknown key. Did you mean 'train'?"),
        ([], {"config": {"train": 3}}, "train: expected a mapping, got 3."),
        (
            [],
            {"config": {"train": {"stepz": 3}}},
            "train.stepz: unknown key. Did you mean 'steps'?",
        ),
        (
            [],
            {"config": "cyclegan-smal"},
            "there is no config 'cyclegan-smal'. Did you mean 'cyclegan-small'?",
        ),
        ([], {"config": "there/is/none.yaml"}, "there is no file there/is/none.yaml."),
        (
            [],
            {"recipe": None},
            "which recipe? Name one with --plugin, or a configuration with --config: "
            "`translate show` lists them.",
        ),
    ],
)
def test_each_mistake_is_named_with_the_nearest_key(
    assignments: list[str], given: dict[str, Any], expected: str
) -> None:
    assert complaint(*assignments, **given) == expected


def test_an_unknown_value_of_two_types_is_one_sentence() -> None:
    said = complaint("data.size=large")
    assert said.startswith("data.size: expected int or a list")
    assert said.endswith("got 'large'.")


# -- YAML ------------------------------------------------------------------------------------------


def written(folder: Path, data: bytes | str) -> str:
    file = folder / "mine.yaml"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return str(file)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("data: &a {size: 3}\ntrain: *a\n", "aliases"),
        ("recipe: !!python/object/apply:os.system ['true']\n", "tags are not supported: tag:yaml"),
        ("recipe: !include other.yaml\n", "tags are not supported: !include"),
        ("train: {steps: !!int x}\n", "tags are not supported: tag:yaml.org,2002:int"),
        ("train: {steps: 2001-99-99}\n", "mine.yaml: month must be in"),
        (f"train: {{steps: {'9' * 5000}}}\n", "mine.yaml: Exceeds the limit"),
        ("recipe: " + "[" * 50_000, "of more than 40 levels is not supported"),
        ("- " * 5000, "of more than 40 levels is not supported"),
        (b"recipe: cyclegan # \xff\xfe\n", "is not a text file"),
        (b"# " + b"x" * 100_000, "is larger than 100,000 bytes"),
        ("- recipe\n", "expected recipe, options, data and train"),
        ("", "expected recipe, options, data and train, got None"),
        ("recipe: [cyclegan\n", "mine.yaml: while parsing"),
        ("train: {steps: 1, steps: 2}\n", "duplicate key"),
        ("\x00", "mine.yaml"),
    ],
)
def test_F7_what_is_no_plain_document_is_refused(
    data: bytes | str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=expected):
        yaml.read(written(tmp_path, data))


def test_an_alias_in_set_is_refused() -> None:
    assert "aliases" in complaint("options.generator=[&a x, *a]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-4", 1e-4),
        ("2E3", 2e3),
        ("250_000", 250_000),
        ("on", "on"),
        ("no", "no"),
        ("true", True),
        ("010", 10),
        ("[1, 2]", [1, 2]),
        ("{a: b}", {"a": "b"}),
        ("'1'", "1"),
    ],
)
def test_yaml_is_version_1_2(text: str, expected: object) -> None:
    assert yaml.parse(text, "here") == expected


# -- round trips -----------------------------------------------------------------------------------


def test_a_dumped_configuration_is_read_back_equal(tmp_path: Path) -> None:
    found = resolve(
        "data.augment=[{name: ColorJitter, brightness: 0.2, p: 0.5, to: source}]",
        "data.size=[64, 128]",
        "data.layout={name: unpaired}",
        "options.generator={name: resnet, blocks: 3}",
        "options.lr=1e-4",
        "train.steps=7",
    )
    file = written(tmp_path, yaml.dump(found))
    assert layers.resolve(config=file) == found


@pytest.mark.parametrize("name", sorted({*names("recipe"), *configs()}))
def test_what_show_prints_is_the_same_configuration(name: str, tmp_path: Path) -> None:
    known = {"config": name} if name in configs() else {"recipe": name}
    flags = {} if name in configs() else {"data.domains": ["A", "B"]}
    file = written(tmp_path, describe(name))
    assert layers.resolve(config=file) == layers.resolve(**known, flags=flags)


def test_what_show_prints_of_a_run_repeats_it(tmp_path: Path) -> None:
    asked = resolve("options.generator.blocks=2", "train.steps=3", "data.resize=none")
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.yaml").write_text(yaml.dump(asked))
    assert layers.resolve(config=written(tmp_path, describe(str(tmp_path / "run")))) == asked


def test_every_config_names_the_command_that_runs_it() -> None:
    for name, file in configs().items():
        text = file.read_text()
        assert f"translate train --config {name}" in text
        assert len(text.splitlines()) < 25


def test_the_tests_settings_are_those_they_seem() -> None:
    found = small_runs.config(Path("x"), train__steps=9)
    assert (found.train.steps, found.train.epochs, found.data.size) == (9, None, 16)
