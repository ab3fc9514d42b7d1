"""Settings against a failure come from options and wrappers of plugins, and from general rules."""

from typing import Any

import pytest

from configs import resolve_config
from translate.engine.config.schema import Data, Train
from translate.engine.diagnosis.detection import FAILURES
from translate.engine.system import signatures
from translate.insight.settings import FailingRun, Setting, settings
from translate.registry import find, names
from translate.remedies import Remedy, remedies_of


def settings_of(
    failure: str, *assignments: str, recipe: str = "gan", name: str = ""
) -> list[Setting]:
    """Return the settings against a failure of a run of 1,000 steps."""
    config = resolve_config(*assignments, recipe=recipe, flags={"data.domains": ["a"]})
    return list(settings(failure, FailingRun(config, 1000, name)))


def test_settings_come_from_the_remedies_that_options_and_wrappers_declare() -> None:
    first, second, third, *_ = settings_of("discriminator saturated", name="discriminator")
    assert first == ("options.adversarial", {"name": "vanilla", "label_smoothing": 0.1}, False)
    assert second.value == {"name": "vanilla", "label_flipping": 0.05}
    assert third == ("options.discriminator", {"name": "noisy", "of": "mlp"}, False)


def test_a_setting_of_the_run_is_not_proposed() -> None:
    smooth = "options.adversarial={name: vanilla, label_smoothing: 0.2}"
    noisy = "options.discriminator={name: noisy, of: mlp}"
    settings = settings_of("discriminator saturated", smooth, noisy, name="discriminator")
    values = [setting.value for setting in settings]
    assert values[0] == {"name": "vanilla", "label_smoothing": 0.2, "label_flipping": 0.05}
    assert not any(isinstance(v, dict) and v["name"] == "noisy" for v in values)


def test_a_wrapper_that_compares_images_needs_a_batch() -> None:
    def wrappers(size: int) -> list[Any]:
        values = [s.value for s in settings_of("mode collapse", f"train.batch_size={size}")]
        return [value["name"] for value in values if isinstance(value, dict)]

    assert wrappers(64) == ["minibatch"]
    assert wrappers(1) == []


def test_an_option_without_effect_is_not_proposed() -> None:
    keys = [s.key for s in settings_of("copied training images", recipe="restore")]
    assert "options.discriminator" not in keys  # adversarial_weight is 0


@pytest.mark.parametrize(
    ("failure", "name", "assignment", "expected"),
    [
        ("discriminator at chance", "discriminator", "options.lr_discriminator=1e-6", 2e-4),
        ("discriminator at chance", "discriminator", "options.lr_discriminator=3e-4", 6e-4),
        ("learning rate near 0", "generator", "options.lr_generator=0", 2e-4),
        ("diverging loss", "generator", "options.lr_generator=0.5", 2e-4),
        ("diverging loss", "generator", "options.lr_generator=1e-5", 1.0),
        ("vanishing gradient", "generator", "options.adversarial={name: vanilla, saturating: true}",
         {"name": "vanilla", "saturating": False}),
        ("oscillating loss", "generator", "options.discriminator={name: spectral, of: mlp}", 1e-4),
        ("mode collapse", "samples", "options.lr_generator=0.05", 2e-4),
        ("skipped turns", "", "options.lr_discriminator=7", 2e-4),
        ("memory near the limit", "", "train.batch_size=64", 32),
    ],
)  # fmt: skip
def test_the_first_setting_is_the_mildest(
    failure: str, name: str, assignment: str, expected: Any
) -> None:
    assert settings_of(failure, assignment, name=name)[0].value == expected


@pytest.mark.parametrize("recipe", sorted(names("recipe")))
def test_settings_of_every_recipe_exist(recipe: str) -> None:
    config = resolve_config(recipe=recipe, flags={"data.domains": ["a", "b"]})
    keys = {
        setting.key
        for failure in FAILURES
        for setting in settings(failure, FailingRun(config, 1000, "generator"))
    }
    options = signatures.read_options(find("recipe", recipe), ["spec"])
    known_settings = {"options": options, "data": Data.model_fields, "train": Train.model_fields}
    assert len(keys) > 5
    for key in keys:
        section, _, name = key.partition(".")
        assert name in known_settings[section], key


def test_declared_failures_exist() -> None:
    declared: set[str] = set()
    for kind in ("recipe", "loss", "generator", "discriminator"):
        for factory in names(kind).values():
            declared |= {*remedies_of(factory)}
            for option in signatures.read_options(factory).values():
                notes = getattr(option.annotation, "__metadata__", ())
                declared |= {note.failure for note in notes if isinstance(note, Remedy)}
    assert declared <= {*FAILURES}
    assert len(declared) >= 9
