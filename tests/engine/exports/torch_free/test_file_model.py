"""A model in an exported file translates images of any size, with fixed options."""

import json
from pathlib import Path

import numpy as np
import pytest
from small_exports import RECORD, InvertingExporter, invert

from translate.engine.exports.torch_free.file_model import FileModel, file_model, load_file
from translate.errors import ConfigError, TranslateError


def model(monkeypatch: pytest.MonkeyPatch, network=invert, **changes: object) -> FileModel:
    monkeypatch.setattr(InvertingExporter, "network", staticmethod(network))
    content = json.dumps(RECORD.json() | changes).encode()
    return file_model("x.inverting", InvertingExporter(), content, digest="d")


@pytest.mark.parametrize("size", [(1, 1), (5, 9), (16, 12)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_sides_that_the_network_does_not_take_are_padded_and_cropped(
    size: tuple[int, int], dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = []

    def network(images):
        shapes.append(images.shape)
        return -images

    pixels = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (*size, 3), dtype)
    (result,) = model(monkeypatch, network).translate([pixels], "winter")
    levels = np.rint(pixels / (np.iinfo(dtype).max / 255)).astype(int)
    assert np.abs(255 - levels - result).max() <= 1
    assert all(side >= 8 and side % 4 == 0 for side in shapes[0][2:])


def test_a_float_output_is_float32_or_none_if_not_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.full((8, 8, 3), 0.25, np.float32)
    (result,) = model(monkeypatch).translate([pixels], "winter", dtypes=["float32"])
    assert result.dtype == np.float32
    assert np.allclose(result, 0.75)
    assert (pixels == 0.25).all(), "the input is unchanged"
    broken = model(monkeypatch, lambda images: images * np.nan)
    assert broken.translate([pixels], "winter") == [None]


def test_a_failing_network_and_a_wrong_shape_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(images):  # noqa: ARG001
        raise RuntimeError("no such operator")

    pixels = [np.zeros((8, 8, 3), np.uint8)]
    with pytest.raises(TranslateError, match=r"x.inverting: RuntimeError: no such operator"):
        model(monkeypatch, fail).translate(pixels, "winter")
    with pytest.raises(TranslateError, match=r"returned \(1, 3, 8, 4\).* Export the run again"):
        model(monkeypatch, lambda images: images[..., :4]).translate(pixels, "winter")


def test_the_domain_the_options_and_the_seed_are_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    fixed = model(monkeypatch, options={"steps": 20})
    assert fixed.choose_target(None) == fixed.choose_target("winter") == "winter"
    with pytest.raises(ConfigError, match="does not translate to 'summer'"):
        fixed.choose_target("summer")
    assert fixed.complete_options({}) == fixed.complete_options({"steps": 20}) == {"steps": 20}
    for options in ({"steps": 50}, {"guidance": 2.0}):
        with pytest.raises(ConfigError, match=r"options fixed \(steps=20\), got"):
            fixed.complete_options(options)
    with pytest.raises(ConfigError, match="leave --seed out"):
        fixed.choose_seed(3)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"format": 1}'])
def test_a_damaged_file_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"x cannot be used: .*Expected a file that") as error:
        file_model("x", InvertingExporter(), content, digest="")
    assert "\n" not in str(error.value)
    for name in ("model.onnx", "model.pt2"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigError, match=r"model\.\w+ cannot be used: .*Expected a file that"):
            load_file(tmp_path / name)


def test_an_exported_file_runs_on_the_cpu(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="runs on the CPU, got 'cuda': leave --device out"):
        load_file(tmp_path / "model.onnx", device="cuda")
