"""Runs of an earlier install of a recipe load under its present names."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import pytest
import small_runs
import torch
from safetensors.torch import load
from torch.nn import functional as F

from translate import hookimpl
from translate.api import Translator
from translate.engine.checkpoints.initialization import InitialWeights
from translate.engine.config import renamed
from translate.nn.pools import ImagePool
from translate.recipe import Recipe, Turn, adam
from translate.registry import create_generator, part


class EarlierVersion(Recipe):
    """A recipe with its former names."""

    def __init__(self, spec: Any, *, forth: Any = part("resnet", width=2, blocks=1)) -> None:  # noqa: ARG002
        super().__init__()
        self.forth = create_generator(forth, in_channels=3, out_channels=3)
        self.pool = ImagePool(2)

    def optimizers(self) -> Any:
        return {"forth": adam(self.forth)}

    def step(self, batch: Any) -> Any:
        output = self.forth(batch.source)
        yield Turn("forth", l1=F.l1_loss(output, self.pool(batch.target)))

    def translate(self, images: Any, *, to: Any = None) -> Any:  # noqa: ARG002
        return self.forth(images)


class PresentVersion(Recipe):
    """The same recipe under its present names; an option has the former name of a network."""

    renamed: ClassVar = {
        "forth": "source_to_target",
        "forth.size": "source_to_target.width",
        "pool": "image_buffer",
    }

    def __init__(self, spec: Any, *, source_to_target: Any = part("resnet", width=2, blocks=1)):  # noqa: ARG002
        super().__init__()
        self.source_to_target = create_generator(source_to_target, in_channels=3, out_channels=3)
        self.image_buffer = ImagePool(2)

    def optimizers(self) -> Any:
        return {"source_to_target": adam(self.source_to_target)}

    def step(self, batch: Any) -> Any:
        output = self.source_to_target(batch.source)
        loss = F.l1_loss(output, self.image_buffer(batch.target))
        yield Turn("source_to_target", l1=loss)

    def translate(self, images: Any, *, to: Any = None) -> Any:  # noqa: ARG002
        return self.source_to_target(images)


@pytest.fixture
def install(register_plugin: Callable[..., object]) -> Callable[[type[Recipe]], None]:
    """Return a function that offers a recipe as ``changing``, in place of the previous one."""
    recipes: dict[str, type[Recipe]] = {}
    register_plugin(SimpleNamespace(register_recipes=hookimpl(lambda: dict(recipes))))
    return lambda recipe: recipes.update(changing=recipe)


def test_a_run_of_an_earlier_version_is_used_resumed_and_fine_tuned(
    install, image_folder, tmp_path: Path
) -> None:
    install(EarlierVersion)
    image_folder("a"), image_folder("b")
    run = tmp_path / "run"
    option = {"name": "resnet", "width": 4, "blocks": 1}
    small_runs.train(
        small_runs.config(tmp_path, "changing", options__forth=option, train__ema=0.5), run
    )
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)
    before = Translator.load(run)(image)
    small_runs.resume(run, steps=6)
    expected = small_runs.checkpoint_tensors(run)

    install(PresentVersion)
    assert (Translator.load(f"{run}@4")(image) == before).all()
    initial = InitialWeights(run / "checkpoints/step-00000004")
    assert initial.configuration().options == {"source_to_target": option}

    last = run / "checkpoints/step-00000006"
    for file in last.iterdir():
        file.unlink()
    last.rmdir()
    recorder = small_runs.ProgressRecorder()
    small_runs.resume(run, recorder, steps=6)
    assert "moments" not in str(recorder)
    resumed = small_runs.checkpoint_tensors(run)
    assert len(resumed["training.safetensors"]) > 1000
    for name in ("weights", "ema"):  # the same values, under names of another order and length
        old, new = (load(t[f"{name}.safetensors"]) for t in (expected, resumed))
        mapped = {key.replace("forth", "source_to_target"): value for key, value in old.items()}
        assert mapped.keys() == new.keys()
        assert all(torch.equal(mapped[key], new[key]) for key in new)


def test_the_longest_old_prefix_is_replaced_and_known_names_stay() -> None:
    old = {"judge": "discriminator", "judge.body": "discriminator.layers", "latent": "latent_dim"}
    assert renamed.current_name("judge.body.0.weight", old) == "discriminator.layers.0.weight"
    assert renamed.current_name("judge.head.bias", old) == "discriminator.head.bias"
    assert renamed.current_name("judges.body", old) == "judges.body"
    assert renamed.current_names({"latent": 1, "judge": 2}, old, ["latent"]) == {
        "latent": 1,
        "discriminator": 2,
    }


def test_options_of_parts_are_renamed_within_them(install) -> None:
    install(PresentVersion)
    document = {"recipe": "changing", "options": {"forth": {"name": "resnet", "size": 8}}}
    expected = {"source_to_target": {"name": "resnet", "width": 8}}
    assert renamed.current_document(document)["options"] == expected
    assert renamed.current_document({"recipe": "absent", "options": {"forth": 1}})["options"]


def test_options_of_layouts_that_were_settings_of_data_move_into_the_layout() -> None:
    document = {"recipe": "pix2pix", "options": {}}
    old = {"layout": "side-by-side", "sides": ["a", "b"], "drop_unpaired": False, "size": 32}
    assert renamed.current_document({**document, "data": old})["data"] == {
        "layout": {"name": "side-by-side", "sides": ["a", "b"]}, "size": 32,
    }  # fmt: skip
    old = {"layout": {"name": "csv", "file": "x.csv"}, "sides": [], "drop_unpaired": True}
    assert renamed.current_document({**document, "data": old})["data"] == {
        "layout": {"name": "csv", "file": "x.csv", "drop_unpaired": True}
    }
    old = {"layout": "paired", "sides": [], "drop_unpaired": False}
    assert renamed.current_document({**document, "data": old})["data"] == {"layout": "paired"}
