"""Translate a folder of images in a plain loop, as test.py of pytorch-CycleGAN-and-pix2pix.

python benchmarks/plain_loop.py WEIGHTS IMAGES OUT [--width 8] [--outputs-only] [--device cuda]

`benchmarks/folder.py` runs it as a process of its own, so it imports nothing of this project.
Pillow decodes, torchvision converts and normalises, the network runs without gradients on one image
at a time, and Pillow writes PNG files at its default level: the input and the output of each image.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torchvision import transforms


class ResidualBlock(nn.Module):
    """Two convolutions and their input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
            nn.ReLU(True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv_block(x)


class Generator(nn.Module):
    """The ResNet of nine blocks, with the keys of published checkpoints."""

    def __init__(self, width: int) -> None:
        super().__init__()
        layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, width, 7), nn.InstanceNorm2d(width)]
        layers += [nn.ReLU(True)]
        for _ in range(2):
            layers += [nn.Conv2d(width, 2 * width, 3, stride=2, padding=1)]
            width *= 2
            layers += [nn.InstanceNorm2d(width), nn.ReLU(True)]
        layers += [ResidualBlock(width) for _ in range(9)]
        for _ in range(2):
            layers += [
                nn.ConvTranspose2d(width, width // 2, 3, stride=2, padding=1, output_padding=1)
            ]
            width //= 2
            layers += [nn.InstanceNorm2d(width), nn.ReLU(True)]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, 3, 7), nn.Tanh()]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


def main() -> None:
    """Translate each image of a folder."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("weights", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--outputs-only", action="store_true", help="do not write the inputs")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    network = Generator(args.width)
    network.load_state_dict(torch.load(args.weights, weights_only=True))
    network.to(args.device)
    normalize = transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    transform = transforms.Compose([transforms.ToTensor(), normalize])
    args.out.mkdir(parents=True)
    for path in sorted(args.images.iterdir()):
        image = transform(Image.open(path).convert("RGB"))[None]
        with torch.no_grad():
            output = network(image.to(args.device))
        if not args.outputs_only:
            Image.fromarray(to_pixels(image)).save(args.out / f"{path.stem}_real.png")
        Image.fromarray(to_pixels(output)).save(args.out / f"{path.stem}.png")


def to_pixels(images: Tensor) -> NDArray[np.uint8]:
    """Return the first of `images` as (H, W, 3) uint8."""
    values = images[0].cpu().float().numpy().transpose(1, 2, 0)
    return ((values + 1) / 2 * 255.0).astype(np.uint8)


if __name__ == "__main__":
    main()
