"""The arguments decide between a run and folders, and where the result is written."""

from pathlib import Path

import pytest

from translate.errors import ConfigError
from translate.evaluate import result
from translate.evaluate.entry import evaluate


def test_the_result_of_a_run_is_in_its_folder(paired_run: Path, messages: list[str]) -> None:
    evaluation, path = (
        evaluate(paired_run, metrics=["psnr"], device="cpu"),
        paired_run / result.FILE,
    )
    assert result.read(path) == evaluation
    assert str(path) in messages
    images = {p.name for p in result.thumbnail_folder(path).iterdir()}
    fields = ("source", "fake", "target")
    assert images == {f"{k}-{n}-{f}.png" for k in ("best", "worst") for n in (1, 2) for f in fields}


def test_the_result_of_folders_is_written_only_to_out(tmp_path: Path, photos: Path) -> None:
    folders = {"real": photos / "a/test", "fake": photos / "b/test"}
    evaluation = evaluate(**folders, paired=True, metrics=["mae"], device="cpu")
    assert evaluation.per_image and not evaluation.examples
    out = tmp_path / "x.json"
    evaluation = evaluate(**folders, paired=True, metrics=["mae"], device="cpu", out=out)
    assert result.read(out) == evaluation
    assert (tmp_path / "x-images/worst-2-target.png").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "real: there is no run and no folder to evaluate"),
        ({"real": "a"}, "fake: there is no run and no folder"),
        ({"real": "a", "fake": "b", "to": "winter"}, "to: folders cannot be evaluated with it"),
        ({"real": "a", "fake": "b", "seeds": (1,)}, "seed: folders cannot be evaluated with it"),
        ({"run": "x", "paired": True}, "paired: a run cannot be evaluated with it"),
        ({"run": "x", "fake": "b"}, "fake: a run cannot be evaluated with it"),
        ({"real": "a", "fake": "b", "size": (2, 3)}, "size: got 2x3: folders take one number"),
    ],
)
def test_an_option_of_the_other_kind_of_evaluation_is_refused(
    arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        evaluate(**arguments)  # type: ignore[arg-type]
