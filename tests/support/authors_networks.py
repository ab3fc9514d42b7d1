"""Networks of published code, with the layers, their order and the keys of its weight files."""

from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NORMS = {
    "instance": partial(nn.InstanceNorm2d, affine=False, track_running_stats=False),
    "instance-affine": partial(nn.InstanceNorm2d, affine=True, track_running_stats=False),
    "batch": nn.BatchNorm2d,
    "none": lambda _channels: nn.Identity(),
}


class Blur(nn.Module):
    """A blur of CUT that then drops every other pixel or, if `up`, first inserts zeros."""

    def __init__(self, channels: int, row: list[float], *, up: bool = False) -> None:
        super().__init__()
        square = torch.tensor(row)[:, None] * torch.tensor(row)
        filt = square / square.sum() * (4 if up else 1)
        self.up = up
        self.register_buffer("filt", filt[None, None].repeat(channels, 1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        (_, channels, height, width), weight = x.shape, self.get_buffer("filt")
        if not self.up:
            padded = F.pad(x, (1, 1, 1, 1), mode="reflect")
            return F.conv2d(padded, weight, stride=2, groups=channels)
        spread = x.new_zeros(*x.shape[:2], 2 * height + 3, 2 * width + 3)
        spread[..., ::2, ::2] = F.pad(x, (1, 1, 1, 1), mode="replicate")
        return F.conv2d(spread, weight, padding=1, groups=channels)[..., 1:-1, 1:-1]


def padded_conv(
    inputs: int, outputs: int, kernel: int, padding: str, bias: bool
) -> list[nn.Module]:
    """Return the layers of a convolution that keeps the size of images."""
    pixels = kernel // 2
    if padding == "zero":
        return [nn.Conv2d(inputs, outputs, kernel, padding=pixels, bias=bias)]
    return [nn.ReflectionPad2d(pixels), nn.Conv2d(inputs, outputs, kernel, bias=bias)]


class Block(nn.Module):
    """A residual block."""

    def __init__(
        self, width: int, norm: str, dropout: bool, padding: str = "reflect", bias: bool = True
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            *padded_conv(width, width, 3, padding, bias), NORMS[norm](width),
            nn.ReLU(True), *([nn.Dropout(0.5)] if dropout else []),
            *padded_conv(width, width, 3, padding, bias), NORMS[norm](width),
        ]  # fmt: skip
        self.conv_block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class AuthorsResnet(nn.Module):
    """The ResNet generator.

    Args:
        width: Channels after the first layer.
        blocks: Residual blocks.
        norm: Key of `NORMS`.
        dropout: Whether blocks have dropout.
        inputs: Channels of the input.
        downsamplings: 2, or 3 and 4 in pix2pixHD.
        padding: ``zero`` before July 2017.
        bias: Whether convolutions before a norm have biases; None: before instance norm alone.
        blurs: Where CUT's network blurs: ``down``, ``up``.
        kernel: Side of the transposed convolutions; 4 in DeblurGAN of May 2018.
    """

    def __init__(
        self, width: int, blocks: int, norm: str = "instance", dropout: bool = False,
        inputs: int = 3, *, downsamplings: int = 2, padding: str = "reflect",
        bias: bool | None = None, blurs: tuple[str, ...] = (), kernel: int = 3,
    ) -> None:  # fmt: skip
        super().__init__()
        norm_layer, bias = NORMS[norm], norm.startswith("instance") if bias is None else bias
        layers = [*padded_conv(inputs, width, 7, padding, bias), norm_layer(width), nn.ReLU(True)]
        for _ in range(downsamplings):
            stride = 1 if "down" in blurs else 2
            layers += [nn.Conv2d(width, 2 * width, 3, stride, 1, bias=bias), norm_layer(2 * width)]
            width *= 2
            layers += [nn.ReLU(True), *([Blur(width, [1, 2, 1])] if "down" in blurs else [])]
        layers += [Block(width, norm, dropout, padding, bias) for _ in range(blocks)]
        for _ in range(downsamplings):
            half = width // 2
            layers += (
                [Blur(width, [1, 3, 3, 1], up=True), nn.Conv2d(width, half, 3, 1, 1, bias=bias)]
                if "up" in blurs
                else [nn.ConvTranspose2d(width, half, kernel, 2, 1, 4 - kernel, bias=bias)]
            )
            width = half
            layers += [norm_layer(width), nn.ReLU(True)]
        layers += [*padded_conv(width, 3, 7, padding, True), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class Skip(nn.Module):
    """A level of the U-Net; its activation in place changes the skip connection."""

    def __init__(
        self, outer: int, inner: int, inside: "Skip | None", norm: str, *,
        outermost: int = 0, dropout: bool = False, bias: bool = True, inner_first: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        norm_layer = NORMS[norm]
        down = nn.Conv2d(outermost or outer, inner, 4, 2, 1, bias=bias)
        channels = 2 * inner if inside else inner
        up = nn.ConvTranspose2d(channels, outer, 4, 2, 1, bias=bias or bool(outermost))
        layers: list[nn.Module]
        if outermost and inside:
            layers = [down, inside, nn.ReLU(True), up, nn.Tanh()]
        elif inside:
            layers = [nn.LeakyReLU(0.2, True), down, norm_layer(inner), inside, nn.ReLU(True), up]
            layers += [norm_layer(outer), *([nn.Dropout(0.5)] if dropout else [])]
        else:
            layers = [nn.LeakyReLU(0.2, True), down, nn.ReLU(True), up, norm_layer(outer)]
        self.model, self.outermost = nn.Sequential(*layers), outermost
        self.inner_first = inner_first

    def forward(self, x: Tensor) -> Tensor:
        if self.outermost:
            return self.model(x)
        inner = self.model(x)
        return torch.cat([inner, x] if self.inner_first else [x, inner], 1)


class AuthorsUnet(nn.Module):
    """The U-Net generator of 5 `levels` or more; `inner_first` before 22 September 2017."""

    def __init__(
        self, width: int, levels: int, norm: str = "batch", *,
        bias: bool | None = None, inner_first: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        bias = norm.startswith("instance") if bias is None else bias
        level = partial(Skip, norm=norm, bias=bias, inner_first=inner_first)
        block = level(8 * width, 8 * width, None)
        for _ in range(levels - 5):
            block = level(8 * width, 8 * width, block, dropout=True)
        for outer in (4 * width, 2 * width, width):
            block = level(outer, 2 * outer, block)
        self.model = level(3, width, block, outermost=3)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class AuthorsDiscriminator(nn.Module):
    """The PatchGAN discriminator."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, width, 4, 2, 1), nn.LeakyReLU(0.2, True)]
        for stride in (2, 2, 1):
            layers += [nn.Conv2d(width, 2 * width, 4, stride, 1), NORMS["instance"](2 * width)]
            layers += [nn.LeakyReLU(0.2, True)]
            width *= 2
        self.model = nn.Sequential(*layers, nn.Conv2d(width, 1, 4, 1, 1))


def old_instance_norms(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return `tensors` with the running statistics that instance norm had before PyTorch 0.4.1.

    Norms are layers with a vector of weights or, if there are none, follow each convolution but the
    last.
    """
    result = dict(tensors)
    affine = any(key.endswith("weight") and tensor.ndim == 1 for key, tensor in tensors.items())
    for key, tensor in tensors.items():
        head, _, name = key.rpartition(".")
        if affine:
            norm = head if name == "weight" and tensor.ndim == 1 else ""
        else:
            parent, _, number = head.rpartition(".")
            is_last = head.endswith((".23", ".26"))
            norm = f"{parent}.{int(number) + 1}" if name == "bias" and not is_last else ""
        if norm:
            result |= {f"{norm}.running_mean": tensor.clone(), f"{norm}.running_var": tensor.abs()}
    return result


def draw_norms_(network: nn.Module) -> nn.Module:
    """Draw random weights, biases and statistics of norms, in place of ones and zeros."""
    for key, tensor in network.state_dict().items():
        if tensor.ndim == 1 and tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5) if key.endswith(("weight", "var")) else tensor.normal_(0, 0.1)
    return network
