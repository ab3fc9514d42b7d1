"""Values of a configuration are checked, immutable, and refused in one sentence."""

from typing import Any

import pytest
from pydantic import ValidationError

from configs import config_error, resolve_config


def test_a_configuration_never_changes() -> None:
    config = resolve_config()
    with pytest.raises(ValidationError, match=r"frozen"):
        config.train.steps = 3
    assert resolve_config("options.generator.blocks=4") != config
    assert resolve_config() == config  # the defaults of the recipe are unchanged


@pytest.mark.parametrize(
    ("size", "resize", "expected"),
    [
        (256, None, (286, 286)),
        (64, None, (72, 72)),
        ([64, 128], None, (72, 72)),
        (64, 70, (70, 70)),
        (64, [64, 96], (64, 96)),
    ],
)
def test_the_shorter_side_defaults_to_286_for_256(
    size: Any, resize: Any, expected: tuple[int, int]
) -> None:
    options = {"data.size": size, **({"data.resize": resize} if resize else {})}
    assert resolve_config(flags=options).data.shorter_side == expected


@pytest.mark.parametrize(
    ("assignments", "options", "expected"),
    [
        (["train.steps=1.5"], {}, "train.steps: expected int, got 1.5."),
        (["train.steps=0"], {}, "train.steps: expected greater than 0, got 0."),
        (["train.device=gpu"], {}, "train.device: expected auto, cpu, cuda or cuda:N, got 'gpu'."),
        (["train.precision=fp16"], {}, "train.precision: expected 'fp32' or 'bf16', got 'fp16'."),
        (["data.flip=perhaps"], {}, "data.flip: expected true or false, got 'perhaps'."),
        (["data.resize=[9, 8]"], {}, "data.resize: expected the smaller side first, got [9, 8]."),
        (["data.workers=-1"], {}, "data.workers: expected greater than or equal to 0, got -1."),
        (
            ["trian.steps=3"],
            {},
            "trian.steps: unknown key. Did you mean 'train'? (section.key=VALUE)",
        ),
        (["steps"], {}, "--set steps: expected section.key=VALUE."),
        (
            ["lr=1e-4"],
            {},
            "lr: unknown key. Did you mean the setting options.lr of recipe 'cyclegan'? "
            "Write --set options.lr=VALUE.",
        ),
        (
            ["train.lr=1e-4"],
            {},
            "train.lr: unknown key. Did you mean the setting options.lr of recipe 'cyclegan'? "
            "Write --set options.lr=VALUE.",
        ),
        (
            ["batch_size=4"],
            {},
            "batch_size: unknown key. Did you mean the setting train.batch_size? "
            "Write --set train.batch_size=VALUE.",
        ),
        (
            [],
            {"config": {"recipe": "wgan", "lr": 1e-4}, "recipe": None},
            "lr: unknown key. Did you mean the setting options.lr_critic or options.lr_generator "
            "of recipe 'wgan'? Write --set options.lr_critic=VALUE or "
            "--set options.lr_generator=VALUE.",
        ),
        (["options.lr.x=3"], {}, "options.lr.x: 'lr' holds no options."),
        (
            ["train.schedule.generators=cosine"],
            {},
            "train.schedule.generators: train.schedule is 'linear', for all players. Set it whole, "
            'such as --set "train.schedule={generators: cosine}".',
        ),
        (["options.lr=fast"], {}, "recipe 'cyclegan': lr: expected a number, got 'fast'."),
        (
            ["options.pool_size=many"],
            {},
            "recipe 'cyclegan': pool_size: expected int, got 'many'.",
        ),
        ([], {"config": {"trian": {}}}, "trian: unknown key. Did you mean 'train'?"),
        ([], {"config": {"train": 3}}, "train: expected a mapping, got 3."),
        (
            [],
            {"config": {"train": {"stepz": 3}}},
            "train.stepz: unknown key. Did you mean 'steps'?",
        ),
        ([], {"config": "there/is/none.yaml"}, "there is no file there/is/none.yaml."),
    ],
)
def test_each_wrong_key_or_value_is_named_with_the_nearest_key(
    assignments: list[str], options: dict[str, Any], expected: str
) -> None:
    assert config_error(*assignments, **options) == expected


def test_an_unknown_value_of_two_types_is_one_sentence() -> None:
    message = config_error("data.size=large")
    assert message.startswith("data.size: expected int or a list")
    assert message.endswith("got 'large'.")
