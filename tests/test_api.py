"""The Python interface: types come out as they went in."""

import json
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import small_checkpoints
import small_runs
import torch
from PIL import Image

from translate.api import ProgressReporter, TrainingResult, Translator, train
from translate.engine.config import yaml
from translate.engine.inference.drawing import SampleRequest
from translate.engine.inference.sampling import sample_folder
from translate.errors import BadImage, ConfigError, DataError, NothingUsableError, TranslateError
from translate.images.source import read_image


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    return Translator.load(
        small_checkpoints.cyclegan(tmp_path_factory.mktemp("runs") / "run"), device="cpu"
    )


@pytest.fixture(scope="module")
def to_gray(tmp_path_factory: pytest.TempPathFactory) -> Translator:
    path = tmp_path_factory.mktemp("runs") / "gray"
    run = small_checkpoints.cyclegan(path, channels=(3, 1), identity_weight=0)
    return Translator.load(f"{run}@1", device="cpu")


def noise(*shape: int, kind: Any = np.uint8) -> Any:
    return np.random.default_rng(0).integers(0, np.iinfo(kind).max, shape, kind, endpoint=True)


def test_a_path_and_a_picture_give_a_picture(model: Translator, tmp_path: Path) -> None:
    pixels = noise(9, 13, 3)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    by_path = model(tmp_path / "photo.png")
    assert isinstance(by_path, Image.Image) and (by_path.size, by_path.mode) == ((13, 9), "RGB")
    for same in (str(tmp_path / "photo.png"), Image.fromarray(pixels)):
        assert np.asarray(model(same)).tolist() == np.asarray(by_path).tolist()
    assert model(pixels).tolist() == np.asarray(by_path).tolist()


def test_D24_a_model_of_side_by_side_images_needs_a_side(tmp_path: Path) -> None:
    run = small_checkpoints.pix2pix(
        tmp_path / "run", domains=("labels", "photo"), sides=("photo", "labels")
    )
    joined, pixels = Translator.load(run, device="cpu"), noise(8, 16, 3)
    (tmp_path / "in").mkdir()
    Image.fromarray(pixels).save(tmp_path / "in/x.png")
    with pytest.raises(ConfigError, match=r"--side labels translates that half"):
        joined(pixels)
    with pytest.raises(ConfigError, match=r"--side labels translates that half"):
        joined.folder(tmp_path / "in", tmp_path / "out")
    right = joined(pixels, side="labels")
    assert right.tolist() == joined(pixels[:, 8:], side="whole").tolist()
    assert joined(pixels, side="whole").shape == (8, 16, 3)
    with pytest.raises(DataError, match="one pixel wide"):
        joined(pixels[:, :1], side="labels")


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("shape", "result"),
    [
        ((9, 13, 3), (9, 13, 3)),
        ((9, 13, 1), (9, 13, 3)),
        ((9, 13, 4), (9, 13, 3)),
        ((9, 13), (9, 13, 3)),
        ((1, 1, 3), (1, 1, 3)),
    ],
)
def test_an_array_gives_an_array_of_bytes(
    model: Translator, shape: tuple[int, ...], result: tuple[int, ...], kind: Any
) -> None:
    drawn = model(noise(*shape, kind=kind))
    assert isinstance(drawn, np.ndarray) and drawn.dtype == np.uint8 and drawn.shape == result


def test_a_gray_result_has_the_dimensions_it_was_asked_with(to_gray: Translator) -> None:
    assert to_gray(noise(9, 13)).shape == (9, 13)
    assert to_gray(noise(9, 13, 3)).shape == (9, 13, 1)
    assert to_gray(Image.fromarray(noise(9, 13, 3))).mode == "L"
    assert to_gray(Image.fromarray(noise(9, 13)), to="summer").mode == "RGB"


def test_both_depths_and_hidden_colours_show_the_same(model: Translator) -> None:
    pixels = noise(8, 8, 3)
    deep = model(pixels.astype(np.uint16) * 257)
    assert abs(deep.astype(int) - model(pixels)).max() <= 1
    hidden = np.dstack([pixels, np.zeros((8, 8), np.uint8)])
    white = model(np.full((8, 8, 3), 255, np.uint8)).tolist()
    assert model(hidden).tolist() == white
    assert np.asarray(model(Image.fromarray(hidden))).tolist() == white


def test_every_mode_of_a_picture_is_taken(model: Translator) -> None:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I", "F"):
        picture = model(Image.new(mode, (6, 5)))
        assert (picture.size, picture.mode) == ((6, 5), "RGB"), mode


def test_the_domain_may_be_chosen(model: Translator) -> None:
    pixels = noise(8, 8, 3)
    assert model.domains == ("summer", "winter")
    assert model(pixels).tolist() == model(pixels, to="winter").tolist()
    assert model(pixels).tolist() != model(pixels, to="summer").tolist()
    with pytest.raises(ConfigError, match=r"does not translate to 'rain'\. Choose from: s"):
        model(pixels, to="rain")


def test_the_shorter_side_may_be_chosen(model: Translator) -> None:
    assert model(noise(20, 30, 3), size=10).shape == (10, 15, 3)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.zeros((4, 4, 3), np.int64), r"got \(4, 4, 3\) of int64"),
        (np.full((4, 4, 3), 1.5), r"floats from 1.5 to 1.5: expected \[0, 1\]"),
        (np.full((4, 4, 3), np.nan), "not all values are finite"),
        (np.zeros((4, 4, 2), np.uint8), r"got \(4, 4, 2\) of uint8"),
        (np.zeros((1, 4, 4, 3), np.uint8), "expected"),
        (np.zeros((0, 4, 3), np.uint8), "expected"),
    ],
)
def test_an_array_that_is_no_picture_is_refused(
    model: Translator, image: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        model(image)


def test_a_file_that_is_no_picture_is_named(model: Translator, tmp_path: Path) -> None:
    (tmp_path / "x.png").touch()
    with pytest.raises(BadImage, match=r"x\.png: an empty file"):
        model(tmp_path / "x.png")


def test_a_translation_that_is_not_finite_is_an_error(tmp_path: Path) -> None:
    model = Translator.load(small_checkpoints.cyclegan(tmp_path / "run"), device="cpu")
    model._model.recipe.get_parameter("source_to_target.model.1.weight").fill_(float("nan"))
    with pytest.raises(TranslateError, match="not finite"):
        model(noise(8, 8, 3))


def test_an_older_checkpoint_is_used_with_a_warning(tmp_path: Path) -> None:
    run = small_checkpoints.cyclegan(tmp_path / "run")
    (run / "checkpoints/step-00000002").mkdir()
    with pytest.warns(UserWarning, match="older checkpoint"):
        assert Translator.load(run, device="cpu").domains


def test_a_folder_is_what_each_picture_is(
    model: Translator, image_folder: Callable[..., Path], tmp_path: Path
) -> None:
    source = image_folder("photos", 2)
    summary = model.folder(source, str(tmp_path / "out"), to="summer", batch_size=2)
    assert (summary.requested, summary.done) == (2, 2)
    for path in source.iterdir():
        drawn = np.asarray(Image.open(tmp_path / "out" / path.name)).astype(int)
        assert abs(drawn - np.asarray(model(path, to="summer"))).max() <= 1
    assert model.folder(source, tmp_path / "out", to="summer").skipped == 2
    with pytest.raises(NothingUsableError):
        model.folder(tmp_path / "photos/*.gif", tmp_path / "out")


def test_pictures_are_drawn_as_the_command_draws_them(tmp_path: Path) -> None:
    model = Translator.load(small_checkpoints.cgan(tmp_path / "run"))
    drawn = model.sample(5, label="two", seed=3)
    assert [(picture.size, picture.mode) for picture in drawn] == [((8, 8), "L")] * 5
    sample_folder(model._model, tmp_path / "out", SampleRequest(5, "two", seed=3))
    written = [read_image(path, channels=1) for path in sorted((tmp_path / "out").glob("*.png"))]
    assert all((np.asarray(p) == w[..., 0]).all() for p, w in zip(drawn, written, strict=True))
    with pytest.raises(ConfigError, match="no class is called 'three'"):
        model.sample(label="three")


@pytest.fixture
def root(
    image_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    image_folder("a", 3), image_folder("b", 3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def training(**given: Any) -> TrainingResult:
    options = {"generator": small_runs.RESNET, "discriminator": small_runs.PATCH, "lr": 1e-3}
    usual = {"domains": ["a", "b"], "options": options, "steps": 2, "device": "cpu"}
    usual |= {"data": {"root": ".", "size": 16, "flip": False}, "progress": False}
    return train("cyclegan", **{**usual, "settings": {"train.preview_every": 0}, **given})


def resolved(run: Path) -> dict[str, Any]:
    return yaml.read(str(run / "config.yaml"))


@pytest.mark.usefixtures("root")
def test_settings_are_mappings_texts_or_sections() -> None:
    ways: list[Any] = [
        {"train.preview_every": 0, "train.log_every": 7},
        ["train.preview_every=0", "train.log_every=7"],
        {"train": {"preview_every": 0, "log_every": 7}},
    ]
    found = [resolved(training(settings=way, out=f"run{i}").path) for i, way in enumerate(ways)]
    assert found[0] == found[1] == found[2]
    assert found[0]["train"]["log_every"] == 7
    assert (found[0]["data"]["flip"], found[0]["data"]["size"]) == (False, 16)
    assert (found[0]["options"]["lr"], found[0]["options"]["generator"]) == (
        1e-3,
        small_runs.RESNET,
    )
    with pytest.raises(ConfigError, match=r"lr: unknown key\. Did you mean the setting options.lr"):
        training(settings={"lr": 1e-4})
    with pytest.raises(ConfigError, match="no option 'lrr'"):
        training(options={"lrr": 1e-4})


@pytest.mark.usefixtures("root")
def test_a_run_is_resumed_forked_and_fine_tuned() -> None:
    run = training(out="run").path
    assert train(resume=run, steps=3, progress=False).step == 3
    fork = train(resume=run, fork_run=True, steps=4, options={"lr": 1e-5}, progress=False)
    assert (fork.path, fork.step) == (Path("run-fork"), 4)
    assert resolved(fork.path)["options"]["lr"] == 1e-5
    tuned = train(init=run, steps=1, out="tuned", progress=False)
    assert json.loads((tuned.path / "run.json").read_bytes())["init"]["run"] == "run"
    assert resolved(tuned.path)["options"]["generator"] == small_runs.RESNET
    with pytest.raises(ConfigError, match="leave out plugin, config and init"):
        train("cyclegan", resume=run)
    with pytest.raises(ConfigError, match="are for resume"):
        training(fork_run=True)


@pytest.mark.usefixtures("root")
def test_progress_is_shown_hidden_or_given_to_a_reporter(capsys: Any) -> None:
    training(out="quiet")
    assert capsys.readouterr() == ("", "")
    training(out="shown", progress=True)
    assert "0 s left  step 2/2  generators " in capsys.readouterr().out

    class Mine(ProgressReporter):
        steps: list[tuple[int, int]] = []

        def step(self, step: int, steps: int) -> None:
            self.steps.append((step, steps))

    training(out="mine", progress=Mine())
    assert Mine.steps == [(1, 2), (2, 2)]
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("root")
def test_a_notebook_gets_one_line_that_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython is not installed here: what stands in for it keeps what a cell would show."""
    shown: list[str] = []

    class Handle:
        def update(self, data: dict[str, str], *, raw: bool) -> None:
            assert raw
            shown[-1] = data["text/plain"]

    def display(data: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        assert raw and display_id
        shown.append(data["text/plain"])
        return Handle()

    python, place = ModuleType("IPython"), ModuleType("IPython.display")
    python.get_ipython = lambda: type("ZMQInteractiveShell", (), {})()  # type: ignore[attr-defined]
    place.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", python)
    monkeypatch.setitem(sys.modules, "IPython.display", place)
    training(out="noted", progress=True)
    (line,) = shown
    assert line.startswith("0 s left \u2588") and " 2/2  generators " in line
    assert len(line) <= 120


# -- what it takes and gives back ------------------------------------------------------------------


def test_bytes_and_open_files_are_read_as_paths_are(model: Translator, tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    Image.fromarray(noise(9, 13, 3)).save(path)
    expected = np.asarray(model(path))
    with path.open("rb") as file:
        opened = model(file)
    for same in (opened, model(path.read_bytes()), model(BytesIO(path.read_bytes()))):
        assert isinstance(same, Image.Image) and (np.asarray(same) == expected).all()
    with path.open("rb") as file:
        assert file.seek(0, 2)  # as it is for who has just written it
        assert (np.asarray(model(file)) == expected).all()
    with path.open("r") as text, pytest.raises(DataError, match=r"is open as text.*mode 'rb'"):
        model(text)  # type: ignore[call-overload]
    with pytest.raises(BadImage, match="the bytes: is empty"):
        model(b"")
    with pytest.raises(BadImage, match="no image of a known format"):
        model(b"<html>")
    with pytest.raises(DataError, match="got int: expected a path, bytes, an open file"):
        model(7)  # type: ignore[call-overload]


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_come_back_as_floats_in_the_same_range(model: Translator, kind: Any) -> None:
    pixels = noise(9, 13, 3)
    drawn = model((pixels / 255).astype(kind))
    assert drawn.dtype == kind and 0 <= drawn.min() <= drawn.max() <= 1
    assert np.abs(drawn.astype(float) * 255 - model(pixels)).max() <= 1
    assert model(np.zeros((4, 4), np.float32)).shape == (4, 4, 3)


@pytest.mark.parametrize("kind", [torch.uint8, torch.float32, torch.float64, torch.bfloat16])
def test_tensors_come_back_as_tensors(model: Translator, kind: torch.dtype) -> None:
    pixels = noise(9, 13, 3)
    expected = model(pixels).astype(int)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)
    given = tensor if kind == torch.uint8 else (tensor / 255).to(kind)
    one = model(given)
    assert one.shape == (3, 9, 13) and one.dtype == kind and one.device == given.device
    levels = one.double() if kind == torch.uint8 else one.double() * 255
    slack = 3 if kind == torch.bfloat16 else 1
    assert np.abs(levels.permute(1, 2, 0).numpy() - expected).max() <= slack
    several = model(torch.stack([given, given.flip(2)]))
    assert several.shape == (2, 3, 9, 13) and torch.equal(several[0], one)
    assert model(given[:1]).shape == (3, 9, 13)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (torch.zeros(9, 13), r"got a tensor of \(9, 13\): expected \(channels, height, width\)"),
        (torch.zeros(9, 13, 3), r"got a tensor of \(9, 13, 3\)"),
        (torch.full((3, 4, 4), -1.0), r"floats from -1 to -1: expected \[0, 1\].*\(x \+ 1\) / 2"),
        (torch.full((3, 4, 4), 255.0), "Divide 8 bits by 255"),
        (torch.zeros(3, 4, 4, dtype=torch.int64), "of int64"),
        (np.zeros((3, 9, 13), np.uint8), r"Channels come last: transpose\(1, 2, 0\)"),
        (torch.zeros(3, 4, 4, device="meta"), "a tensor without numbers of its own"),
        (torch.zeros(3, 4, 4).to_sparse(), "a tensor without numbers of its own"),
        (Image.new("RGB", (0, 0)), "the PIL image is empty: 0x0 pixels"),
        (Image.new("F", (4, 4), 255.0), "the PIL image: its values go from 255 to 255"),
    ],
)
def test_what_is_out_of_range_or_order_is_answered_with_what_to_do(
    model: Translator, given: Any, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        model(given)


def test_it_says_what_it_is(model: Translator, to_gray: Translator) -> None:
    assert repr(model).startswith("<Translator '") and repr(model).endswith(
        ": recipe='cyclegan', domains=('summer', 'winter'), channels=(3, 3), size=(32, 32), "
        "step=1, device='cpu'>"
    )
    assert "channels=(3, 1)" in repr(to_gray)


@pytest.mark.parametrize("kind", [">u2", ">f4", ">f8"])
def test_the_byte_order_of_an_array_is_no_matter(model: Translator, kind: str) -> None:
    pixels = noise(9, 13, 3, kind=np.uint16)
    native = pixels if kind == ">u2" else (pixels / 65535).astype(kind[1:])
    np.testing.assert_array_equal(model(native.astype(kind)), model(native))


def test_sizes_may_be_of_numpy_and_domains_are_text(model: Translator) -> None:
    pixels = noise(9, 13, 3)
    assert (model(pixels, size=np.int64(20)) == model(pixels, size=20)).all()
    for to in (3, Path("winter")):
        with pytest.raises(ConfigError, match="to: expected text, got"):
            model(pixels, to=to)  # type: ignore[call-overload]


@pytest.mark.parametrize("size", [0, -3, 2.5, "wide"])
def test_a_size_that_is_none_is_refused(model: Translator, size: Any) -> None:
    with pytest.raises(ConfigError, match=r"size: expected (a number of pixels from 1|int), got"):
        model(noise(9, 13, 3), size=size)
