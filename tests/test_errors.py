"""Texts of error messages, and exit codes."""

from collections.abc import Callable
from pathlib import Path
from pickle import dumps, loads
from typing import Any

import pytest

from translate import errors
from translate.errors import BadImage, TranslateError, suggest

Run = Callable[..., Any]
TRAIN = ["train", "--plugin", "cyclegan", "--domains", "summer", "winter", "--steps", "2"]
RESNETT = ["--set", "options.generator=resnett"]


@pytest.mark.parametrize(
    ("name", "known", "suggestion"),
    [
        ("cyclgan", ["pix2pix", "cyclegan"], " Did you mean 'cyclegan'?"),
        ("zzz", ["b", "a"], " Choose from: a, b."),
        (
            "zzz",
            [f"option-{n:02}" for n in range(13)],
            " Choose from: " + ", ".join(f"option-{n:02}" for n in range(12)) + ", ...",
        ),
        ("zzz", [], ""),
    ],
)
def test_the_nearest_name_is_suggested_or_all_are_listed(
    name: str, known: list[str], suggestion: str
) -> None:
    assert suggest(name, known) == suggestion


def test_each_class_of_errors_has_its_exit_code() -> None:
    classes = {name: cls for name, cls in vars(errors).items() if isinstance(cls, type)}
    codes = {n: cls.exit_code for n, cls in classes.items() if issubclass(cls, TranslateError)}
    wrong_usage = ("TranslateError", "ConfigError", "MissingPackageError", "MissingWeightsError")
    wrong_usage += ("DataError", "CheckpointError", "PluginError")
    others = {"NothingUsableError": 4, "TrainingError": 5, "SaveError": 6}
    assert codes == dict.fromkeys(wrong_usage, 2) | others


def test_a_bad_image_can_be_pickled_between_processes() -> None:
    error = loads(dumps(BadImage(Path("a/b.png"), "is empty")))
    assert (error.path, error.reason, str(error)) == (
        Path("a/b.png"),
        "is empty",
        "a/b.png: is empty",
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["train", "--plugin", "cyclgan", *TRAIN[3:]],
            "no recipe is called 'cyclgan'. Did you mean 'cyclegan'?",
        ),
        ([*TRAIN, *RESNETT], "no generator is called 'resnett'. Did you mean 'resnet'?"),
        (
            [*TRAIN, "--set", "options.critic=1"],
            "recipe 'cyclegan' has no option 'critic'. Choose from: adversarial, "
            "cycle_weight, discriminator, generator, identity_weight, lr, pool_size.",
        ),
        ([*TRAIN, "--set", "train.stepz=1"], "train.stepz: unknown key. Did you mean 'steps'?"),
        ([*TRAIN, "--set", "train.steps=many"], "train.steps: expected int, got 'many'."),
        (
            [*TRAIN[:4], "sumer", *TRAIN[5:]],
            "no folder for domain 'sumer': looked for datasets/sumer/train and "
            "datasets/sumer. Did you mean 'summer'?",
        ),
        (
            [*TRAIN, "--config", "cyclegan-smal"],
            "there is no config 'cyclegan-smal'. Did you mean 'cyclegan-small'?",
        ),
        (
            [*TRAIN, "--set", "options.generator={name: resnet, block: 1}"],
            "generator 'resnet' has no option 'block'. Did you mean 'blocks'?",
        ),
        (
            [*TRAIN, "--set", "options.adversarial=lsgn"],
            "no loss is called 'lsgn'. Did you mean 'lsgan'?",
        ),
        (
            [*TRAIN, "--set", "data.layout=piared"],
            "no layout is called 'piared'. Did you mean 'paired'?",
        ),
        (
            ["train", "--plugin", "cyclegan", "--steps", "2"],
            "layout 'unpaired' reads two domains, got 0. Name them: --domains A B",
        ),
        ([*TRAIN[:5], *TRAIN[6:]], "layout 'unpaired' reads two domains, got 1: summer."),
        (
            [*TRAIN, "--data", "elsewhere"],
            "data.root: there is no folder elsewhere. Expected the folder that holds summer and "
            "winter: --data DIR",
        ),
        ([*TRAIN, "--resume", "x"], None),
        (["train", "--resume", "runs/none"], "there is no run runs/none."),
        (
            ["train", "--steps", "2"],
            "which recipe? Name one with --plugin, or a configuration with --config: "
            "`translate show` lists them.",
        ),
        (
            [*TRAIN, "--size", "30"],
            "data.size: cyclegan with these networks needs sides that divide by 4 "
            "and are at least 24, not 30x30.",
        ),
        ([*TRAIN, "--batch-size", "0"], "train.batch_size: expected greater than 0, got 0."),
    ],
)
def test_a_mistake_is_reported_in_one_line_with_the_fix_and_nothing_is_written(
    arguments: list[str],
    message: str | None,
    run_command: Run,
    image_folder: Callable[..., Path],
    tmp_path: Path,
) -> None:
    for name in ("summer", "winter"):
        image_folder(f"datasets/{name}/train", 2)
    before = sorted(tmp_path.rglob("*"))
    result = run_command(*arguments)
    assert (result.code, result.out) == (2, "")
    if message:
        assert result.err == f"Error: {message}\n"
    assert "Traceback" not in result.err
    assert sorted(tmp_path.rglob("*")) == before
