"""A rerun read_images only those objects of a store that have changed."""

import re
from pathlib import Path
from uuid import uuid4

import pytest
from image_inversion import done_skipped_listed, translate
from s3_server import upload

from translate.engine.objects import files
from translate.engine.objects.listing import entity_tag
from translate.engine.storage.lookup import storage_of
from translate.engine.storage.objects import ObjectStore
from translate.engine.system.locations import parse_location


def test_reruns_skip_unchanged_objects(store: Path, images: Path, read_images: list[str]) -> None:
    upload(images, store / "in")
    (images / "bad.png").unlink()
    storage_of(store).discard(store / "in/bad.png")
    assert done_skipped_listed(translate(store / "in", store / "out", limit=3)) == (3, 0, 0)
    assert sorted(read_images) == ["a.png", "b.gif", "c.jpg"]
    assert done_skipped_listed(translate(store / "in", store / "out")) == (2, 3, 0)
    assert sorted(read_images[3:]) == ["d.png", "e.tif"]
    assert done_skipped_listed(translate(store / "in", store / "out")) == (0, 5, 0)
    assert done_skipped_listed(translate(images, store / "out", overwrite=True)) == (0, 5, 0)
    assert len(read_images) == 5
    storage_of(store).replace(store / "in/a.png", (images / "deep/d.png").read_bytes())
    storage_of(store).replace(store / "out/deep/c.jpg", b"of another program")
    assert done_skipped_listed(translate(store / "in", store / "out", overwrite=True)) == (2, 3, 0)
    assert sorted(read_images[5:]) == ["a.png", "c.jpg", "c.jpg"]  # both inputs, one output
    assert done_skipped_listed(translate(store / "in", store / "out")) == (0, 5, 0)
    assert done_skipped_listed(translate(store / "in", store / "copy")) == (5, 0, 0)


def test_the_server_gets_no_request_for_an_image_that_is_done(
    s3: ObjectStore, images: Path, caplog: pytest.LogCaptureFixture
) -> None:
    s3._files.system.mkdir("counted")
    url = parse_location("s3://counted")
    upload(images, url / "in")
    storage_of(url).discard(url / "in/bad.png")
    translate(url / "in", url / "out")
    caplog.clear()
    with caplog.at_level("INFO", logger="werkzeug"):
        assert done_skipped_listed(translate(url / "in", url / "out")) == (0, 5, 0)
    requests = [record.getMessage() for record in caplog.records]
    assert any("GET /counted?list-type=2" in line for line in requests)
    image = re.compile(r"/(in|out)/[\w/]+\.(png|gif|jpg|tif)")
    assert not any(image.search(line) for line in requests)


def test_reruns_replace_damaged_hashes(store: Path, images: Path, read_images: list[str]) -> None:
    upload(images, store / "in")
    translate(store / "in", store / "out")
    storage, folder = storage_of(store), store / "out/.translate"
    for name in storage.names(folder):
        if name.startswith("digests"):
            storage.replace(folder / name, b'{"file": "x"}\n{broken\n{"file": 3, "sha256": 4}\n')
    read_images.clear()
    assert done_skipped_listed(translate(store / "in", store / "out")) == (0, 5, 1)
    assert len(read_images) == 11, "6 inputs and 5 outputs"
    assert done_skipped_listed(translate(store / "in", store / "out")) == (0, 5, 1)
    assert read_images[11:] == ["bad.png"]


def test_files_of_a_store_without_entity_tags_are_hashed(
    images: Path, read_images: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "time_of_creation", entity_tag)
    store = parse_location(f"memory://{uuid4()}")
    upload(images, store / "in")
    assert done_skipped_listed(translate(store / "in", store / "out")) == (5, 0, 1)
    read_images.clear()
    assert done_skipped_listed(translate(store / "in", store / "out")) == (0, 5, 1)
    assert len(read_images) == 11
