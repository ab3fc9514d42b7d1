from multiprocessing import Pipe

import pytest

from translate.serve.models.messages import receive, send


def test_a_message_is_json_and_files() -> None:
    here, there = Pipe()
    send(here, {"text": "é\n"}, b"", None, b"\x00\xff")
    assert receive(there) == ({"text": "é\n"}, [b"", None, b"\x00\xff"])
    here.close()
    with pytest.raises(EOFError):
        receive(there)
