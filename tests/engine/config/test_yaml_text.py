"""Configurations are read from YAML 1.2 without tags and aliases, and written as it."""

from pathlib import Path

import pytest

from configs import config_error, resolve_config, write_config
from translate.engine.config import layers, yaml_text
from translate.errors import ConfigError
from translate.registry import part


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
        ("- recipe\n", "expected a mapping with recipe, options, data and train"),
        ("", "expected a mapping with recipe, options, data and train, got None"),
        ("recipe: [cyclegan\n", "mine.yaml: line 2, column 1: expected"),
        ("train: {steps: 1, steps: 2}\n", "duplicate key"),
        ("\x00", "mine.yaml"),
    ],
)
def test_F7_a_file_of_unsupported_yaml_is_refused(
    data: bytes | str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=expected):
        yaml_text.read(write_config(tmp_path, data))


def test_an_alias_in_a_value_of_set_is_refused() -> None:
    assert "aliases" in config_error("options.generator=[&a x, *a]")


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
    assert yaml_text.parse(text, "here") == expected


def test_a_dumped_configuration_is_read_back_equal(tmp_path: Path) -> None:
    config = resolve_config(
        "data.augment=[{name: ColorJitter, brightness: 0.2, p: 0.5, to: source}]",
        "data.size=[64, 128]",
        "data.layout={name: unpaired}",
        "options.generator={name: resnet, blocks: 3}",
        "options.lr=1e-4",
        "train.steps=7",
    )
    file = write_config(tmp_path, yaml_text.dump(config))
    assert layers.resolve(config=file) == config


def test_a_value_is_one_line_of_yaml() -> None:
    assert yaml_text.one_line({"name": "resnet", "blocks": 6}) == "{name: resnet, blocks: 6}"
    assert yaml_text.one_line({"of": part("patch", padding=2)}) == "{of: {name: patch, padding: 2}}"
    assert yaml_text.one_line("summer") == "summer"
    assert yaml_text.one_line([0.5, None]) == "[0.5, null]"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n\tb: 2\n", r"line 2, column 1: .*: YAML is indented by spaces, not by tabs"),
        ("a: 1\n b: 2\n", r"line 2, column 3: mapping values are not allowed here"),
        ("a: {b: 1\n", r"line 2, column 1: expected ',' or '}'"),
    ],
)
def test_a_syntax_error_is_named_by_its_line(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=rf"^mine\.yaml: {message}"):
        yaml_text.parse(text, "mine.yaml")
