"""Pages of TIFF files: their number, their depths, and reduced copies."""

from io import BytesIO

import pytest
import tifffile
from encoded_images import decode_bytes, header_of
from tiff_files import random_values, tiff_of_pages

from translate.errors import BadImage
from translate.images.source import EncodedImage
from translate_plugins.formats.tiff import directories


@pytest.mark.parametrize("loop", [False, True])
def test_a_chain_of_60_000_directories_is_counted_quickly(loop: bool) -> None:
    data = tiff_of_pages(60_000, loop=loop)
    frames = EncodedImage("x", data, 10**6)
    assert frames.header.frames == 60_000
    for frame in (0, 59_999):
        assert frames.decode_layers(frame).pixels.ravel().tolist() == list(range(6))
    with pytest.raises(BadImage, match="there is no page 60001: it has 60000 pages"):
        frames.decode_layers(60_000)


def test_a_chain_of_too_many_directories_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directories, "MAX_PAGES", 50)
    assert header_of(tiff_of_pages(50)).frames == 50
    with pytest.raises(BadImage, match="a TIFF of more than 50 directories"):
        header_of(tiff_of_pages(51))


def test_every_page_is_read_in_its_own_depth() -> None:
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for kind in ("u2", "u1"):
            writer.write(random_values(kind, 3), photometric="rgb", metadata=None)
    data = buffer.getvalue()
    image = EncodedImage("x", data)
    for frame, kind in enumerate(("u2", "u1", "u2")):
        assert (image.decode_layers(frame % 2).pixels == random_values(kind, 3)).all()
    for frame, kind in enumerate(("u2", "u1")):
        assert (decode_bytes(data, frame=frame) == random_values(kind, 3)).all()
        assert header_of(data, frame=frame).bits == 16 >> frame


def test_reduced_copies_of_a_page_are_not_pages() -> None:
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for reduced in (1, 0, 1):
            side = random_values("u1", 3)[:: 1 + reduced]
            writer.write(side, photometric="rgb", subfiletype=reduced, metadata=None)
    header = header_of(buffer.getvalue())
    assert (header.frames, header.size) == (1, (18, 33))
