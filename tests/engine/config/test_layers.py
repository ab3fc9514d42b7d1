"""Layers of configuration: defaults, recipe, file, flags, and --set."""

from pathlib import Path
from typing import Any

import pytest

from configs import resolve_config, write_config
from translate.cli.show import describe
from translate.engine.config import layers, yaml_text
from translate.engine.plugins.configs import configs
from translate.errors import ConfigError, PluginError
from translate.registry import names
from translate_plugins.cyclegan import CycleGAN


def test_each_layer_takes_precedence_over_the_layers_before_it() -> None:
    config_file = {"train": {"schedule": "cosine", "batch_size": 2, "seed": 3}}
    config = resolve_config(
        "train.seed=5", config=config_file, flags={"train.batch_size": 4, "train.seed": 4}
    )
    assert config.train.log_every == 50  # default of the schema
    assert config.train.epochs == 200  # default of the recipe
    assert config.train.schedule == "cosine"  # the file
    assert config.train.batch_size == 4  # the flag
    assert config.train.seed == 5  # --set


def test_a_configuration_has_all_options_so_that_a_later_version_repeats_the_run() -> None:
    assert resolve_config("options.cycle_weight=3").options == {
        "generator": "resnet",
        "discriminator": "patch",
        "adversarial": "lsgan",
        "cycle_weight": 3.0,
        "identity_weight": 5.0,
        "pool_size": 50,
        "lr": 2e-4,
    }


def test_a_flag_overrides_the_recipe_of_a_file() -> None:
    config_file = {"recipe": "pix2pix", "data": {"layout": "unpaired"}}
    assert resolve_config(recipe=None, config=config_file).recipe == "pix2pix"
    assert resolve_config(recipe="cyclegan", config=config_file).recipe == "cyclegan"


@pytest.mark.parametrize(
    ("file_settings", "assignments", "expected"),
    [
        ({}, ["train.steps=7"], (7, None)),
        ({"steps": 7}, [], (7, None)),
        ({"steps": 7}, ["train.epochs=3"], (None, 3)),
        ({"epochs": 3}, ["train.steps=7"], (7, None)),
        ({"epochs": 3}, ["train.steps="], (None, 3)),
        ({}, ["train.epochs="], (None, None)),
    ],
)
def test_steps_and_epochs_replace_each_other(
    file_settings: dict[str, int],
    assignments: list[str],
    expected: tuple[int | None, int | None],
) -> None:
    config = resolve_config(*assignments, config={"train": file_settings}).train
    assert (config.steps, config.epochs) == expected


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
def test_the_value_of_set_is_yaml_and_an_empty_value_restores_the_default(
    assignment: str, key: str, expected: object
) -> None:
    assert resolve_config(assignment).options[key] == expected


def test_set_changes_and_removes_options_of_a_part() -> None:
    config_file = {"options": {"generator": {"name": "resnet", "blocks": 6, "width": 8}}}
    config = resolve_config(
        "options.generator.blocks=", "options.generator.norm=batch", config=config_file
    )
    assert config.options["generator"] == {"name": "resnet", "width": 8, "norm": "batch"}
    assert config_file["options"]["generator"]["blocks"] == 6  # the caller's document is unchanged


def test_all_unknown_keys_of_a_file_are_listed_at_once() -> None:
    config = {
        "options": {"cycle_weigth": 3, "lr": 1e-4},
        "data": {"domain": ["a", "b"], "sise": 32},
        "train": {"step": 3},
        "trian": {},
    }
    with pytest.raises(ConfigError) as error:
        resolve_config(config=config)
    assert str(error.value).splitlines() == [
        "data.domain: unknown key. Did you mean 'domains'?",
        "data.sise: unknown key. Did you mean 'size'?",
        "train.step: unknown key. Did you mean 'steps'?",
        "trian: unknown key. Did you mean 'train'?",
        "recipe 'cyclegan' has no option 'cycle_weigth'. Did you mean 'cycle_weight'?",
    ]


def test_lists_and_sizes_are_yaml_too() -> None:
    config = resolve_config(
        "data.size=[64, 128]",
        "data.layout={name: side-by-side, sides: [photo, labels]}",
        "data.resize=none",
    ).data
    assert config.crop == (64, 128)
    assert config.layout == {"name": "side-by-side", "sides": ["photo", "labels"]}
    assert config.shorter_side is None


@pytest.mark.parametrize("name", sorted({*names("recipe"), *configs()}))
def test_the_output_of_show_is_a_file_of_the_same_configuration(name: str, tmp_path: Path) -> None:
    source = {"config": name} if name in configs() else {"recipe": name}
    flags = {} if name in configs() else {"data.domains": ["A", "B"]}
    file = write_config(tmp_path, describe(name))
    assert layers.resolve(config=file) == layers.resolve(**source, flags=flags)


def test_the_output_of_show_for_a_run_is_its_configuration(tmp_path: Path) -> None:
    config = resolve_config("options.generator.blocks=2", "train.steps=3", "data.resize=none")
    (tmp_path / "run").mkdir()
    (tmp_path / "run/config.yaml").write_text(yaml_text.dump(config))
    assert layers.resolve(config=write_config(tmp_path, describe(str(tmp_path / "run")))) == config


@pytest.mark.parametrize(
    ("defaults", "message"),
    [
        ({"train": {"batchsize": 4}}, "train.batchsize: unknown key. Did you mean 'batch_size'?"),
        ({"data": {"layout": "pairs"}}, "no layout is called 'pairs'. Did you mean 'paired'?"),
    ],
)
def test_an_error_in_the_defaults_of_a_recipe_names_the_recipe(
    monkeypatch: pytest.MonkeyPatch, defaults: dict[str, Any], message: str
) -> None:
    monkeypatch.setattr(CycleGAN, "defaults", defaults)
    with pytest.raises(PluginError) as error:
        layers.resolve("cyclegan")
    assert str(error.value) == f"the defaults of CycleGAN, in its plugin: {message}"


def test_a_default_that_a_configuration_cannot_hold_is_an_error_of_the_plugin() -> None:
    def recipe(spec: object, *, activation: type = dict, width: int = 3) -> None: ...

    with pytest.raises(PluginError, match=r"recipe: .* 'activation' is <class 'dict'>, which a co"):
        layers.with_defaults(recipe, {})
    assert layers.with_defaults(recipe, {"activation": "dict"})["width"] == 3
