"""The metadata of exported files is read back as written; other metadata is refused."""

import json

import pytest
from small_exports import RECORD

from translate.engine.exports.torch_free.record import parse_record


def test_a_record_is_read_back_from_its_json() -> None:
    assert parse_record(json.loads(json.dumps(RECORD.json()))) == RECORD


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "has format 2: expected 1"),
        ({"size": "large"}, "not valid: size"),
        ({"source": {"name": "a", "range": [3, 1]}}, "not valid: source"),
        ({"geometry": {"multiple_of": "x"}}, "not valid: geometry"),
    ],
)
def test_metadata_that_is_no_record_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_record(RECORD.json() | change)
    with pytest.raises(ValueError, match="metadata"):
        parse_record(["no", "record"])
