"""Learn to sharpen photographs from pairs of blurred and sharp photographs."""

import torch.nn.functional as F
from kornia.filters import sobel
from torch import nn

from translate import hookimpl
from translate.recipe import Recipe, Turn, adam
from translate.registry import create_generator, create_loss


@hookimpl
def register_generators():
    return {"shallow": Shallow}


@hookimpl
def register_losses():
    return {"sobel-edge": EdgeLoss}


@hookimpl
def register_recipes():
    return {"sharpen": Sharpen}


class Shallow(nn.Module):
    """Two convolutions with a skip connection."""

    def __init__(self, in_channels, out_channels, width=32):
        super().__init__()
        self.expand = nn.Conv2d(in_channels, width, 5, padding=2)
        self.project = nn.Conv2d(width, out_channels, 3, padding=1)

    def forward(self, x):
        return x + self.project(F.relu(self.expand(x)))


class EdgeLoss(nn.Module):
    """L1 distance between the Sobel edges of output and target."""

    def forward(self, output, target):
        return F.l1_loss(sobel(output), sobel(target))


class Sharpen(Recipe):
    """A generator that minimizes the L1 distances of pixels and of edges."""

    defaults = {"data": {"layout": "paired"}, "train": {"batch_size": 4, "steps": 20_000}}

    def __init__(self, spec, *, generator="shallow", edges="sobel-edge", edge_weight=0.5, lr=1e-3):
        super().__init__()
        channels = {"in_channels": spec.source.channels, "out_channels": spec.target.channels}
        self.generator = create_generator(generator, **channels)
        self.edges, self.edge_weight, self.lr = create_loss(edges), edge_weight, lr

    def optimizers(self):
        return {"generator": adam(self.generator, lr=self.lr)}

    def step(self, batch):
        output = self.generator(batch.source)
        yield Turn(
            "generator",
            pixel=F.l1_loss(output, batch.target),
            edge=self.edge_weight * self.edges(output, batch.target),
        )

    def translate(self, images, *, to=None):
        return self.generator(images)
