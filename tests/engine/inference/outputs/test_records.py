"""Which records of an output folder are read, and which of two records of one output counts."""

import json
from pathlib import Path
from typing import Any

import pytest

from translate.engine.inference.outputs.records import RECORDS_FOLDER, DoneRecord, RecordedOutputs
from translate.errors import ConfigError


def write(out: Path, name: str, *lines: dict[str, Any] | str) -> None:
    folder = out / RECORDS_FOLDER
    folder.mkdir(exist_ok=True)
    text = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (folder / name).write_text("".join(f"{line}\n" for line in text))


def line(**facts: Any) -> dict[str, Any]:
    return {"output": "x.png", "output_sha256": "o", "input_sha256": "i", "model": "m", **facts}


def test_records_of_all_processes_with_the_same_model_are_read(tmp_path: Path) -> None:
    assert not RecordedOutputs(tmp_path, {}).read()
    write(tmp_path, "done.jsonl", line(), line(output="y.png", model="other"), "{broken", {"z": 1})
    write(tmp_path, "done-3.jsonl", line(output="w.png", notes=["gray"]))
    write(tmp_path, "other.jsonl", line(output="v.png"))
    records = RecordedOutputs(tmp_path, {"model": "m"}).read()
    by_name = {name: records.find(f"{name}.png", "i", "o") for name in "vwxy"}
    notes = {name: record.notes for name, record in by_name.items() if record}
    assert notes == {"x": [], "w": ["gray"]}
    assert not records.find("x.png", "i", "other")


def test_a_record_with_trust_counts_in_any_file_and_line(tmp_path: Path) -> None:
    with_trust = line(trust={"trust": 0.5}, trust_map=True)
    expected = DoneRecord.model_validate(with_trust)
    write(tmp_path, "done.jsonl", line(), with_trust, line())
    assert RecordedOutputs(tmp_path, {}).read().find("x.png", "i", "o") == expected
    write(tmp_path, "done.jsonl", with_trust)
    write(tmp_path, "done-1.jsonl", line())
    assert RecordedOutputs(tmp_path, {}).read().find("x.png", "i", "o") == expected


def test_records_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    (tmp_path / RECORDS_FOLDER / "done.jsonl").mkdir(parents=True)
    with pytest.raises(ConfigError, match="Outputs cannot be verified"):
        RecordedOutputs(tmp_path, {}).read()
