"""The messages between the server and the process of a model."""

from multiprocessing import Pipe

import pytest

from translate.serve.models.messages import receive, send


def test_a_message_carries_json_and_files_and_its_end_is_an_eof() -> None:
    sender, receiver = Pipe()
    send(sender, {"text": "é\n"}, b"", None, b"\x00\xff")
    assert receive(receiver) == ({"text": "é\n"}, [b"", None, b"\x00\xff"])
    sender.close()
    with pytest.raises(EOFError):
        receive(receiver)
