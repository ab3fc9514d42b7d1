"""What records say of the options, and which options are refused."""

from pathlib import Path

import pytest
from image_inversion import INVERTER

from translate.engine.inference.planning import make_processor
from translate.engine.models.options import InferenceOptions
from translate.engine.models.tile_options import TileOptions
from translate.errors import ConfigError

LIMITS = TileOptions(None, None, Path())


def test_the_record_has_the_chosen_domain_and_no_option_that_changes_no_output() -> None:
    processor, made_by = make_processor(INVERTER, InferenceOptions(batch_size=3, size=8), LIMITS)
    assert processor.to == made_by["to"] == "b"
    assert made_by["model"] == INVERTER.digest
    assert made_by["size"] == 8
    assert "batch_size" not in made_by


def test_an_unknown_option_of_the_recipe_is_an_error() -> None:
    with pytest.raises(ConfigError, match="setps"):
        make_processor(INVERTER, InferenceOptions(options={"setps": 3}), LIMITS)
