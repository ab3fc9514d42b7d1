"""The contract notices what it is there to notice: for each rule, plugins that break it."""

import ast
import re
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import Tensor, nn
from valid_recipe import ValidRecipe, register

from translate.batches import Domain, Images, ImageSpec, Layout
from translate.contract import calls, inference, processes, recipes, verdicts
from translate.contract.gradients import has_true_gradients
from translate.contract.processes import averages_over_processes
from translate.contract.subject import subject
from translate.engine.system import randomness
from translate.engine.training import step
from translate.errors import ConfigError
from translate.nn.geometry import Geometry
from translate.recipe import Recipe, Turn, adam
from translate.testing import check_discriminator, check_generator, check_loss, check_recipe

ROOT = Path(__file__).parent.parent


class ReadsAFile(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        with tempfile.NamedTemporaryFile():
            pass


class AsksTheNetwork(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        with socket.socket() as asked:
            asked.connect_ex(("127.0.0.1", 9))


class DrawsUnseeded(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        chance = torch.Generator()
        chance.seed()
        nn.init.normal_(self.critic.weight, generator=chance)


class YieldsNothing(ValidRecipe):
    def step(self, batch):  # noqa: ARG002
        yield from ()


class YieldsALoss(ValidRecipe):
    def step(self, batch):
        yield self.generator(batch.source).mean()


class YieldsWithoutGrad(ValidRecipe):
    def step(self, batch):
        with torch.no_grad():
            yield Turn("generator", mean=self.generator(batch.source).mean())


class DividesByZero(ValidRecipe):
    def step(self, batch):
        yield Turn("generator", mean=self.generator(batch.source).mean() / 0)


class NamesNobody(ValidRecipe):
    def step(self, batch):
        yield Turn("generater", mean=self.generator(batch.source).mean())


class MovesTheOther(ValidRecipe):
    def step(self, batch):
        for turn in super().step(batch):
            yield turn
            with torch.no_grad():
                self.critic.weight += 0.1


class MovesBeforeItsTurn(ValidRecipe):
    def step(self, batch):
        with torch.no_grad():
            self.critic.weight.clamp_(-0.01, 0.01)
        yield from super().step(batch)


class NeverTurns(ValidRecipe):
    def step(self, batch):
        yield next(iter(super().step(batch)))


class HidesANetwork(ValidRecipe):
    def __init__(self, spec):
        super().__init__(spec)
        self.hidden = [nn.Conv2d(3, 3, 1)]

    def optimizers(self):
        return {**super().optimizers(), "hidden": adam(*self.hidden)}


class ForgetsItsPool(ValidRecipe):
    def training_state(self):
        return {}

    def load_training_state(self, state):
        pass


class ForgetsACounter(ValidRecipe):
    count = 0

    def step(self, batch):
        self.count += 1
        for turn in super().step(batch):
            yield Turn(turn.player, **{k: v / self.count for k, v in turn.losses.items()})


class LoadsSomethingElse(ValidRecipe):
    def load_state_dict(self, state, *args, **kwargs):
        return super().load_state_dict({k: v * 2 for k, v in state.items()}, *args, **kwargs)


class WeighsByItsOwnLoss(ValidRecipe):
    def step(self, batch):
        for turn in super().step(batch):
            yield Turn(turn.player, **{k: v * v.item() for k, v in turn.losses.items()})


class PreviewsIntoThePool(ValidRecipe):
    def preview(self, batch):
        return {"pool": self.pool(self.generator(batch.source))}


class PreviewsAList(ValidRecipe):
    def preview(self, batch):
        return [batch.source]


class PreviewsANumber(ValidRecipe):
    def preview(self, batch):
        return {"mean": batch.source.mean()}


class TranslatesToNowhere(ValidRecipe):
    def targets(self, source):  # noqa: ARG002
        return "elsewhere"


class Halves(ValidRecipe):
    def translate(self, images, *, to=None):
        return F.interpolate(super().translate(images, to=to)[..., ::2, ::2], scale_factor=2)


class NeedsFour(ValidRecipe):
    def translate(self, images, *, to=None):
        return F.pad(super().translate(images, to=to), (3, 3, 3, 3), mode="reflect")[
            ..., 3:-3, 3:-3
        ]


class SharesStatistics(ValidRecipe):
    def translate(self, images, *, to=None):
        self.generator.train()
        return super().translate(images, to=to)


class DrawsFromTheGlobalGenerator(ValidRecipe):
    def translate(self, images, *, to=None, noise=None):  # noqa: ARG002
        return super().translate(images, to=to) + torch.randn_like(images)


class IgnoresItsNoise(ValidRecipe):
    def translate(self, images, *, to=None, noise=None):  # noqa: ARG002
        return super().translate(images, to=to)


class NeedsSteps(ValidRecipe):
    def translate(self, images, *, to=None, steps):  # noqa: ARG002
        return super().translate(images, to=to)


class CallsItsOptionSize(ValidRecipe):
    def translate(self, images, *, to=None, size=3):  # noqa: ARG002
        return super().translate(images, to=to)


class TurnsByThePicture(ValidRecipe):
    def step(self, batch):
        yield from super().step(batch)
        if batch.source.mean() > batch.target.mean():
            yield Turn("generator", mean=self.generator(batch.source).mean())


class KnowsItsRank(ValidRecipe):
    def step(self, batch):
        scale = 1 + dist.get_rank() if dist.is_initialized() else 1
        yield Turn("critic", mean=scale * self.critic(batch.target).mean())
        yield Turn("generator", mean=self.generator(batch.source).mean())


BROKEN = {
    ReadsAFile: (recipes.constructor_does_no_io, "asked for /.*: load such things at first use"),
    AsksTheNetwork: (recipes.constructor_does_no_io, "127.0.0.1"),
    DrawsUnseeded: (recipes.constructor_does_no_io, "critic.weight differs"),
    YieldsNothing: (recipes.takes_turns, "yielded nothing"),
    YieldsALoss: (recipes.takes_turns, "which is no Turn"),
    YieldsWithoutGrad: (recipes.takes_turns, "YieldsWithoutGrad.step yields inside"),
    DividesByZero: (recipes.takes_turns, "generator/mean is -?inf"),
    WeighsByItsOwnLoss: (has_true_gradients, "Turn of '.*: .* by autograd, .* by differences"),
    NamesNobody: (recipes.takes_turns, "no optimizer is called 'generater'. Did you mean 'gen"),
    MovesTheOther: (recipes.moves_one_player, "critic.weight moved in the turn of 'generator'"),
    MovesBeforeItsTurn: (recipes.moves_one_player, "critic.weight moved before the first turn"),
    NeverTurns: (recipes.moves_one_player, "In 10 steps nothing of critic moved"),
    HidesANetwork: (recipes.moves_one_player, "'hidden' holds weights that are no part"),
    LoadsSomethingElse: (recipes.survives_saving, "is not what was saved"),
    ForgetsItsPool: (recipes.resumes_exactly, "differs: what a step remembers"),
    ForgetsACounter: (recipes.resumes_exactly, r"count differs \(2 instead of 4\): what a step"),
    PreviewsIntoThePool: (
        recipes.preview_has_no_side_effects,
        "training_state pool is another one after",
    ),
    PreviewsANumber: (recipes.preview_has_no_side_effects, r"The row 'mean' is Tensor \(\)"),
    PreviewsAList: (recipes.preview_has_no_side_effects, r"It returned list: return a dict"),
    TranslatesToNowhere: (inference.names_its_targets, r"targets\('source'\) returned 'elsewhere'"),
    Halves: (inference.translates_any_size, "or have a geometry that says which"),
    NeedsFour: (
        inference.translates_any_size,
        "1x1 raised .* Does its geometry say which",
    ),
    SharesStatistics: (inference.is_independent_of_batch, "neighbours or repetition change it by"),
    DrawsFromTheGlobalGenerator: (calls.draws_from_given_noise, "Draw with noise.normal"),
    IgnoresItsNoise: (calls.draws_from_given_noise, "it takes noise, and does not use it"),
    NeedsSteps: (calls.declares_options, "'steps' of translate has no default"),
    CallsItsOptionSize: (calls.declares_options, "'size' of translate is an argument of"),
    TurnsByThePicture: (averages_over_processes, "Whose turn it is depends on the images"),
    KnowsItsRank: (averages_over_processes, "is not the mean of what both halves give"),
}
"""Recipes, the rule that each breaks, and what its author reads."""


def broken(kind: str, name: str) -> str:
    """Return every rule that does not hold, with what breaks it, a line each."""
    return "\n".join(f"{v.rule} {v.broken}" for v in verdicts.run_rules(kind, name, {}) if v.broken)


def test_a_tame_recipe_keeps_every_rule_and_a_check_leaves_no_trace(register_plugin) -> None:
    register(register_plugin, recipes={"tame": ValidRecipe})
    before = randomness.random_state()
    check_recipe("tame", width=2)
    after = randomness.random_state()
    assert all(torch.equal(before[key], after[key]) for key in before)


@pytest.mark.parametrize("recipe", BROKEN, ids=lambda recipe: recipe.__name__)
def test_a_recipe_that_breaks_a_rule_is_told_so(register_plugin, monkeypatch, recipe) -> None:
    monkeypatch.setattr(processes, "SECONDS", 6)
    rule, complaint = BROKEN[recipe]
    if rule is averages_over_processes and not processes.forks():
        pytest.skip("a new process would not know this plugin")
    register(register_plugin, recipes={"stranger": recipe})
    with pytest.raises(Exception, match=complaint):
        rule(subject("stranger", {}, None, None))


def test_what_a_plugin_raises_becomes_a_sentence_with_the_rule(register_plugin) -> None:
    register(register_plugin, recipes={"stranger": YieldsALoss})
    with pytest.raises(AssertionError, match=r"^Yield turns, .* yielded .* no Turn"):
        check_recipe("stranger")


def test_a_wrong_option_is_the_callers_mistake(register_plugin) -> None:
    register(register_plugin, recipes={"tame": ValidRecipe})
    with pytest.raises(ConfigError, match="recipe 'tame' has no option 'widht'"):
        check_recipe("tame", widht=2)
    with pytest.raises(ConfigError, match="generator 'resnet' has no option 'blocs'"):
        check_generator("resnet", blocs=2)
    with pytest.raises(ConfigError, match="no loss is called 'l3'"):
        check_loss("l3")


def test_networks_are_made_small_unless_the_caller_says_how_large(register_plugin) -> None:
    none = {"name": "patch", "norm": "none"}

    class Two(ValidRecipe):
        def __init__(self, spec, *, generator="resnet", judge=MappingProxyType(none)):
            super().__init__(spec)
            self.names = generator, judge

    register(register_plugin, recipes={"two": Two})
    assert verdicts.small_options("recipe", "two") == {
        "generator": {"name": "resnet", "width": 4, "blocks": 1},
        "judge": {"name": "patch", "norm": "none", "width": 4, "layers": 2},
    }


class Strips(Layout):
    """A layout of one's own: every picture twice, under names that only it knows."""

    def __init__(self, root: Path, domains: tuple[str, ...], leave_out: tuple[Path, ...] = ()):
        self.spec = ImageSpec(domains=tuple(map(Domain, domains)))
        self.files = [p for p in sorted((root / domains[0]).iterdir()) if p not in leave_out]

    def __len__(self) -> int:
        return len(self.files)

    def pick(self, index, random):  # noqa: ARG002
        return (self.files[index],)

    def load(self, files, transform):
        return Images(*transform(transform.read(files[0])))


class Dream(Recipe):
    """One that knows pictures of one domain alone, as the layout of its author brings them."""

    defaults = {"data": {"layout": "strips"}, "train": {"steps": 10}}

    def __init__(self, spec: ImageSpec) -> None:
        super().__init__()
        self.network = nn.Conv2d(spec.source.channels, spec.source.channels, 1)

    def optimizers(self):
        return {"network": adam(self.network)}

    def step(self, batch: Images) -> Iterator[Turn]:
        yield Turn("network", copy=F.mse_loss(self.network(batch.images), batch.images))


def test_a_layout_of_ones_own_is_checked_on_a_folder(
    register_plugin, image_folder, tmp_path
) -> None:
    register(register_plugin, recipes={"dream": Dream}, layouts={"strips": Strips})
    with pytest.raises(ConfigError, match="layout 'strips' are unknown: give the check a folder"):
        check_recipe("dream")
    image_folder("soft", 6)
    check_recipe("dream", data={"layout": "strips", "root": tmp_path, "domains": ["soft"]})


def test_a_recipe_of_one_domain_that_translates_nothing_is_told_what_does_not_apply(
    register_plugin,
) -> None:
    one = type("One", (Dream,), {"defaults": {"data": {"layout": "images"}}})
    register(register_plugin, recipes={"one": one})
    notes = [v.note for v in verdicts.run_rules("recipe", "one", {}, spec=ImageSpec((16, 24)))]
    assert notes.count("it does not translate") == 3
    assert notes.count("it draws none") == 1


class Shift(nn.Module):
    """A generator that keeps the rules: it adds what a convolution says."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x)


class TakesOneImage(Shift):
    def forward(self, x):
        return super().forward(x)[:1]


class SaysNothingOfSides(Shift):
    def forward(self, x):
        return F.interpolate(super().forward(x)[..., ::2, ::2], scale_factor=2)


class ReachesFurther(Shift):
    geometry = Geometry(halo=0)


class HasAnIdleLayer(Shift):
    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.idle = nn.Conv2d(3, 3, 1)


class LearnsBehindTheStateDict(Shift):
    drift = 0.0

    def forward(self, x):
        self.drift += 0.1 * self.training
        return super().forward(x) + self.drift


class OnlyTakesFloats(Shift):
    def forward(self, x):
        return super().forward(x) / (1 - torch.is_autocast_enabled("cpu"))


class HasFeaturesOfItsOwnKind(Shift):
    def features(self, x):
        return self.conv(x)


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (TakesOneImage, r"Make images .* became \(1, 1, "),
        (SaysNothingOfSides, r"Make images .*its attribute geometry"),
        (ReachesFurther, r"Depend, .* depends on pixels 1 away, but halo is 0"),
        (HasAnIdleLayer, r"Send finite gradients .* None reaches idle\.(weight|bias)"),
        (HasFeaturesOfItsOwnKind, "Return from `features`.* It returned Tensor"),
        (OnlyTakesFloats, "Run under autocast to bf16.* not finite"),
        (LearnsBehindTheStateDict, "Do as before once the weights are saved"),
    ],
)
def test_a_generator_that_breaks_a_rule_is_told_so(register_plugin, network, complaint) -> None:
    register(register_plugin, generators={"shift": Shift, "stranger": network})
    check_generator("shift")
    with pytest.raises(AssertionError, match=complaint):
        check_generator("stranger")


class Mist(nn.Module):
    """A generator that keeps the rules: it draws from noise."""

    def __init__(self, in_channels: int, out_channels: int, *, size: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(in_channels, out_channels, size)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Code(nn.Module):
    """A generator that keeps the rules: it makes codes, and knows no width but its height."""

    def __init__(self, in_channels: int, out_channels: int, *, size: tuple[int, int]) -> None:
        super().__init__()
        if size[0] != size[1]:
            raise ConfigError(f"size: expected a square, not {size[0]}x{size[1]}.")
        self.conv = nn.Conv2d(in_channels, out_channels, size)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class DrawsSquares(Mist):
    def __init__(self, in_channels, out_channels, *, size):
        super().__init__(in_channels, out_channels, size=(size[0], size[0]))


class DrawsHalfTheSize(Mist):
    def forward(self, x):
        return F.avg_pool2d(super().forward(x[..., :1, :1]), 2)


class DrawsOneImageForAll(Mist):
    def forward(self, x):
        return super().forward(x.mean(0, keepdim=True))


class MindsNoNoise(Mist):
    def forward(self, x):
        return super().forward(x.detach())


class CodesSharply(Code):
    def forward(self, x):
        return super().forward(x).log()


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (
            DrawsSquares,
            r"Make .* became \(1, 4, 32, 32\), not \(1, 4, 32, 64\): the .* `size`",
        ),
        (DrawsHalfTheSize, r"\(2, 3, 32, 32\) became \(2, 3, 16, 16\), .* `size`, from noise 1x1"),
        (DrawsOneImageForAll, r"\(2, 3, 1, 1\) became \(1, 4, 32, 32\), not \(2, 4, 32, 32\)"),
        (MindsNoNoise, "Send finite gradients .* None reaches the input"),
        (CodesSharply, r"\(1, 5, 32, 32\) became not finite"),
    ],
)
def test_a_generator_that_takes_noise_or_makes_codes_is_told_so(
    register_plugin, network, complaint
) -> None:
    register(register_plugin, generators={"mist": Mist, "code": Code, "stranger": network})
    check_generator("mist")
    check_generator("code")
    with pytest.raises(AssertionError, match=complaint):
        check_generator("stranger")


def test_a_generator_that_takes_nothing_is_told_what_it_raised(register_plugin) -> None:
    register(
        register_plugin,
        generators={"stranger": lambda in_channels, out_channels: nn.Bilinear(1, 1, 1)},  # noqa: ARG005
    )
    with pytest.raises(AssertionError, match=r"\(2, 3, 32, 32\) raised TypeError .*noise") as told:
        check_generator("stranger")
    assert isinstance(told.value.__cause__.__cause__, TypeError)


class Judge(nn.Module):
    """A discriminator that keeps the rules, with scores of two scales."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 1, 4, 2)

    def forward(self, x):
        return [self.conv(x), self.conv(F.avg_pool2d(x, 2))]


class JudgesTheBatch(Judge):
    def forward(self, x):
        return [score.mean(0, keepdim=True) for score in super().forward(x)]


class DrawsBySize(Judge):
    geometry = Geometry(minimum=4)


class JudgesWithALogarithm(Judge):
    def forward(self, x):
        return [score.log() for score in super().forward(x)]


class LooksAway(Judge):
    def forward(self, x):
        return super().forward(x.detach())


@pytest.mark.parametrize(
    ("network", "complaint"),
    [
        (DrawsBySize, r"Score .* Its geometry has a scale, but no image comes out: scale=0"),
        (JudgesTheBatch, r"Score \(N, .* 2 images got torch.Size\(\[1, "),
        (JudgesWithALogarithm, "A score is not finite"),
        (LooksAway, "Send finite gradients .* None reaches the input"),
    ],
)
def test_a_discriminator_that_breaks_a_rule_is_told_so(register_plugin, network, complaint) -> None:
    register(register_plugin, discriminators={"judge": Judge, "stranger": network})
    check_discriminator("judge")
    with pytest.raises(AssertionError, match=complaint):
        check_discriminator("stranger")


class Unsummed(nn.Module):
    def forward(self, output, target):
        return (output - target).abs()


class BackToFront(nn.Module):
    def forward(self, output, target):
        return 1 - F.l1_loss(output, target)


class RootOfZero(nn.Module):
    def forward(self, output, target):
        return F.mse_loss(output, target).sqrt()


class HalfASlope(nn.Module):
    def forward(self, output, target):
        error = F.mse_loss(output, target)
        return 0.5 * error + 0.5 * error.detach()


class Blind(nn.Module):
    def forward(self, output, target):
        return F.mse_loss(output.detach(), target.detach())


class SidesSwapped(nn.Module):
    def for_discriminator(self, real, fake):
        return sum((r - f).mean() for r, f in zip(*map(scales, (real, fake)), strict=True))

    def for_generator(self, fake, real=None):  # noqa: ARG002
        return -sum(score.mean() for score in scales(fake))


class RelativisticUnsaid(nn.Module):
    def for_discriminator(self, real, fake):
        return sum((f - r).mean() for r, f in zip(*map(scales, (real, fake)), strict=True))

    def for_generator(self, fake, real=None):
        lowered = 0 if real is None else sum(score.mean() for score in scales(real))
        return lowered - sum(score.mean() for score in scales(fake))


class OneScaleOnly(nn.Module):
    def for_discriminator(self, real, fake):
        return fake.mean() - real.mean()

    def for_generator(self, fake, real=None):  # noqa: ARG002
        return -fake.mean()


class RefusesRealScores(OneScaleOnly):
    def for_generator(self, fake):
        return -fake.mean()


def scales(scores):
    return [scores] if isinstance(scores, Tensor) else scores


@pytest.mark.parametrize(
    ("loss", "complaint"),
    [
        (Unsummed, "Return a finite scalar .* the loss returned tensor"),
        (Blind, "Return a finite scalar .*(does not require grad|no gradient)"),
        (BackToFront, "Cost least .* Different images cost less than equal ones"),
        (RootOfZero, "Cost least .* At equal images a gradient is not finite"),
        (HalfASlope, "Have gradients that agree .* by autograd, .* by differences"),
        (RelativisticUnsaid, r"for_generator depends on real scores: set relativistic = True"),
        (RefusesRealScores, r"for_generator\(\) takes 2 positional arguments but 3 were given"),
        (SidesSwapped, "does not fall as real scores rise"),
        (OneScaleOnly, "Return a finite scalar .*'list' object has no attribute 'mean'"),
    ],
)
def test_a_loss_that_breaks_a_rule_is_told_so(register_plugin, loss, complaint) -> None:
    register(register_plugin, losses={"stranger": loss})
    with pytest.raises(AssertionError, match=complaint):
        check_loss("stranger")


def test_plugins_check_prints_a_line_a_rule(register_plugin, run_command) -> None:
    register(
        register_plugin,
        "sweets:sugar",
        recipes={"tame": ValidRecipe},
        losses={"swapped": SidesSwapped},
    )
    good = run_command("plugins", "check", "tame", "--set", "options.width=2")
    assert (good.code, good.err) == (0, "")
    assert good.out.startswith("recipe tame\n  ok      Read no file")
    assert len(good.out.splitlines()) == 1 + len(verdicts.RULES["recipe"])
    assert run_command("plugins", "check", "tame", "--quiet").out == ""


@pytest.mark.parametrize("name", ["swapped", "sweets", "sugar", "sweets/swapped"])
def test_plugins_check_fails_where_a_rule_is_broken(register_plugin, run_command, name) -> None:
    register(register_plugin, "sweets:sugar", losses={"swapped": SidesSwapped})
    found = run_command("plugins", "check", name, "--quiet")
    assert found.code == 2
    line, place = found.out.splitlines()
    assert re.fullmatch("  BROKEN  loss .*swapped: Cost least .*as real scores rise.", line)
    assert re.fullmatch(f" +in {__file__}, line \\d+: `def for_discriminator.*`", place)
    assert found.err == f"Error: {name} breaks a rule: see plugins/README.md.\n"


def test_plugins_check_answers_a_typo(register_plugin, run_command) -> None:
    losses = {"l5": nn.L1Loss, "l6": nn.L1Loss}
    register(register_plugin, "sweets:sugar", recipes={"tame": ValidRecipe}, losses=losses)
    for arguments, message in (
        (["tme"], "nothing installed is called 'tme'. Did you mean 'tame'?"),
        (["tame", "--set", "optoins.width=2"], "expected options.KEY=VALUE or data.KEY=VALUE"),
        (["tame", "--set", "options.widt=2"], "has no option 'widt'. Did you mean 'width'?"),
        (["l5", "--set", "data.root=."], "--set data.root=.: expected options.KEY=VALUE."),
        (["sugar", "--set", "options.a=1"], "--set is for one thing, and sugar is 3"),
    ):
        found = run_command("plugins", "check", *arguments)
        assert found.code == 2
        assert message in found.err


def test_the_contract_needs_no_pytest() -> None:
    files = [ROOT / "translate/testing.py", *(ROOT / "translate/contract").glob("*.py")]
    assert len(files) > 5
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                assert "pytest" not in ast.unparse(node), path


forking = pytest.mark.skipif(not processes.forks(), reason="a new process knows no plugin of ours")


@forking
def test_processes_that_keep_their_own_gradients_are_noticed(register_plugin, monkeypatch) -> None:
    monkeypatch.setattr(step, "average_gradients", lambda _parameters, loss: loss)
    register(register_plugin, recipes={"tame": ValidRecipe})
    with pytest.raises(AssertionError, match="gradient 0 differs between the processes"):
        averages_over_processes(subject("tame", {}, None, None))


@forking
def test_processes_that_sum_instead_of_averaging_are_noticed(register_plugin, monkeypatch) -> None:
    def summed(parameters: list[Tensor], loss: Tensor) -> Tensor:
        mean = average(parameters, loss)
        for parameter in parameters:
            parameter.grad *= 2
        return mean

    average = step.average_gradients
    monkeypatch.setattr(step, "average_gradients", summed)
    register(register_plugin, recipes={"tame": ValidRecipe})
    with pytest.raises(AssertionError, match="is not the mean of what both halves give"):
        averages_over_processes(subject("tame", {}, None, None))


def test_where_nothing_can_be_forked_only_installed_plugins_are_tried(
    register_plugin, monkeypatch
) -> None:
    monkeypatch.setattr(processes, "forks", lambda: False)
    register(register_plugin, recipes={"tame": ValidRecipe})
    note = averages_over_processes(subject("tame", {}, None, None))
    assert note == "only an installed plugin can be found by new processes"


@pytest.mark.slow
def test_an_installed_plugin_is_tried_by_new_processes_where_nothing_can_be_forked(
    monkeypatch,
) -> None:
    monkeypatch.setattr(processes, "forks", lambda: False)
    ours = subject("cyclegan", verdicts.small_options("recipe", "cyclegan"), None, None)
    assert averages_over_processes(ours) is None
