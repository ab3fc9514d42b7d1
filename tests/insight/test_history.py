"""The history of a run lists records that cannot be read, and has the others."""

import json
import math
import shutil
from pathlib import Path

import pytest

from translate.errors import CheckpointError
from translate.insight.history import parse_record, read_history

NOT_EVALUATED = "overfitting: nothing was evaluated during training"


def test_a_run_is_read_from_its_folder(small_run: Path) -> None:
    history = read_history(small_run)
    assert [record.step for record in history.log.records] == list(range(1, 11))
    assert history.log.end == 10
    assert "discriminators/target_auc" in history.log.last.metrics
    assert [preview.step for preview in history.previews()] == [10, 8, 6, 4, 2]
    (newest, *_) = history.previews()
    assert newest.dataset_rows == {"source", "target"}
    assert newest.inputs == {"source to target": "source", "target to source": "target"}
    assert history.config and history.config.recipe == "cyclegan"
    assert history.memory_limit_mb > 100
    assert history.omissions == [NOT_EVALUATED]


def test_a_folder_without_records_of_a_run_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "missing"):
        with pytest.raises(CheckpointError, match="no run folder: expected one that"):
            read_history(path)


def test_a_missing_empty_or_short_log_is_reported(small_run: Path) -> None:
    log = small_run / "log.jsonl"
    all_lines = log.read_text().splitlines(keepends=True)
    for lines, reason in (
        ([], "has 0 usable lines, expected 8 or more"),
        (all_lines[:2], "has 2 usable lines, expected 8 or more"),
    ):
        log.write_text("".join(lines))
        history = read_history(small_run)
        assert history.omissions == [f"losses and gradients: log.jsonl {reason}", NOT_EVALUATED]
        assert len(list(history.previews())) == 5
    log.unlink()
    assert "losses and gradients: log.jsonl is missing" in read_history(small_run).omissions


def test_damaged_lines_and_lines_out_of_order_are_counted(small_run: Path) -> None:
    log = small_run / "log.jsonl"
    lines = log.read_text().splitlines()
    lines += ['{"step": "x"}', lines[2], '{"step": -4}']
    log.write_text("\n".join(lines) + "\n")
    history = read_history(small_run)
    assert history.omissions == ["3 lines of log.jsonl: they are damaged", NOT_EVALUATED]
    assert len(history.log.records) == 10


def test_a_damaged_preview_is_named_and_the_others_are_read(small_run: Path) -> None:
    path = small_run / "previews/step-00000008.png"
    path.write_bytes(path.read_bytes()[:400])
    history = read_history(small_run)
    for _ in range(2):
        assert [preview.step for preview in history.previews()] == [10, 6, 4, 2]
    (line,) = [line for line in history.omissions if "step 8" in line]
    assert line.startswith(f"the preview of step 8: {path}: ")


def test_a_run_without_previews_or_checkpoints_is_examined_without_them(small_run: Path) -> None:
    shutil.rmtree(small_run / "previews")
    shutil.rmtree(small_run / "checkpoints")
    history = read_history(small_run)
    assert history.omissions[0].startswith("weights: ")
    assert history.omissions[1] == "images: 0 previews, expected 3 or more"
    assert history.config and history.config.recipe == "cyclegan"  # of config.yaml
    (small_run / "previews.json").unlink()
    (small_run / "config.yaml").write_text("recipe: nothing-known\n")
    lines = read_history(small_run).omissions
    assert any(line.startswith("no setting can be proposed: ") for line in lines)
    assert any(line.startswith("images: ") and "previews.json is missing" in line for line in lines)


def test_invalid_numbers_of_a_record_are_nan_or_0() -> None:
    line = {"step": 4, "losses": {"a/b": None, "a/c": 2}, "data_wait": "x", "memory_mb": -1}
    record = parse_record(json.loads(json.dumps(line)))
    assert record and record.losses["a/c"] == 2
    assert math.isnan(record.losses["a/b"]) and math.isnan(record.data_wait)
    assert record.memory_mb == 0 and record.skipped_files == {}
    for step in (None, True, 1.5, 0):
        assert parse_record({"step": step}) is None
