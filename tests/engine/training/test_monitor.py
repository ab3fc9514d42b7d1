import math

import pytest
import torch

from translate.engine.training.monitor import Symptoms


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


def diverging(first: float, *later: float, rate: float = 2e-4) -> list[str]:
    said: list[str] = []
    symptoms = Symptoms(said.append)
    symptoms.see_rates({"generator": rate, "critic": 1e-4})
    symptoms.first = {"generator/gan": first, "critic/gan": 1.0}
    for number, value in enumerate(later, start=1):
        symptoms.see_losses(50 * number, 50, {"generator/gan": value, "critic/gan": -2.0})
    return said


def test_finite_losses_that_explode_are_told_once_with_the_player_and_its_rate() -> None:
    (line,) = diverging(0.7, 0.9, -3e8, 4e8, rate=0.5)
    assert line.startswith("step 100: a loss of generator is 3.0e+08 (learning rate 0.5), more ")


def test_a_learning_rate_beyond_sense_is_told_once_with_its_player() -> None:
    (line,) = diverging(3e8, 3e8, 4e8, rate=1000.0)
    assert line.startswith("the learning rate of generator is 1000: usual are ")


@pytest.mark.parametrize("later", [[9e3], [math.nan], [math.inf], []])
def test_losses_of_usual_sizes_are_nothing_to_tell(later: list[float]) -> None:
    assert not diverging(0.5, *later)
    assert not diverging(2e5, 3e6)  # it began so large


def test_T10_a_generator_that_draws_one_image_is_told_once() -> None:
    said: list[str] = []
    symptoms, dice = Symptoms(said.append), torch.Generator().manual_seed(0)
    sources = torch.rand(4, 3, 8, 8, generator=dice) * 2 - 1
    nearly = torch.full((4, 3, 8, 8), 0.25) + torch.arange(4).reshape(4, 1, 1, 1) / 3 / 255
    for step, drawn in ((1, nearly), (2, sources), (3, nearly), (4, nearly), (5, nearly)):
        symptoms.see_rows(step, {"source": sources, "translated": drawn})
    (line,) = said
    assert line.startswith(
        "step 4: all images of row 'translated' of the preview are one, to 0.50 of 255 levels"
    )
    symptoms = Symptoms(said.append)
    for step in (1, 2, 3):
        symptoms.see_rows(step, {"single": sources[:1], "similar": sources / 64})
    assert len(said) == 1
