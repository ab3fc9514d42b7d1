"""Which images a source has, and which sources and output folders are refused."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from image_inversion import done_skipped_listed, file_digests, translate

from translate.engine.inference.inputs.paths import find_inputs
from translate.errors import ConfigError, DataError, NothingUsableError, SaveError


def test_files_folders_globs_are_read(image_folder: Callable[..., Path], tmp_path: Path) -> None:
    root = image_folder("in", 2)
    image_folder("in/deep/er", 1, suffix=".jpg")
    (root / "notes.txt").touch()
    (root / ".hidden.png").touch()
    out = tmp_path / "out"

    for source, names in {
        "in": ["0000.png", "0001.png", "deep/er/0000.jpg"],
        "in/0001.png": ["0001.png"],
        "in/*": ["0000.png", "0001.png"],
        "in/**/*.jpg": ["deep/er/0000.jpg"],
        "in/d*/er/*": ["deep/er/0000.jpg"],
    }.items():
        inputs = find_inputs(tmp_path / source, out)
        assert inputs.root == root
        assert [path.relative_to(root).as_posix() for path in inputs.images] == names
    assert len(find_inputs(root, out).skipped) == 1


def test_a_source_without_images_is_refused_and_nothing_is_created(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/notes.txt").touch()
    errors = {"in": NothingUsableError, "in/*.png": NothingUsableError, "typo": DataError}
    for source, error in errors.items():
        with pytest.raises(error):
            find_inputs(tmp_path / source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_video_is_refused_with_the_command_that_saves_its_frames(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "movie.MP4").touch()
    with pytest.raises(NothingUsableError, match=r"movie.MP4 is not read as an image: .*ffmpeg"):
        find_inputs(tmp_path / "movie.MP4", tmp_path / "out")
    with pytest.raises(ConfigError, match=r"out.mp4 looks like a file: try \S+/out\."):
        find_inputs(image_folder("in", 1), tmp_path / "out.mp4")


def test_an_output_folder_may_be_in_or_around_the_input(image_folder: Callable[..., Path]) -> None:
    root = image_folder("in", 2)
    image_folder("in/out", 3)
    assert len(find_inputs(root, root / "out").images) == 2, "outputs are no inputs"
    assert len(find_inputs(root, root.parent).images) == 5


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


def test_outputs_of_images_in_a_tar_file_are_in_a_folder_with_its_name(
    image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    photos, shards = image_folder("photos", 3), tmp_path / "shards"
    shards.mkdir()
    for name in ("00", "01"):
        with tarfile.open(shards / f"{name}.tar", "w") as archive:
            for path in photos.iterdir():
                archive.add(path, path.name)
    out = tmp_path / "out"
    assert done_skipped_listed(translate(shards, out)) == (6, 0, 0)
    translate(photos, tmp_path / "expected")
    for name in ("00", "01"):
        assert file_digests(out / name) == file_digests(tmp_path / "expected")
    assert done_skipped_listed(translate(shards, out)) == (0, 6, 0)
    assert done_skipped_listed(translate(shards / "{00..01}.tar", out)) == (0, 6, 0)
    assert done_skipped_listed(translate(shards / "{00..02}.tar", out)) == (0, 6, 1), "no 02.tar"
    assert done_skipped_listed(translate(shards / "00.tar", tmp_path / "one")) == (3, 0, 0)
    assert file_digests(tmp_path / "one") == file_digests(tmp_path / "expected")
    result = translate(shards / "00.tar/0001.png", tmp_path / "single")
    assert done_skipped_listed(result) == (1, 0, 0)
    assert [path.name for path in (tmp_path / "single").glob("*.png")] == ["0001.png"]
