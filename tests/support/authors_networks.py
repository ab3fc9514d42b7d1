"""Generators as in pytorch-CycleGAN-and-pix2pix: layers, order and keys of its files."""

from functools import partial

import torch
from torch import Tensor, nn

NORMS = {
    "instance": partial(nn.InstanceNorm2d, affine=False, track_running_stats=False),
    "batch": nn.BatchNorm2d,
    "none": lambda _channels: nn.Identity(),
}


class Block(nn.Module):
    """A residual block."""

    def __init__(self, width: int, norm: str, dropout: bool) -> None:
        super().__init__()
        bias = norm == "instance"
        layers: list[nn.Module] = [
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), NORMS[norm](width),
            nn.ReLU(True), *([nn.Dropout(0.5)] if dropout else []),
            nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3, bias=bias), NORMS[norm](width),
        ]  # fmt: skip
        self.conv_block = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class AuthorsResnet(nn.Module):
    """The ResNet generator."""

    def __init__(
        self,
        width: int,
        blocks: int,
        norm: str = "instance",
        dropout: bool = False,
        inputs: int = 3,
    ) -> None:
        super().__init__()
        bias, made = norm == "instance", NORMS[norm]
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(inputs, width, 7, bias=bias), made(width)]
        layers += [nn.ReLU(True)]
        for wide in (width, 2 * width):
            layers += [nn.Conv2d(wide, 2 * wide, 3, 2, 1, bias=bias), made(2 * wide), nn.ReLU(True)]
        layers += [Block(4 * width, norm, dropout) for _ in range(blocks)]
        for wide in (4 * width, 2 * width):
            up = nn.ConvTranspose2d(wide, wide // 2, 3, 2, 1, output_padding=1, bias=bias)
            layers += [up, made(wide // 2), nn.ReLU(True)]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class Skip(nn.Module):
    """A level of the U-Net; its activation in place changes the skip connection."""

    def __init__(
        self, outer: int, inner: int, inside: "Skip | None", norm: str, *,
        outermost: int = 0, dropout: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        bias, made = norm == "instance", NORMS[norm]
        down = nn.Conv2d(outermost or outer, inner, 4, 2, 1, bias=bias)
        channels = 2 * inner if inside else inner
        up = nn.ConvTranspose2d(channels, outer, 4, 2, 1, bias=bias or bool(outermost))
        layers: list[nn.Module]
        if outermost and inside:
            layers = [down, inside, nn.ReLU(True), up, nn.Tanh()]
        elif inside:
            layers = [nn.LeakyReLU(0.2, True), down, made(inner), inside, nn.ReLU(True), up]
            layers += [made(outer), *([nn.Dropout(0.5)] if dropout else [])]
        else:
            layers = [nn.LeakyReLU(0.2, True), down, nn.ReLU(True), up, made(outer)]
        self.model, self.outermost = nn.Sequential(*layers), outermost

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x) if self.outermost else torch.cat([x, self.model(x)], 1)


class AuthorsUnet(nn.Module):
    """The U-Net generator of `levels` downsamplings, 5 or more."""

    def __init__(self, width: int, levels: int, norm: str = "batch") -> None:
        super().__init__()
        wide = 8 * width
        block = Skip(wide, wide, None, norm)
        for _ in range(levels - 5):
            block = Skip(wide, wide, block, norm, dropout=True)
        for outer in (4 * width, 2 * width, width):
            block = Skip(outer, 2 * outer, block, norm)
        self.model = Skip(3, width, block, norm, outermost=3)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


def old_instance_norms(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Add the statistics that instance norm had before PyTorch 0.4.1, next to each convolution."""
    added = dict(tensors)
    for key, tensor in tensors.items():
        head, _, name = key.rpartition(".")
        if name == "bias" and not head.endswith((".23", ".26")):  # the last layer has no norm
            place, _, number = head.rpartition(".")
            norm = f"{place}.{int(number) + 1}"
            added |= {f"{norm}.running_mean": tensor.clone(), f"{norm}.running_var": tensor.abs()}
    return added
