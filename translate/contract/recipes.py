"""The rules of a recipe."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from translate.batches import ImageSpec
from translate.contract.attributes import assignment, attributes, differing, shared
from translate.contract.rules import RuleError, hold, hold_equal, hold_silence, noise, overheard
from translate.contract.subject import STEPS, Subject, state
from translate.engine.checkpoints.state import TrainingState
from translate.engine.inference.model import translate_batch
from translate.engine.training.preview import draw_preview
from translate.errors import shown
from translate.recipe import Recipe, Turn

REMEMBERED = (
    "what a step remembers belongs in a parameter, a buffer (register_buffer) or training_state()."
)
SIZES = (1, 1), (5, 7), (33, 20)


def reads_nothing(subject: Subject) -> None:
    """Read no file and no network in a constructor, and give one seed equal weights."""
    with overheard() as heard:
        first = subject.make()
    hold_silence(heard, first)
    hold_equal(
        first.state_dict(),
        subject.make().state_dict(),
        "{} differs: draw from the global generators of torch, numpy or random.",
    )


def takes_turns(subject: Subject) -> None:
    """Yield turns, outside of `no_grad` and `autocast`, with finite losses and gradients."""
    for played in subject.play(subject.build(), 3):
        hold(played.losses, "It yielded nothing: yield Turn(player, name=loss).")
        gradients = {f"the gradient of {name!r}": norm for name, norm in played.norms.items()}
        for name, number in (played.losses | gradients).items():
            hold(number.isfinite(), f"At 2 random images, {name} is {float(number)}.")


def moves_one_player(subject: Subject) -> None:
    """Move no weights but the yielded player's from one yield to the next, and move each player."""
    training = subject.build()
    recipe, step = training.recipe, training.recipe.step
    players = {
        player: {id(p) for group in optimizer.param_groups for p in group["params"]}
        for player, optimizer in training.optimizers.items()
    }
    own = {id(p) for p in recipe.parameters()}
    for player, held in players.items():
        hold(held <= own, f"{player!r} holds weights that are no part of the recipe, and so would "
             "not be saved: make their network an attribute.")  # fmt: skip
    moved: set[str] = set()

    def look(player: str, before: Mapping[str, Tensor]) -> dict[str, Tensor]:
        after = {name: p.detach().clone() for name, p in recipe.named_parameters()}
        for name, parameter in recipe.named_parameters():
            if name in before and not torch.equal(before[name], after[name]):
                when = f"in the turn of {player!r}" if player else "before the first turn"
                hold(id(parameter) in players.get(player, ()), f"{name} moved {when}.")
                moved.add(player)
        return after

    def watched(batch: Any) -> Iterator[Turn]:
        player, before = "", look("", {})
        for turn in step(batch):
            before = look(player, before)
            player = turn.player
            yield turn
        look(player, before)

    with mock.patch.object(recipe, "step", watched):
        while moved < players.keys() and training.step < STEPS:
            subject.play(training, 1)
    idle = ", ".join(sorted(players.keys() - moved))
    hold(
        not idle, f"In {STEPS} steps nothing of {idle} moved: does its loss come from its weights?"
    )


def survives_saving(subject: Subject) -> None:
    """Survive save and load: weights, moving average, optimizers and training state."""
    training = subject.build()
    subject.play(training, 2)
    expected = state(training)
    hold_equal(expected, state(subject.reborn(training)), "{} is not what was saved.")


def resumes_exactly(subject: Subject) -> None:
    """Resume exactly: some steps, a save, fresh objects and more steps equal all steps straight."""
    straight = subject.build()
    before = shared(straight.recipe)
    subject.play(straight, 4)
    moved = differing(before, shared(straight.recipe))
    kept = f"{', '.join(moved)} changed while training: keep it in the recipe, in a buffer."
    hold(not moved, f"{kept} {REMEMBERED}")
    expected = state(straight)
    stopped = subject.build()
    subject.play(stopped, 2)
    resumed = subject.reborn(stopped)
    subject.play(resumed, 2)
    _hold_attributes(subject, straight, resumed)
    hold_equal(expected, state(resumed), f"{{}} differs: {REMEMBERED}")


def _hold_attributes(subject: Subject, straight: TrainingState, resumed: TrainingState) -> None:
    """Hold that no plain attribute is another one for the resume."""
    ours, theirs = attributes(straight.recipe), attributes(resumed.recipe)
    if not (moved := differing(ours, theirs)):
        return
    again = subject.build()  # what differs from one run to the next, a time say, is no state
    subject.play(again, 4)
    chance = differing(ours, attributes(again.recipe))
    if lost := [name for name in moved if name not in chance]:
        listed = [f"{n} differs{_versus(theirs.get(n), ours.get(n))}" for n in lost[:3]]
        place = assignment(straight.recipe, lost[0])
        raise RuleError(f"After a resume, {'; '.join(listed)}: {REMEMBERED}", place)


def _versus(found: Any, expected: Any) -> str:
    """Return both values in words, where they are short."""
    plain = not any(isinstance(each, Tensor) and each.numel() != 1 for each in (found, expected))
    if not plain:
        return ""
    one, other = (e.item() if isinstance(e, Tensor) else e for e in (found, expected))
    return f" ({shown(one)} instead of {shown(other)})"


def previews_quietly(subject: Subject) -> str | None:
    """Preview rows of images, (N, C, H, W), and change nothing by it."""
    training = replace(subject.build(), average=None)  # which would be asked in its stead
    subject.play(training, 1)
    before = state(training), [part.training for part in training.recipe.modules()]
    rows = draw_preview(training, subject.batch(0))
    hold_equal(before[0], state(training), "{} is another one afterwards.")
    modes = [part.training for part in training.recipe.modules()]
    hold(modes == before[1], "A part's training mode is another one afterwards.")
    for row in rows:
        images = isinstance(row, Tensor) and row.ndim == 4
        hold(images, f"A row is {type(row).__name__} {tuple(getattr(row, 'shape', ()))}.")
        hold(row.isfinite().all(), "A row is not finite.")
    return None if rows else "it draws none"


def translates_any_size(subject: Subject) -> str | None:
    """Translate an image of any size, from 1x1 up, to one of the same size times `scale`."""
    recipe = subject.build().recipe.eval()
    for to, channels, expected in _ways(subject, recipe):
        for height, width in SIZES:
            try:
                drawn = translate_batch(recipe, noise(1, channels, height, width), to)
            except Exception as error:
                raise AssertionError(
                    f"To {to!r}, {height}x{width} raised {type(error).__name__}: {error} "
                    "Are multiple_of and minimum_side set?"
                ) from error
            shape = (1, expected, recipe.scale * height, recipe.scale * width)
            hold(drawn.shape == shape, f"To {to!r}, {tuple(drawn.shape)} came instead of {shape}.")
            hold(drawn.isfinite().all(), f"To {to!r}, {height}x{width} became not finite.")
    return None if _ways(subject, recipe) else "it does not translate"


def minds_no_neighbour(subject: Subject) -> str | None:
    """Translate an image alike, to 1/255, whatever is beside it, and change nothing by it."""
    training = subject.build()
    subject.play(training, 2)
    recipe = training.recipe.eval()
    before = {name: tensor.clone() for name, tensor in recipe.state_dict().items()}
    for to, channels, _ in _ways(subject, recipe):
        images = noise(3, channels, *subject.spec.size)
        images[1] *= 0.2  # unlike its neighbours
        together = translate_batch(recipe, images, to)
        alone = torch.cat([translate_batch(recipe, image[None], to) for image in images])
        worst = float((together - alone).abs().max())
        hold(worst <= 1 / 255, f"To {to!r}, neighbours or repetition change it by {worst:.3f}: is "
             "a batch norm in training mode, or dropout on?")  # fmt: skip
    hold_equal(before, recipe.state_dict(), "Translating changed {}.")
    return None if _ways(subject, recipe) else "it does not translate"


def draws_its_size(subject: Subject) -> str | None:
    """Draw images of the size trained on, in [-1, 1], alike for equal noise, of every condition."""
    training = subject.build()
    recipe = training.recipe
    if type(recipe).draw is Recipe.draw:
        return "it does not draw"
    subject.play(training, 2)
    recipe.eval()
    first, again = (recipe.noise(3, torch.Generator().manual_seed(1)) for _ in range(2))
    hold(first.device.type == "cpu" and len(first) == 3, f"3 noises are {tuple(first.shape)}.")
    hold(torch.equal(first, again), "Noise is not what its generator makes it.")
    other = recipe.noise(3, torch.Generator().manual_seed(2))
    hold(not torch.equal(first, other), "Noise does not depend on the generator it is given.")
    before = {name: tensor.clone() for name, tensor in recipe.state_dict().items()}
    with torch.inference_mode():
        for what, condition in _conditions(recipe, subject.spec):
            _draw(recipe, subject.spec, first, what, condition)
    hold_equal(before, recipe.state_dict(), "Drawing changed {}.")
    return None


def _draw(
    recipe: Recipe, spec: ImageSpec, noise: Tensor, what: str, condition: Tensor | None
) -> None:
    together = recipe.draw(noise, condition)
    shape = (3, spec.target_channels, *spec.size)
    hold(together.shape == shape, f"{what}: {tuple(together.shape)} came instead of {shape}.")
    hold(together.isfinite().all() and together.abs().max() <= 1, f"{what}: it is not in [-1, 1].")
    asked = condition.split(1) if condition is not None else (None,) * 3
    rows = zip(noise.split(1), asked, strict=True)
    alone = torch.cat([recipe.draw(one, condition) for one, condition in rows])
    worst = float((together - alone).abs().max())
    hold(worst <= 1 / 255, f"{what}: what is drawn beside it changes it by {worst:.3f}.")
    for row in recipe.walk(3, torch.Generator().manual_seed(1), asked[0]):
        hold(row.shape == shape, f"{what}: a row of a walk of 3 is {tuple(row.shape)}.")


def _conditions(recipe: Recipe, spec: ImageSpec) -> Iterator[tuple[str, Tensor | None]]:
    """Yield what `recipe` may be asked to draw, three times each."""
    for index, name in enumerate(recipe.conditions()):
        yield f"Of class {name!r}", torch.full((3,), index)
    if spec.text_length:
        yield "Of a text", torch.full((3, spec.text_length), ord("a"), dtype=torch.uint8)
    elif not recipe.conditions():
        yield "From noise", None


def _ways(subject: Subject, recipe: Recipe) -> list[tuple[str, int, int]]:
    """Return each domain that `recipe` translates to, with the channels before and after."""
    if type(recipe).translate is Recipe.translate:
        return []
    source, target = subject.spec.source_channels, subject.spec.target_channels
    mask = int(recipe.takes_mask)
    first, *others = subject.spec.domains or ("",)
    ways = [(to, source + mask, target) for to in others or [first]]
    return [*ways, (first, target + mask, source)] if recipe.reversible and others else ways
