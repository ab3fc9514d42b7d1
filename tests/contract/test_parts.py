"""Networks that break a rule get a message with the rule."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from valid_recipe import register

from translate.errors import ConfigError
from translate.nn.geometry import Geometry
from translate.testing import check_discriminator, check_generator


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
