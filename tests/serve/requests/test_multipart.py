"""Multipart forms that the server writes."""

from email import message_from_bytes
from email.message import Message

from translate.serve.requests.multipart import Part, encode_form


def test_pythons_email_parser_reads_a_form() -> None:
    data = bytes(range(256)) + b"\r\n--"
    body, media_type = encode_form(
        [Part("image", "x.tif", "image/tiff", data), Part("after", "after.png", "image/png", b"")]
    )
    message = message_from_bytes(f"Content-Type: {media_type}\r\n\r\n".encode() + body)
    payload = message.get_payload()
    assert isinstance(payload, list)
    parts = [part for part in payload if isinstance(part, Message)]
    names = [part.get_param("name", header="content-disposition") for part in parts]
    assert names == ["image", "after"]
    assert parts[0].get_filename() == "x.tif"
    assert parts[0].get_content_type() == "image/tiff"
    assert b"\r\n\r\n" + data + b"\r\n" in body
