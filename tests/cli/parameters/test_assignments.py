"""Options that are typed as ``--set name=value`` are YAML values."""

import pytest

from translate.cli.parameters.assignments import parse_assignments
from translate.errors import ConfigError


def test_values_are_parsed_as_yaml_and_an_empty_value_is_none() -> None:
    values = parse_assignments(["steps=20", "dropout=false", "style=", "name=a=b"])
    assert values == {"steps": 20, "dropout": False, "style": None, "name": "a=b"}


@pytest.mark.parametrize("text", ["steps", "=20", ""])
def test_a_text_without_a_name_and_an_equals_sign_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected OPTION=VALUE"):
        parse_assignments([text])
