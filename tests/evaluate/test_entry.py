"""What is given decides between a run and folders, and where the result is written."""

from pathlib import Path

import pytest

from translate.errors import ConfigError
from translate.evaluate import result
from translate.evaluate.entry import evaluate


def test_the_result_of_a_run_is_in_its_folder(paired_run: Path, messages: list[str]) -> None:
    found, path = evaluate(paired_run, metrics=["psnr"], device="cpu"), paired_run / result.FILE
    assert result.read(path) == found
    assert str(path) in messages
    images = {p.name for p in result.thumbnail_folder(path).iterdir()}
    fields = ("source", "fake", "target")
    assert images == {f"{k}-{n}-{f}.png" for k in ("best", "worst") for n in (1, 2) for f in fields}


def test_the_result_of_folders_is_written_where_that_is_asked(tmp_path: Path, photos: Path) -> None:
    places = {"real": photos / "a/test", "fake": photos / "b/test"}
    found = evaluate(**places, paired=True, metrics=["mae"], device="cpu")
    assert found.per_image and not found.examples
    out = tmp_path / "x.json"
    found = evaluate(**places, paired=True, metrics=["mae"], device="cpu", out=out)
    assert result.read(out) == found
    assert (tmp_path / "x-images/worst-2-target.png").is_file()


@pytest.mark.parametrize(
    ("given", "said"),
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
def test_options_that_do_not_go_together_are_named(given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        evaluate(**given)  # type: ignore[arg-type]
