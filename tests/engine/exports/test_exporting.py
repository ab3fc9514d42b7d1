"""Exported models are compared with the run at three sizes, and have metadata."""

from dataclasses import replace
from pathlib import Path

import pytest
import small_checkpoints
import torch
from hole_filling import MinimalRecipe
from small_exports import InvertingExporter, invert
from torch import Tensor, nn

from translate.engine.exports import exporting
from translate.engine.exports.torch_free.record import parse_record
from translate.engine.models.model import load
from translate.errors import ConfigError
from translate.nn.geometry import Geometry
from translate.nn.noise import Noise


@pytest.mark.parametrize("geometry", [Geometry(), Geometry(16, 128), Geometry(scale=4)])
def test_the_network_takes_the_compared_sizes_which_are_odd_if_possible(geometry: Geometry) -> None:
    sizes = exporting.sizes_to_compare(geometry)
    assert len({*sizes}) == 3
    assert all(geometry.fit(side) == side for size in sizes for side in size)
    if geometry.multiple_of == 1:
        assert any(side % 2 for size in sizes for side in size)


def test_the_metadata_has_the_domains_the_recipe_and_hashes(tmp_path: Path) -> None:
    model, _ = load(small_checkpoints.cyclegan(tmp_path / "run"), device="cpu")
    exported = exporting.describe(model, "summer", {})
    record = parse_record(exported.metadata)
    assert (record.source.name, record.target.name) == ("winter", "summer")
    assert (record.recipe, record.step, record.checkpoint) == ("cyclegan", 1, model.digest)
    assert record.geometry == model.geometry
    networks = {name.split(".")[1] for name in exported.network.state_dict()}
    assert networks == {"target_to_source"}
    with torch.no_grad():
        next(model.recipe.target_to_source.parameters()).add_(1)
    changed_record = parse_record(exporting.describe(model, "summer", {}).metadata)
    assert changed_record.weights != record.weights


def test_I12_other_outputs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = load(small_checkpoints.cyclegan(tmp_path / "run"), device="cpu")

    class InaccurateExporter(InvertingExporter):
        def write(self, model):
            content = super().write(model)
            accurate = type(self).network
            type(self).network = staticmethod(lambda images: accurate(images) + 0.01)
            return content

    monkeypatch.setattr(InvertingExporter, "network", staticmethod(invert))
    exported = exporting.describe(model, "winter", {})
    with pytest.raises(ConfigError, match=r"cannot be exported by x: its outputs differ by 0.01"):
        exporting.export(model.name, "x", InaccurateExporter(), exported)


class Schedule(nn.Module):
    """A module without parameters, with an attribute that is read."""

    sign = -1


class NoisySteps(MinimalRecipe):
    """Draws noise in all steps but the last."""

    def __init__(self) -> None:
        super().__init__()
        self.schedule, self.unused = Schedule(), nn.Linear(1, 1)

    def translate(
        self,
        images: Tensor,
        *,
        to: str | None = None,  # noqa: ARG002
        noise: Noise | None = None,
        steps: int = 1,
    ) -> Tensor:
        for step in range(1, steps):
            assert noise is not None
            images = images + noise.normal(images.shape, index=step)
        return self.schedule.sign * images


def test_a_recipe_is_exported_with_options_for_which_it_draws_no_noise(tmp_path: Path) -> None:
    model, _ = load(small_checkpoints.cyclegan(tmp_path / "run"), device="cpu")
    model = replace(model, recipe=NoisySteps())
    with pytest.raises(ConfigError, match=r"cyclegan draws noise for each .* these options.*--set"):
        exporting.describe(model, "winter", {"steps": 2})
    exported = exporting.describe(model, "winter", {"steps": 1})
    assert exported.network.state_dict().keys() == {"recipe.weight"}, "no unused network"
    _, differences = exporting.export(model.name, "x", InvertingExporter(), exported)
    assert max(difference.value for difference in differences) == 0
