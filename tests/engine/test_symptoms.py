import math

import pytest
import torch

from translate.engine.symptoms import Symptoms


def said_of_losses(series: list[float], player: str = "discriminator") -> list[str]:
    said: list[str] = []
    symptoms = Symptoms(said.append)
    for number, value in enumerate(series, start=1):
        losses = {f"{player}/real": value, f"{player}/fake": value / 2, "generator/gan": 3.0}
        symptoms.see_losses(50 * number, 50, losses)
    return said


def test_T10_a_discriminator_that_always_wins_is_told_once_with_its_losses() -> None:
    (line,) = said_of_losses([0.5, *[2e-5] * 9])
    assert line.startswith(
        "step 250: the losses of discriminator have been below 0.0001 for 200 steps, now 2.0e-05"
    )


@pytest.mark.parametrize(
    "series", [[0.0] * 3, [0.0, 0.0, 0.0, 0.3] * 4, [math.nan] * 9, [2e-4] * 9, []]
)
def test_losses_that_come_back_are_nothing_to_tell(series: list[float]) -> None:
    assert not said_of_losses(series)


def test_a_critic_may_have_any_loss() -> None:
    assert not said_of_losses([0.0] * 9, player="critic")


def test_T10_a_generator_that_draws_one_image_is_told_once() -> None:
    said: list[str] = []
    symptoms, dice = Symptoms(said.append), torch.Generator().manual_seed(0)
    sources = torch.rand(4, 3, 8, 8, generator=dice) * 2 - 1
    nearly = torch.full((4, 3, 8, 8), 0.25) + torch.arange(4).reshape(4, 1, 1, 1) / 3 / 255
    for step, drawn in ((1, nearly), (2, sources), (3, nearly), (4, nearly), (5, nearly)):
        symptoms.see_rows(step, [sources, drawn])
    (line,) = said
    assert line.startswith(
        "step 4: all images of row 2 of the preview are one, to 0.50 of 255 levels"
    )
    symptoms = Symptoms(said.append)
    for step in (1, 2, 3):
        symptoms.see_rows(step, [sources[:1], sources / 64])  # one alone; alike, but not one
    assert len(said) == 1
