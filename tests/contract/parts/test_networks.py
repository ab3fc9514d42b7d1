"""The check of a generator or discriminator reports which rule the network breaks."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from valid_recipe import register_parts

from translate.errors import ConfigError
from translate.nn.geometry import Geometry
from translate.testing import check_discriminator, check_generator


class ValidGenerator(nn.Module):
    """A generator that keeps the rules: it adds the output of a convolution."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x)


class TakesOneImage(ValidGenerator):
    def forward(self, x):
        return super().forward(x)[:1]


class NeedsAGeometry(ValidGenerator):
    """A generator that returns even sizes only, and has no attribute `geometry` that says so."""

    def forward(self, x):
        return F.interpolate(super().forward(x)[..., ::2, ::2], scale_factor=2)


class HasAWrongHalo(ValidGenerator):
    geometry = Geometry(halo=0)


class HasAnUnusedLayer(ValidGenerator):
    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, out_channels)
        self.idle = nn.Conv2d(3, 3, 1)


class KeepsStateOutsideTheStateDict(ValidGenerator):
    drift = 0.0

    def forward(self, x):
        self.drift += 0.1 * self.training
        return super().forward(x) + self.drift


class FailsUnderAutocast(ValidGenerator):
    def forward(self, x):
        return super().forward(x) / (1 - torch.is_autocast_enabled("cpu"))


class ReturnsOneFeatureTensor(ValidGenerator):
    def features(self, x):
        return self.conv(x)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (TakesOneImage, r"Return images, .* became \(1, 1, "),
        (NeedsAGeometry, r"Return images, .*the attribute geometry"),
        (HasAWrongHalo, r"Depend, at each .* depends on pixels 1 away, but halo is 0"),
        (HasAnUnusedLayer, r"Have finite gradients .* idle\.(weight|bias) has no gradient"),
        (ReturnsOneFeatureTensor, "Return from `features`.* It returned Tensor"),
        (FailsUnderAutocast, "Run .* under autocast to bf16.* not finite"),
        (KeepsStateOutsideTheStateDict, "Return the same outputs after its weights are saved"),
    ],
)
def test_a_generator_that_breaks_a_rule_gets_its_message(register_plugin, network, message) -> None:
    register_parts(register_plugin, generators={"valid": ValidGenerator, "tested": network})
    check_generator("valid")
    with pytest.raises(AssertionError, match=message):
        check_generator("tested")


class ValidNoiseGenerator(nn.Module):
    """A generator from noise that keeps the rules."""

    def __init__(self, in_channels: int, out_channels: int, *, size: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(in_channels, out_channels, size)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class ValidEncoder(nn.Module):
    """An encoder of square images that keeps the rules."""

    def __init__(self, in_channels: int, out_channels: int, *, size: tuple[int, int]) -> None:
        super().__init__()
        if size[0] != size[1]:
            raise ConfigError(f"size: expected a square, not {size[0]}x{size[1]}.")
        self.conv = nn.Conv2d(in_channels, out_channels, size)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class DrawsSquares(ValidNoiseGenerator):
    def __init__(self, in_channels, out_channels, *, size):
        super().__init__(in_channels, out_channels, size=(size[0], size[0]))


class DrawsHalfTheSize(ValidNoiseGenerator):
    def forward(self, x):
        return F.avg_pool2d(super().forward(x[..., :1, :1]), 2)


class DrawsOneImageForAll(ValidNoiseGenerator):
    def forward(self, x):
        return super().forward(x.mean(0, keepdim=True))


class IgnoresTheGradientOfNoise(ValidNoiseGenerator):
    def forward(self, x):
        return super().forward(x.detach())


class EncodesNonFinite(ValidEncoder):
    def forward(self, x):
        return super().forward(x).log()


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (DrawsSquares, r"became \(1, 4, 32, 32\), not \(1, 4, 32, 64\): the .* `size`"),
        (DrawsHalfTheSize, r"\(2, 3, 32, 32\) became \(2, 3, 16, 16\), .* `size`, 32x32"),
        (DrawsOneImageForAll, r"\(2, 3, 1, 1\) became \(1, 4, 32, 32\), not \(2, 4, 32, 32\)"),
        (IgnoresTheGradientOfNoise, "Have finite gradients .* the input has no gradient"),
        (EncodesNonFinite, r"The output for \(1, 5, 32, 32\) is not finite"),
    ],
)
def test_a_noise_generator_or_encoder_that_breaks_a_rule_gets_its_message(
    register_plugin, network, message
) -> None:
    valid = {"valid-noise": ValidNoiseGenerator, "valid-encoder": ValidEncoder}
    register_parts(register_plugin, generators={**valid, "tested": network})
    check_generator("valid-noise")
    check_generator("valid-encoder")
    with pytest.raises(AssertionError, match=message):
        check_generator("tested")


class NeedsTwoInputs(nn.Bilinear):
    def __init__(self, in_channels, out_channels):
        super().__init__(in_channels, in_channels, out_channels)


def test_the_message_for_a_generator_that_raises_has_its_exception(register_plugin) -> None:
    register_parts(register_plugin, generators={"tested": NeedsTwoInputs})
    message = r"\(2, 3, 32, 32\) raised TypeError .*vectors"
    with pytest.raises(AssertionError, match=message) as error:
        check_generator("tested")
    assert isinstance(error.value.__cause__.__cause__, TypeError)


class ValidDiscriminator(nn.Module):
    """A discriminator that keeps the rules, with scores at two scales."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 1, 4, 2)

    def forward(self, x):
        return [self.conv(x), self.conv(F.avg_pool2d(x, 2))]


class AveragesTheBatch(ValidDiscriminator):
    def forward(self, x):
        return [score.mean(0, keepdim=True) for score in super().forward(x)]


class HasAScale(ValidDiscriminator):
    geometry = Geometry(minimum=4)


class ReturnsNothing(ValidDiscriminator):
    def forward(self, x):
        super().forward(x)


class ReturnsANumber(ValidDiscriminator):
    def forward(self, x):
        return super().forward(x)[0].mean()


class ScoresNonFinite(ValidDiscriminator):
    def forward(self, x):
        return [score.log() for score in super().forward(x)]


class DetachesItsInput(ValidDiscriminator):
    def forward(self, x):
        return super().forward(x.detach())


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (HasAScale, r"Return .* Its geometry has a scale, but .* not an image: set scale=0"),
        (AveragesTheBatch, r"Return .* The scores of 2 images are \(1, .*expected \(N, "),
        (ReturnsNothing, r"Return .* It returned None: expected a tensor, or a list"),
        (ReturnsANumber, r"Return .* The scores of 1 images are \(\): expected \(N, "),
        (ScoresNonFinite, "A score is not finite"),
        (DetachesItsInput, "Have finite gradients .* the input has no gradient"),
    ],
)
def test_a_discriminator_that_breaks_a_rule_gets_its_message(
    register_plugin, network, message
) -> None:
    register_parts(register_plugin, discriminators={"valid": ValidDiscriminator, "tested": network})
    check_discriminator("valid")
    with pytest.raises(AssertionError, match=message):
        check_discriminator("tested")
