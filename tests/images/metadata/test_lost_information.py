"""What a file loses when it is read as the images of a domain."""

from typing import Any

import pytest

from translate.batches import Domain
from translate.formats import Header
from translate.images.metadata.lost_information import losses

PHOTO, GRAY = Domain("photo"), Domain("gray", channels=1)
DEEP = Domain("deep", dtype="uint16", range=(0, 65535))


def header(**facts: Any) -> Header:
    return Header(format="TIFF", size=(2, 2), **facts)


@pytest.mark.parametrize(
    ("facts", "domain", "kinds"),
    [
        ({}, PHOTO, ()),
        ({"channels": 4, "alpha": True}, PHOTO, ("alpha",)),
        ({"channels": 4, "alpha": True}, Domain("x", channels=4, alpha=True), ()),
        ({"bits": 16, "dtype": "uint16"}, PHOTO, ("depth",)),
        ({"bits": 16, "dtype": "uint16"}, DEEP, ()),
        ({"bits": 10}, DEEP, ("depth",)),  # the decoder gives 8 bits
        ({"channels": 4}, PHOTO, ("bands",)),
        ({"channels": 4}, Domain("x", channels=4), ()),
        ({"channels": 2}, GRAY, ("bands",)),
        ({}, GRAY, ("colour",)),
        ({"converted": "CMYK"}, PHOTO, ("colour",)),
        ({"converted": "a palette"}, Domain("x", 1, labels=True), ()),
        ({"frames": 2}, PHOTO, ("frames",)),
    ],
)
def test_a_note_for_each_loss(
    facts: dict[str, Any], domain: Domain, kinds: tuple[str, ...]
) -> None:
    assert tuple(note.kind for note in losses(header(**facts), domain)) == kinds


def test_what_the_output_keeps_is_not_lost() -> None:
    transparent = header(channels=4, alpha=True, bits=16, dtype="uint16")
    assert losses(transparent, PHOTO, keeps_alpha=True, dtype="uint16") == ()
    assert losses(transparent, PHOTO, hole=True, dtype="uint16") == ()
    assert losses(header(frames=2), PHOTO, frame=0) == ()


def test_bands_that_are_not_read_are_counted() -> None:
    (note,) = losses(header(channels=5), Domain("x", channels=3, bands=(3, 2, 1)))
    assert note.text == "has 5 bands: 3 and 2 and 1 of them are read"
    (note,) = losses(header(channels=7), PHOTO)
    assert note.text == "has 7 bands: the first three are read"
