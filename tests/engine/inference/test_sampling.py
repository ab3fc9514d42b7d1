"""Samples in a folder depend only on the model, the seed and their numbers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from weakref import ReferenceType, ref

import pytest
import torch
from file_trees import image_bytes
from image_inversion import read_pixels
from small_outputs import sample_images

from translate.engine.disk import files
from translate.engine.disk.records import json_files
from translate.engine.models.generation import BATCH_SIZE, SampleRequest
from translate.engine.models.model import Model
from translate.errors import ConfigError, NothingUsableError, SaveError


def test_samples_have_the_requested_number_and_size(gan_model: Model, tmp_path: Path) -> None:
    summary = sample_images(gan_model, tmp_path, SampleRequest(70))
    assert (summary.requested, summary.done, summary.remaining) == (70, 70, 0)
    names = sorted(path.name for path in tmp_path.glob("*.png"))
    assert (names[0], names[-1], len(names)) == ("000001.png", "000070.png", 70)
    assert read_pixels(tmp_path / "000001.png").shape == (8, 8), "gray"
    assert len(set(image_bytes(tmp_path).values())) == 70


def test_a_second_run_continues_where_the_first_stopped(gan_model: Model, tmp_path: Path) -> None:
    stops = iter([False, True])
    out, request = tmp_path / "out", SampleRequest(2 * BATCH_SIZE + 1)
    summary = sample_images(gan_model, out, request, stop=lambda: next(stops))
    assert (summary.done, summary.remaining) == (BATCH_SIZE, BATCH_SIZE + 1)
    (out / "000003.png").unlink()
    first_written = (out / "000001.png").stat().st_mtime_ns
    second = sample_images(gan_model, out, request)
    assert (second.done, second.skipped, second.remaining) == (BATCH_SIZE + 2, BATCH_SIZE - 1, 0)
    assert (out / "000001.png").stat().st_mtime_ns == first_written
    sample_images(gan_model, tmp_path / "uninterrupted", request)
    assert image_bytes(out) == image_bytes(tmp_path / "uninterrupted")


@pytest.mark.parametrize("change", ["seed", "model", "output"])
def test_samples_of_other_settings_are_replaced_only_with_overwrite(
    gan_model: Model, tmp_path: Path, change: str
) -> None:
    sample_images(gan_model, tmp_path, SampleRequest(3))
    other, samples = gan_model, SampleRequest(3)
    match change:
        case "seed":
            samples = SampleRequest(3, seed=7)
        case "model":
            other = replace(gan_model, digest="another")
        case "output":
            (tmp_path / "000002.png").write_bytes(b"mine")
    before = image_bytes(tmp_path)
    with pytest.raises(ConfigError, match="--overwrite"):
        sample_images(other, tmp_path, samples)
    assert image_bytes(tmp_path) == before
    assert sample_images(other, tmp_path, samples, overwrite=True).done >= 1


def test_the_samples_of_all_classes_are_in_folders(cgan_model: Model, tmp_path: Path) -> None:
    sample_images(cgan_model, tmp_path, SampleRequest(8, "all"))
    counts = {f.name: len(list(f.iterdir())) for f in tmp_path.iterdir() if f.name[0] != "."}
    assert counts == {"zero": 3, "one": 3, "two": 2}
    assert (tmp_path / "two/000001.png").exists()


def test_a_sample_that_is_not_finite_is_listed(gan_model: Model, tmp_path: Path) -> None:
    def draw(latents: torch.Tensor, condition: object = None) -> torch.Tensor:  # noqa: ARG001
        images = torch.zeros(len(latents), 1, 8, 8)
        images[1] = torch.nan
        return images

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gan_model.recipe, "draw", draw)
        summary = sample_images(gan_model, tmp_path / "some", SampleRequest(4))
        assert (summary.done, summary.listed) == (3, 1)
        (line,) = json_files.read_lines(tmp_path / "some/problems.jsonl")
        assert line["path"].endswith("000002.png")
        patch.setattr(
            gan_model.recipe, "draw", lambda *_: torch.full((BATCH_SIZE, 1, 8, 8), torch.nan)
        )
        with pytest.raises(NothingUsableError, match="no image is finite"):
            sample_images(gan_model, tmp_path / "none", SampleRequest(4))


def test_a_full_disk_is_a_one_line_error(
    gan_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "replace", full)
    with pytest.raises(SaveError, match=r"could not write .*000001.png: No space left on device"):
        sample_images(gan_model, tmp_path, SampleRequest(1))


def test_at_most_two_batches_of_samples_are_in_memory(gan_model: Model, tmp_path: Path) -> None:
    alive: list[int] = []
    real_draw: Callable[..., torch.Tensor] = gan_model.recipe.draw
    batches: list[ReferenceType[torch.Tensor]] = []

    def draw(latents: torch.Tensor, condition: torch.Tensor | None = None) -> torch.Tensor:
        alive.append(sum(batch() is not None for batch in batches))
        images = real_draw(latents, condition)
        batches.append(ref(images))
        return images

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gan_model.recipe, "draw", draw)
        sample_images(gan_model, tmp_path, SampleRequest(6 * BATCH_SIZE))
    assert len(alive) == 6
    assert max(alive) <= 1, "earlier batches, when the next batch is generated"
