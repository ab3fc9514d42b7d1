"""The result of an evaluation, and its file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from translate.engine.disk import files
from translate.errors import CheckpointError, SaveError
from translate.evaluate.result import (
    FLOOR,
    EvaluationResult,
    MeasuredValue,
    flags,
    read,
    thumbnail_folder,
    verdict,
    write,
)

RESULT = EvaluationResult(
    "runs/x@1000",
    {
        "psnr": MeasuredValue(18.5, "max", "dB", 40, 18.1, 18.9, 300),
        "fd": MeasuredValue(None, "min", count=40),
    },
    {
        "untouched input": {"psnr": 14.25, "fd": None},
        "mean target image": {"psnr": 14.9},
        FLOOR: {"psnr": 30.0},
    },
    {"psnr": "no better than ..."},
    {"0001.png": {"psnr": 18.0}},
    {"0001.png": {"trust": 0.5, "cycle": 0.1}},
    {"seeds": [0], "versions": {"torch": "2.10"}},
    ("few images",),
)


def test_a_written_result_is_read_back_equal(tmp_path: Path) -> None:
    write(RESULT, tmp_path / "evaluation.json")
    assert read(tmp_path / "evaluation.json") == RESULT


def with_images(*names: str) -> EvaluationResult:
    examples = {"0001.png": dict(zip(("source", "fake"), names, strict=False))}
    return replace(RESULT, examples=examples, thumbnails=dict.fromkeys(names, b"PNG"))


def test_the_thumbnails_of_an_earlier_result_are_all_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    folder = thumbnail_folder(path)
    write(with_images("best-1-source.png", "best-1-fake.png"), path)
    (tmp_path / f".tmp-{folder.name}-1").mkdir()  # of a process that was killed
    newer = with_images("worst-1-fake.png")
    write(newer, path)
    assert read(path) == newer and read(path).thumbnails == {}
    assert [p.name for p in folder.iterdir()] == ["worst-1-fake.png"]
    write(RESULT, path)
    assert [p.name for p in tmp_path.iterdir()] == ["x.json"]


def test_a_folder_of_other_files_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = thumbnail_folder(tmp_path / "x.json")
    folder.mkdir()
    (folder / "photo.png").write_bytes(b"mine")
    write(with_images("best-1-fake.png"), tmp_path / "x.json")
    assert [p.name for p in folder.iterdir()] == ["photo.png"]
    assert read(tmp_path / "x.json") == RESULT
    assert f"{folder} holds other files and is kept" in caplog.text


def test_a_write_that_fails_leaves_the_old_result_without_thumbnails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.json"
    write(with_images("best-1-fake.png"), path)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "replace_json", fail)
    with pytest.raises(SaveError, match="No space left"):
        write(with_images("worst-1-fake.png"), path)
    assert not thumbnail_folder(path).exists() and read(path) == with_images("best-1-fake.png")


def test_keys_of_a_later_version_are_no_error(tmp_path: Path) -> None:
    write(RESULT, tmp_path / "x.json")
    document = json.loads((tmp_path / "x.json").read_text())
    document |= {"later": 1}
    document["values"]["psnr"]["later"] = 2
    (tmp_path / "x.json").write_text(json.dumps(document))
    assert read(tmp_path / "x.json") == RESULT


@pytest.mark.parametrize("text", ["", "[]", '{"subject": "x"}', '{"subject": 1, "values": {}}'])
def test_a_damaged_file_is_named_in_the_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"x\.json"):
        read(tmp_path / "x.json")


def test_a_file_of_an_earlier_version_is_refused_with_the_command_that_replaces_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "x.json").write_text('{"subject": "x", "figures": {}}')
    with pytest.raises(
        CheckpointError, match=r"x\.json .*values: is missing\. `translate evaluate"
    ):
        read(tmp_path / "x.json")


def test_an_undefined_value_neither_reaches_a_value_nor_is_reached() -> None:
    assert not MeasuredValue(None, "max").is_reached_by(1.0)
    assert not MeasuredValue(1.0, "max").is_reached_by(None)


def result_of(
    value: float | None = 1.0, better: str = "max", **baselines: float
) -> EvaluationResult:
    measured = MeasuredValue(value, better, "dB", 4, 0.5, 1.5)  # type: ignore[arg-type]
    result = EvaluationResult("x", {"f": measured}, {k: {"f": v} for k, v in baselines.items()})
    return replace(result, flags=flags(result))


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (result_of(better="max", mean=2.0), "no better than the mean (2 dB)"),
        (result_of(better="max", mean=1.0), "no better than the mean (1 dB)"),
        (result_of(better="min", mean=0.25), "no better than the mean (0.25 dB)"),
        (result_of(better="max", mean=0.75), "better than every baseline, but within the interval"),
        (result_of(better="max", mean=0.25), "better than every baseline"),
        (result_of(better="min", mean=2.0), "better than every baseline"),
        (result_of(), "no baseline"),
        (result_of(None, mean=1.0), "undefined"),
        (result_of(better="max", **{FLOOR: 5.0}), "no baseline"),
    ],
)
def test_a_verdict_compares_the_value_with_the_best_baseline(
    result: EvaluationResult, expected: str
) -> None:
    assert verdict(result, "f") == expected
    assert result.flags.get("f", expected) == expected
