"""A model card has recipe, data, licences and metric values, as far as they are known."""

import json
from functools import partial
from pathlib import Path

import pytest
import small_checkpoints

from translate.engine.checkpoints.contents import digest_of
from translate.engine.checkpoints.references.lookup import resolve
from translate.errors import ConfigError
from translate.evaluate import result
from translate.evaluate.result import EvaluationResult, MeasuredValue
from translate.report.model_card import make_card


def test_a_card_has_recipe_data_licences_and_the_metric_values_of_this_checkpoint(
    tmp_path: Path,
) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    digest = digest_of(run / "checkpoints/step-00000001")
    facts = {"data": {"files": 12, "sha256": "ab"}, "versions": {"torch": "9.9"}}
    (run / "run.json").write_text(json.dumps(facts))
    values = {"psnr": MeasuredValue(20.5, "max", "dB", 12)}
    protocol = {"checkpoint sha256": digest, "from": "summer", "to": "winter", "split": "test"}
    result.write(EvaluationResult("run@1", values, protocol=protocol), run / result.FILE)
    card = make_card(resolve(run)[0], "hf-hub:org/run", licence="mit", data_licence="cc0-1.0")
    assert card.text.startswith("---\nlicense: mit\nlibrary_name: translate-kit\n")
    for part in (
        "pipeline_tag: image-to-image",
        "model-index:",
        "value: 20.5",
        "# run\n",
        "translate infer hf-hub:org/run photos/ out/",
        "translate-kit[hub]",
        "12 training images",
        "licence of the images: cc0-1.0",
        "| psnr ↑ |",
        "torch 9.9",
    ):
        assert part in card.text, part
    assert card.preview is None and "preview.png" not in card.text


def test_metric_values_of_another_checkpoint_are_not_shown(tmp_path: Path) -> None:
    run = small_checkpoints.gan(tmp_path / "run")
    other = EvaluationResult("run@7", {"fd": MeasuredValue(1.0, "min")}, protocol={"step": 7})
    result.write(other, run / result.FILE)
    card = make_card(resolve(run)[0], "gan.zip", licence=None, data_licence=None)
    assert "was not evaluated" in card.text and "license:" not in card.text
    assert "translate sample gan.zip out/" in card.text
    assert "licence of the images: unknown" in card.text


def test_the_newest_preview_is_shown_unless_previews_are_switched_off(tmp_path: Path) -> None:
    run = small_checkpoints.gan(tmp_path / "run")
    (run / "previews").mkdir()
    for step in (1, 2):
        (run / f"previews/step-{step:08}.png").touch()
    create = partial(make_card, resolve(run)[0], "x.zip", licence=None, data_licence=None)
    card = create()
    assert card.preview == run / "previews/step-00000002.png" and "](preview.png)" in card.text
    card = create(with_preview=False)
    assert card.preview is None and "](preview.png)" not in card.text


def test_a_licence_that_is_no_identifier_is_refused(tmp_path: Path) -> None:
    run = small_checkpoints.gan(tmp_path / "run")
    with pytest.raises(ConfigError, match="--license: expected an identifier such as mit"):
        make_card(resolve(run)[0], "x.zip", licence="MIT\nevil: yes", data_licence=None)
