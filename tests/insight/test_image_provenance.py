"""The provenance in an image is compared with a model and an input."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import small_checkpoints

from translate.engine.exports.loading import digest_of
from translate.errors import DataError
from translate.formats import Header
from translate.images.encode import encode_image, write_image
from translate.images.metadata.provenance import Maker, with_xmp
from translate.insight.image_provenance import verify_image

PIXELS = np.zeros((8, 6, 3), np.uint8)
HEADER = Header(format="", size=(8, 6))


def test_an_image_is_compared_with_a_model_and_an_input(tmp_path: Path) -> None:
    run, other_run = (small_checkpoints.cyclegan(tmp_path / n, seed=n == "b") for n in ("a", "b"))
    source, output = tmp_path / "in.png", tmp_path / "out.png"
    source.write_bytes(encode_image(PIXELS, ".png"))
    digest = sha256(source.read_bytes()).hexdigest()
    write_image(output, PIXELS, with_xmp(HEADER, b"", Maker(digest_of(run), "cyclegan"), digest)[0])
    assert verify_image(output).matches
    assert verify_image(output, model=run, source=source).matches
    assert verify_image(output, model=other_run, source=source)[1:] == (False, True)
    assert verify_image(output, model=run, source=output)[1:] == (True, False)
    with pytest.raises(DataError, match="not there"):
        verify_image(output, source=tmp_path / "gone.png")


def test_a_file_that_is_not_an_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_text("text")
    with pytest.raises(DataError, match="no image of a known format"):
        verify_image(tmp_path / "x.png")
