"""Every option that changes an output is in its record, and no other."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
from small_outputs import sample_images
from tint_recipe import SPEC, Tint

from translate.api import Translator
from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models.generation import SampleRequest
from translate.engine.models.model import Model
from translate.engine.models.options import InferenceOptions
from translate.engine.shards.shard import Shard
from translate.errors import ConfigError

CHANGED_VALUES: dict[str, Any] = {
    "to": "blurred", "size": 16, "scale_back": True, "side": "right", "keep_metadata": True,
    "mask": None, "batch_size": 2, "format": "png", "max_pixels": 10_000, "frames": "all",
    "overwrite": True, "to_srgb": True, "limit": 1, "tile": 16, "memory": 1_000_000,
    "provenance": False, "shard": Shard(0, 1),
}  # fmt: skip
"""another value than the default for each option"""
RECORDED = {
    field.name for field in fields(InferenceOptions) if field.metadata.get("recorded", True)
}


def test_every_inference_option_is_tested_here_or_elsewhere() -> None:
    elsewhere = {"options", "seed", "backend"}  # in test_calls.py and tests/engine/exports
    names = {field.name for field in fields(InferenceOptions)}
    assert CHANGED_VALUES.keys() | elsewhere == names


@pytest.fixture
def folder(image_folder: Callable[..., Path], tmp_path: Path) -> Callable[..., Any]:
    """Return a function that translates two images into the folder `name` with any options."""
    source = image_folder("photos", 2, size=40)
    model = Model("runs/t", "t", replace(SPEC, sides=("left", "right")), recipe=Tint())

    def translate(name: str = "out", **options: Any) -> Any:
        out = tmp_path / name
        values = {"side": "left", **options}
        return translate_folder(model, find_inputs(source, out), out, InferenceOptions(**values))

    return translate


@pytest.mark.parametrize("name", sorted(CHANGED_VALUES.keys() & RECORDED))
def test_I2_every_option_that_changes_an_output_is_in_its_record(
    name: str, folder: Callable[..., Any]
) -> None:
    changed_option = {name: CHANGED_VALUES[name]}
    for out, before, after in (("out", {}, changed_option), ("other", changed_option, {})):
        assert folder(out, **before).done == 2
        with pytest.raises(ConfigError, match="--overwrite"):
            folder(out, **after)
        assert folder(out, **before).skipped == 2


@pytest.mark.parametrize("name", sorted(CHANGED_VALUES.keys() - RECORDED - {"mask"}))
def test_options_that_change_no_output_keep_existing_outputs(
    name: str, folder: Callable[..., Any], tmp_path: Path
) -> None:
    folder()
    result = folder(**{name: CHANGED_VALUES[name]})
    assert result.skipped == result.requested and not result.done
    folder("other", **{name: CHANGED_VALUES[name]})
    others = sorted((tmp_path / "other").glob("*.png"))
    assert others
    assert all(path.read_bytes() == (tmp_path / "out" / path.name).read_bytes() for path in others)


def test_I2_every_request_that_changes_a_sample_is_in_its_record(tmp_path: Path) -> None:
    model = Translator.load(small_checkpoints.cgan(tmp_path / "run"), device="cpu")._model
    out, request = tmp_path / "out", SampleRequest(3)
    for other in (SampleRequest(3, label="one"), SampleRequest(3, seed=1)):
        sample_images(model, out, request, overwrite=True)
        with pytest.raises(ConfigError, match="--overwrite"):
            sample_images(model, out, other)
    assert sample_images(model, out, SampleRequest(2)).skipped == 2


def test_records_of_older_versions_are_still_valid(
    folder: Callable[..., Any], tmp_path: Path
) -> None:
    folder()
    file = tmp_path / "out/.translate/done.jsonl"
    records = [json.loads(line) for line in file.read_text().splitlines()]
    for record in records:
        for key in ("scale_back", "metadata", "gray"):  # options that older versions lack
            del record[key]
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    assert folder().skipped == 2
