"""Lines in objects are durable when `add` returns, and threads share few objects."""

import json
import threading
from pathlib import Path
from unittest.mock import Mock

import pytest

from translate.engine.storage import object_lines
from translate.engine.storage.object_lines import BufferedObjectLines, DurableObjectLines


def test_a_line_is_written_before_add_returns_and_objects_have_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(object_lines, "MAX_LINES", 3)
    objects, path = dict[str, bytes](), Path("out/done-1-of-2.jsonl")
    lines = DurableObjectLines(path, lambda path, data: objects.update({path.name: data}))
    for number in range(7):
        lines.add({"n": number})
        assert json.dumps({"n": number}) in b"".join(objects.values()).decode()
    numbers = [[json.loads(line)["n"] for line in data.splitlines()] for data in objects.values()]
    assert numbers == [[0, 1, 2], [3, 4, 5], [6]]
    assert all(name.startswith("done-1-of-2-") for name in objects)


def test_threads_that_wait_share_one_write() -> None:
    has_begun, may_end, writes = threading.Event(), threading.Event(), list[bytes]()

    def write(_: Path, data: bytes) -> None:
        has_begun.set()
        may_end.wait(5)
        writes.append(data)

    lines = DurableObjectLines(Path("done.jsonl"), write)
    threads = [threading.Thread(target=lines.add, args=({"n": n},)) for n in range(8)]
    threads[0].start()
    has_begun.wait(5)
    for thread in threads[1:]:
        thread.start()
    while lines.line_count < 8:
        pass
    may_end.set()
    for thread in threads:
        thread.join(5)
    assert len(writes) == 2
    assert sorted(json.loads(line)["n"] for line in writes[-1].splitlines()) == list(range(8))


def test_a_failed_write_raises_and_the_next_one_has_all_lines() -> None:
    write = Mock(side_effect=[OSError("connection lost"), None])
    lines = DurableObjectLines(Path("done.jsonl"), write)
    with pytest.raises(OSError, match="connection lost"):
        lines.add({"n": 0})
    lines.add({"n": 1})
    _, data = write.call_args.args
    assert len(data.splitlines()) == 2


def test_buffered_lines_are_written_at_the_end_if_there_are_any() -> None:
    writes = list[bytes]()
    lines = BufferedObjectLines(Path("problems.jsonl"), lambda _, data: writes.append(data))
    lines.close()
    assert writes == []
    lines.add({"n": 0})
    assert writes == []
    lines.last_write -= 10  # seconds
    lines.add({"n": 1})
    lines.close()
    assert writes == [b'{"n": 0}\n{"n": 1}\n']
