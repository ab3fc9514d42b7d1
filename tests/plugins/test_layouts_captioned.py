"""The layout of images with captions in a file `captions.jsonl` next to them."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import torch
from identity_transform import IdentityTransform
from small_data import load_batch

from translate.batches import Captioned
from translate.engine.config.schema import Data
from translate.errors import ConfigError, DataError
from translate_plugins.layouts.captioned import CaptionedFolders

ImageFolder = Callable[..., Path]


def write_captions(folder: Path, *captions: tuple[str, str]) -> Path:
    """Write `captions.jsonl` with a line for each file and text."""
    path = folder / "captions.jsonl"
    path.write_text("".join(json.dumps({"file": f, "text": t}) + "\n" for f, t in captions))
    return path


def caption_of(item: Captioned) -> str:
    """Return the text of an item without its padding."""
    return bytes(item.text.tolist()).rstrip(b"\0").decode()


def test_each_image_comes_with_its_caption(image_folder: ImageFolder, tmp_path: Path) -> None:
    folder = image_folder("summer/train", 2)
    write_captions(folder, ("0001.png", "a lake"), ("0000.png", "drei Häuser"))
    layout = CaptionedFolders(tmp_path, ["summer"], "train")
    assert layout.spec.text_length == 12  # the umlaut is two bytes
    assert layout.spec.names == ("summer",)
    transform = IdentityTransform()
    captions = {}
    for index in range(len(layout)):
        picked_item = layout.pick(index, Random(0))
        item = layout.load(picked_item, transform)
        assert item.text.shape == (12,)
        assert item.text.dtype == torch.uint8
        assert item.images.shape == (3, 32, 32)
        captions[picked_item.files[0].name] = caption_of(item)
    assert captions == {"0000.png": "drei Häuser", "0001.png": "a lake"}
    assert transform.roles == ["source"] * 2


def test_captions_of_all_domains_are_padded_to_the_longest(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    write_captions(image_folder("summer/train", 1), ("0000.png", "green"))
    write_captions(image_folder("winter", 2), ("0000.png", "white"), ("0001.png", "whiter"))
    layout = CaptionedFolders(tmp_path, ["summer", "winter"], "train")
    assert len(layout) == len(layout.files) == 3
    assert layout.spec.names == ("summer", "winter")
    items = [layout.load(layout.pick(index, Random(0)), IdentityTransform()) for index in range(3)]
    assert [bytes(item.text.tolist()) for item in items] == [b"green\0", b"white\0", b"whiter"]


def test_one_of_several_captions_of_an_image_is_picked_at_random(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    write_captions(
        image_folder("a", 1), ("0000.png", "one"), ("0000.png", "two"), ("0000.png", "three")
    )
    layout = CaptionedFolders(tmp_path, ["a"], "train")
    assert len(layout) == 1
    picks = [layout.pick(0, Random(seed)) for seed in range(20)]
    assert picks == [layout.pick(0, Random(seed)) for seed in range(20)]
    captions = {caption_of(layout.load(item, IdentityTransform())) for item in picks}
    assert captions == {"one", "two", "three"}


def test_images_without_a_caption_are_skipped(image_folder: ImageFolder, tmp_path: Path) -> None:
    folder = image_folder("a/train", 3)
    write_captions(folder, ("0001.png", "here"))
    layout = CaptionedFolders(tmp_path, ["a"], "train")
    assert list(layout.files) == [folder / "0001.png"]
    write_captions(folder)
    none = r"a/train: none of its 3 images has a caption\. Expected captions\.jsonl in their folder"
    with pytest.raises(DataError, match=none):
        CaptionedFolders(tmp_path, ["a"], "train")
    (folder / "captions.jsonl").unlink()
    with pytest.raises(DataError, match=none):
        CaptionedFolders(tmp_path, ["a"], "train")
    with pytest.raises(ConfigError, match="reads one domain or more, got 0"):
        CaptionedFolders(tmp_path, [], "train")


def test_captions_are_next_to_their_images_at_any_depth(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    image_folder("a/train/deep", 2)
    write_captions(image_folder("a/train/deeper/still", 1), ("0000.png", "still"))
    write_captions(tmp_path / "a/train", ("deep/0001.png", "deep"))
    layout = CaptionedFolders(tmp_path, ["a"], "train")
    items = [layout.load(layout.pick(index, Random(0)), IdentityTransform()) for index in range(2)]
    assert [caption_of(item) for item in items] == ["deep", "still"]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "7",
        '{"file": "0000.png"}',
        '{"file": 0, "text": "a"}',
        '{"file": "0000.png", "text": " "}',
        '{"file": "0000.png", "text": "\\ud800"}',
        "\udcff",
    ],
)
def test_a_malformed_line_is_named_by_its_number(
    line: str, image_folder: ImageFolder, tmp_path: Path
) -> None:
    path = write_captions(image_folder("a", 1), ("0000.png", "good"))
    content = path.read_bytes() + b"\n" + line.encode(errors="surrogateescape") + b"\n"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r'captions\.jsonl, line 3: expected \{"file": ') as error:
        CaptionedFolders(tmp_path, ["a"], "train")
    assert "\n" not in str(error.value)


def test_captions_of_missing_images_are_refused(image_folder: ImageFolder, tmp_path: Path) -> None:
    expected = [("0000.png", "good"), ("gone.png", "bad"), ("../a/0000.png", "bad")]
    write_captions(image_folder("a", 1), *expected)
    with pytest.raises(
        DataError,
        match=r"images that do not exist: 2\. The first: \S+/a/captions\.jsonl, line 2, of "
        r"\S+/a/gone\.png\.",
    ):
        CaptionedFolders(tmp_path, ["a"], "train")


def test_leaving_out_an_image_drops_its_caption(image_folder: ImageFolder, tmp_path: Path) -> None:
    folder = image_folder("a", 2)
    write_captions(folder, ("0000.png", "the longest of them"), ("0001.png", "short"))
    layout = CaptionedFolders(tmp_path, ["a"], "train", leave_out=[folder / "0000.png"])
    assert list(layout.files) == [folder / "0001.png"]
    with pytest.raises(DataError, match="not one of its 2 images can be read"):
        CaptionedFolders(tmp_path, ["a"], "train", leave_out=folder.iterdir())


def test_a_batch_of_the_engine_holds_images_and_text(
    image_folder: ImageFolder, tmp_path: Path
) -> None:
    write_captions(image_folder("summer", 2), ("0000.png", "a"), ("0001.png", "bcd"))
    settings = Data(root=tmp_path, domains=("summer",), layout="captioned", size=16)
    batch = load_batch(settings, batch_size=2)
    assert isinstance(batch, Captioned)
    assert batch.images.shape == (2, 3, 16, 16)
    assert sorted(bytes(row.tolist()) for row in batch.text) == [b"a\0\0", b"bcd"]
