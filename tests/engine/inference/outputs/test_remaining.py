"""Outputs of an earlier or a concurrent process are verified, and all others are made."""

from pathlib import Path

import pytest
from small_outputs import OutputItem, make_manifest, remaining_items

from translate.engine.inference.outputs.destinations import EncodedOutput
from translate.engine.inference.outputs.records import RecordedOutputs
from translate.engine.inference.trust import map_path


def test_an_output_of_a_concurrent_process_counts_as_done(tmp_path: Path) -> None:
    first, second = make_manifest(tmp_path), make_manifest(tmp_path)
    item = OutputItem(tmp_path / "out/a.png")
    assert remaining_items(first, item) == remaining_items(second, item) == ([item], 0)
    with first.open(), second.open():
        first.write(item, EncodedOutput(b"mine", "0"))
        second.write(item, EncodedOutput(b"mine", "0"))
        second.write(item, EncodedOutput(b"not bit for bit, on a GPU", "0"))
    assert item.output.read_bytes() == b"mine"
    assert remaining_items(make_manifest(tmp_path), item) == ([], 1)


def test_an_output_that_appears_after_the_records_are_read_counts_as_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, item = make_manifest(tmp_path), OutputItem(tmp_path / "out/a.png")
    real_read = RecordedOutputs.read

    def read(self: RecordedOutputs, *names: str) -> object:
        records = real_read(self, *names)
        if not item.output.exists():
            other.write(item, EncodedOutput(b"theirs", "0"))
        return records

    monkeypatch.setattr(RecordedOutputs, "read", read)
    assert remaining_items(make_manifest(tmp_path), item) == ([], 1)


def test_outputs_get_their_trust_later_without_being_written_again(tmp_path: Path) -> None:
    item = OutputItem(tmp_path / "out/x.png")
    first = make_manifest(tmp_path)
    with first.open():
        first.write(item, EncodedOutput(b"image", "s"))
    written = item.output.stat()
    assert remaining_items(make_manifest(tmp_path), item, "s") == ([], 1)
    measuring = make_manifest(tmp_path)
    assert remaining_items(measuring, item, "s", with_trust=True) == ([item], 0)
    with measuring.open():
        measuring.write(item, EncodedOutput(b"image", "s", trust={"trust": 0.4}, trust_map=b"map"))
    assert item.output.stat().st_mtime_ns == written.st_mtime_ns
    assert map_path(item.output).read_bytes() == b"map"
    for with_trust in (False, True):
        assert remaining_items(make_manifest(tmp_path), item, "s", with_trust=with_trust) == ([], 1)
    map_path(item.output).unlink()
    assert remaining_items(make_manifest(tmp_path), item, "s", with_trust=True) == ([item], 0)
    assert remaining_items(make_manifest(tmp_path), item, "s") == ([], 1)
    item.output.write_bytes(b"of another program")
    with measuring.open(), pytest.raises(FileExistsError):
        measuring.write(item, EncodedOutput(b"image", "s", trust={"trust": 0.4}))
