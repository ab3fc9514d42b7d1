"""The records of an output folder, damaged or replaced."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_checkpoints
from file_damages import Damage, every_damage, one_line_message

from translate.engine.inference.folder import translate_folder
from translate.engine.inference.inputs.paths import find_inputs
from translate.engine.models import model as infer
from translate.engine.models.options import InferenceOptions
from translate.errors import ConfigError, TranslateError


@pytest.fixture
def translate_again(tmp_path: Path, image_folder: Callable[..., Path]) -> Callable[[], Any]:
    source, out = image_folder("in", 1, size=8), tmp_path / "out"
    model, _ = infer.load(small_checkpoints.cyclegan(tmp_path / "model"))
    return lambda: translate_folder(model, find_inputs(source, out), out, InferenceOptions())


@every_damage
def test_damaged_records_are_a_one_line_error_until_the_outputs_are_removed(
    damage: Damage, translate_again: Callable[[], Any], tmp_path: Path
) -> None:
    translate_again()
    out = tmp_path / "out"
    damage(out / ".translate/done.jsonl")
    with pytest.raises(ConfigError) as caught:
        translate_again()
    text = one_line_message(caught.value)
    assert "done.jsonl cannot be read" in text or "--overwrite" in text
    (out / "0000.png").unlink()
    if (out / ".translate/done.jsonl").is_file():
        assert translate_again().done == 1
        assert translate_again().skipped == 1


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")])
@pytest.mark.parametrize("name", ["problems.jsonl", ".translate/lock", ".translate"])
def test_a_folder_pipe_or_dead_link_in_place_of_our_file_is_a_one_line_error_at_most(
    name: str, make: Damage, translate_again: Callable[[], Any], tmp_path: Path
) -> None:
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    make(path)
    try:
        assert translate_again().done == 1
    except TranslateError as error:
        assert name in one_line_message(error)
        assert error.exit_code == 2
