from email import message_from_bytes
from email.message import Message

from translate.serve.requests.multipart import Part, encode_form


def test_a_form_is_read_by_other_programs() -> None:
    data = bytes(range(256)) + b"\r\n--"
    body, kind = encode_form(
        [Part("image", "x.tif", "image/tiff", data), Part("after", "after.png", "image/png", b"")]
    )
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    parts = message.get_payload()
    assert isinstance(parts, list)
    found = [part for part in parts if isinstance(part, Message)]
    names = [part.get_param("name", header="content-disposition") for part in found]
    assert names == ["image", "after"]
    assert found[0].get_filename() == "x.tif"
    assert found[0].get_content_type() == "image/tiff"
    assert b"\r\n\r\n" + data + b"\r\n" in body
