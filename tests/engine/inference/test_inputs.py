"""Inputs and their outputs are determined before translation, one output for each input."""

import tarfile
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from image_inversion import counts, file_digests, translate

from translate.batches import Domain
from translate.engine.inference.inputs import Inputs, Job, assign_outputs, find_inputs, with_masks
from translate.errors import ConfigError, DataError, NothingUsableError, SaveError


def output_names(
    *names: str, file_format: str | None = None, channels: int = 3, **domain: Any
) -> list[str]:
    """Return the outputs of files of these names, in a domain of these properties."""
    inputs = Inputs(Path("in"), [Path("in") / name for name in names], 0, [])
    jobs = assign_outputs(
        inputs, Path("out"), target=Domain("", channels, **domain), form=file_format
    )
    assert [job.input for job in jobs] == inputs.images
    return [job.output.relative_to("out").as_posix() for job in jobs]


def test_tree_and_names_are_kept_if_the_format_can_hold_the_result() -> None:
    names = ["x.JPG", "a/x.png", "a/b/x.webp", "a/x.tiff", "x.bmp", "日本/é x.ppm"]
    assert output_names(*names) == names


def test_D15_other_formats_become_png_under_the_next_free_name() -> None:
    assert output_names("x.gif") == ["x.png"]
    assert output_names("x.gif", "x.png") == ["x.gif.png", "x.png"]
    assert output_names("x.mpo", "x.gif") == ["x.png", "x.gif.png"]
    assert output_names("x.gif", "X.PNG") == ["x.gif.png", "X.PNG"]
    assert output_names("x.gif", "x.png/y.png") == ["x.gif.png", "x.png/y.png"]


def test_a_requested_format_applies_to_all_outputs() -> None:
    assert output_names("x.jpg", "y.png", "x.png", file_format="png") == [
        "x.jpg.png",
        "y.png",
        "x.png",
    ]
    assert output_names("x.JPEG", "y.gif", file_format="jpg") == ["x.JPEG", "y.jpg"]
    with pytest.raises(ConfigError, match="cannot write 'gif'"):
        output_names("x.jpg", file_format="gif")


def test_a_gray_map_keeps_its_suffix_only_for_gray() -> None:
    assert output_names("x.pgm", channels=1) == ["x.pgm"]
    assert output_names("x.pgm", channels=3) == ["x.png"]


def test_numbers_that_the_format_of_the_input_cannot_hold_become_tiff() -> None:
    ct = {"channels": 1, "dtype": "int16", "range": (-1024, 3071)}
    assert output_names("x.png", "y.tif", "z.npy", **ct) == ["x.tif", "y.tif", "z.npy"]
    assert output_names("x.jpg", "y.png", channels=5, dtype="uint16") == ["x.tif", "y.tif"]
    assert output_names("x.jpg", dtype="uint16", range=(0, 65535)) == ["x.png"]
    assert output_names("x.png", dtype="uint16", range=(0, 65535), file_format="jpg") == ["x.jpg"]
    with pytest.raises(ConfigError, match="cannot write 'png' of 1 channels of int16"):
        output_names("x.png", file_format="png", **ct)


@pytest.mark.parametrize(
    "names",
    [
        ("a/x.png", "a/X.png"),
        ("A/x.png", "a/x.png"),
        ("é.png", unicodedata.normalize("NFD", "é.png")),
        ("x.gif", "x.png", "x.gif.png"),
        ("straße.png", "STRASSE.png"),
    ],
)
def test_I4_two_inputs_with_one_output_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="would become one file") as error:
        output_names(*names)
    assert any(name in str(error.value) for name in names)


def test_a_file_a_folder_and_a_glob_are_sources(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    root = image_folder("in", 2)
    image_folder("in/deep/er", 1, suffix=".jpg")
    (root / "notes.txt").touch()
    (root / ".hidden.png").touch()
    out = tmp_path / "out"

    def found(source: str) -> tuple[str, list[str]]:
        result = find_inputs(tmp_path / source, out)
        root = result.root
        names = [path.relative_to(root).as_posix() for path in result.images]
        return root.relative_to(tmp_path).as_posix(), names

    assert found("in") == ("in", ["0000.png", "0001.png", "deep/er/0000.jpg"])
    assert found("in/0001.png") == ("in", ["0001.png"])
    assert found("in/*") == ("in", ["0000.png", "0001.png"])
    assert found("in/**/*.jpg") == ("in", ["deep/er/0000.jpg"])
    assert found("in/d*/er/*") == ("in", ["deep/er/0000.jpg"])
    assert len(find_inputs(root, out).skipped) == 1


def test_a_source_without_images_is_refused_and_nothing_is_created(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/notes.txt").touch()
    for source, kind in {
        "in": NothingUsableError,
        "in/*.png": NothingUsableError,
        "typo": DataError,
    }.items():
        with pytest.raises(kind):
            find_inputs(tmp_path / source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_output_folder_within_the_input_is_skipped(image_folder: Callable[..., Path]) -> None:
    root = image_folder("in", 2)
    image_folder("in/out", 3)
    assert len(find_inputs(root, root / "out").images) == 2


def test_an_output_folder_around_the_input_is_accepted(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    assert len(find_inputs(image_folder("in", 2), tmp_path).images) == 2


@pytest.mark.parametrize("source", ["in", "in/0000.png", "in/*.png"])
def test_I5_an_output_folder_equal_to_the_input_is_refused(
    image_folder: Callable[..., Path], tmp_path: Path, source: str
) -> None:
    root = image_folder("in", 1)
    with pytest.raises(ConfigError, match="choose another folder"):
        find_inputs(tmp_path / source, root / "../in")


def test_an_output_that_cannot_be_written_is_refused_before_translation(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SaveError, match="cannot write to") as error:
        find_inputs(image_folder("in", 1), tmp_path / "file/out")
    assert error.value.exit_code == 2
    with pytest.raises(ConfigError, match="OUT is a folder"):
        find_inputs(image_folder("in", 1), tmp_path / "out.png")


def test_a_mask_is_found_by_name_in_any_unicode_form(tmp_path: Path) -> None:
    job = Job(tmp_path / "in" / unicodedata.normalize("NFC", "é.png"), tmp_path / "out/é.png")
    mask = tmp_path / "masks" / unicodedata.normalize("NFD", "é.bmp")
    mask.parent.mkdir()
    mask.write_bytes(b"x")
    assert with_masks([job], tmp_path / "in", mask.parent) == [job._replace(mask=mask)]


def test_two_masks_of_one_image_are_refused(tmp_path: Path) -> None:
    job = Job(tmp_path / "in/1.png", tmp_path / "out/1.png")
    for name in ("1.png", "1.jpg"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ConfigError, match="are for one image: keep one of them"):
        with_masks([job], tmp_path / "in", tmp_path)


def test_images_of_tar_files_go_to_folders_of_their_names(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    photos, shards = image_folder("photos", 3), tmp_path / "shards"
    shards.mkdir()
    for name in ("00", "01"):
        with tarfile.open(shards / f"{name}.tar", "w") as archive:
            for path in photos.iterdir():
                archive.add(path, path.name)
    out = tmp_path / "out"
    assert counts(translate(shards, out)) == (6, 0, 0)
    translate(photos, tmp_path / "expected")
    for name in ("00", "01"):
        assert file_digests(out / name) == file_digests(tmp_path / "expected")
    assert counts(translate(shards, out)) == (0, 6, 0)
    assert counts(translate(shards / "00.tar", tmp_path / "one")) == (3, 0, 0)
    assert file_digests(tmp_path / "one") == file_digests(tmp_path / "expected")
    assert counts(translate(shards / "00.tar/0001.png", tmp_path / "single")) == (1, 0, 0)
    assert [path.name for path in (tmp_path / "single").glob("*.png")] == ["0001.png"]
