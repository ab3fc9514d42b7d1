"""What records say of the options."""

from pathlib import Path

from image_inversion import INVERTER

from translate.engine.inference.planning import make_processor
from translate.engine.models.options import InferenceOptions
from translate.engine.models.tile_options import TileOptions


def test_the_record_has_the_chosen_domain_and_no_option_that_changes_no_output() -> None:
    options = InferenceOptions(batch_size=3, size=8)
    processor, made_by = make_processor(INVERTER, options, TileOptions(None, None, Path()))
    assert processor.to == made_by["to"] == "b"
    assert made_by["model"] == INVERTER.digest
    assert made_by["size"] == 8
    assert "batch_size" not in made_by
