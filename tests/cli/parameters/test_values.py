"""Paths, sizes, durations and ``name=value`` on the command line."""

import math
from pathlib import Path

import click
import pytest

from translate.cli.parameters.values import (
    LocalPath,
    parse_assignments,
    parse_bytes,
    parse_duration,
    parse_size,
)
from translate.errors import ConfigError


@pytest.mark.parametrize(("text", "size"), [("64", 64), ("64x96", [64, 96])])
def test_a_size_is_a_number_or_a_height_and_a_width(text: str, size: object) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("1.5m", 90), ("2h30m", 9000), ("1d", 86400), (None, math.inf)],
)
def test_a_duration_is_in_seconds(text: str | None, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "90", "h", "3 h", "-1h"])
def test_other_notations_of_sizes_and_durations_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected a time such as 90m, 2h30m or 1d"):
        parse_duration(text)
    with pytest.raises(click.BadParameter, match="expected N or HEIGHTxWIDTH"):
        parse_size(f"{text}px")


def test_an_amount_of_memory_is_in_bytes() -> None:
    assert parse_bytes("4GB") == 4_000_000_000
    assert parse_bytes("2.5 mb") == 2_500_000
    for text in ("4", "GB", "0GB", "-1GB", "4 GBit"):
        with pytest.raises(click.BadParameter, match="expected a size such as 4GB or 500MB"):
            parse_bytes(text)


def test_a_path_of_this_machine_is_no_url_of_a_store() -> None:
    path = LocalPath(path_type=Path)
    assert path("hf-hub:org/name") == Path("hf-hub:org/name")
    with pytest.raises(click.BadParameter, match=r"s3://bucket/out is a URL: expected a path"):
        path("s3://bucket/out")


def test_values_are_parsed_as_yaml_and_an_empty_value_is_none() -> None:
    values = parse_assignments(["steps=20", "dropout=false", "style=", "name=a=b"])
    assert values == {"steps": 20, "dropout": False, "style": None, "name": "a=b"}


@pytest.mark.parametrize("text", ["steps", "=20", ""])
def test_a_text_without_a_name_and_an_equals_sign_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected OPTION=VALUE"):
        parse_assignments([text])
