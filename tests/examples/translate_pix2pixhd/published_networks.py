"""The generators of pix2pixHD's published code, with the same layers and state-dict keys."""

from functools import partial

import torch.nn.functional as F
from torch import nn

NORMS = {
    "instance": partial(nn.InstanceNorm2d, affine=False, track_running_stats=False),
    "batch": nn.BatchNorm2d,
}


def padded_conv(in_channels, out_channels, kernel):
    """Return reflection padding and a convolution, which keep height and width."""
    return [nn.ReflectionPad2d(kernel // 2), nn.Conv2d(in_channels, out_channels, kernel)]


class Block(nn.Module):
    """A residual block."""

    def __init__(self, width, norm):
        super().__init__()
        layers = [*padded_conv(width, width, 3), NORMS[norm](width), nn.ReLU(True)]
        self.conv_block = nn.Sequential(*layers, *padded_conv(width, width, 3), NORMS[norm](width))

    def forward(self, x):
        return x + self.conv_block(x)


class PublishedGlobal(nn.Module):
    """The global generator, from `inputs` channels to 3."""

    def __init__(self, width, blocks, norm="instance", *, inputs=3, downsamplings=4):
        super().__init__()
        norm_layer = NORMS[norm]
        layers = [*padded_conv(inputs, width, 7), norm_layer(width), nn.ReLU(True)]
        for _ in range(downsamplings):
            layers += [nn.Conv2d(width, 2 * width, 3, 2, 1), norm_layer(2 * width), nn.ReLU(True)]
            width *= 2
        layers += [Block(width, norm) for _ in range(blocks)]
        for _ in range(downsamplings):
            layers += [nn.ConvTranspose2d(width, width // 2, 3, 2, 1, 1), norm_layer(width // 2)]
            layers += [nn.ReLU(True)]
            width //= 2
        self.model = nn.Sequential(*layers, *padded_conv(width, 3, 7), nn.Tanh())

    def forward(self, x):
        return self.model(x)


class PublishedEnhancer(nn.Module):
    """The generator with one local enhancer."""

    def __init__(self, width, blocks, norm="instance", *, downsamplings=3):
        super().__init__()
        norm_layer, global_width = NORMS[norm], 2 * width
        generator = PublishedGlobal(global_width, blocks, norm, downsamplings=downsamplings)
        self.model = generator.model[:-3]
        self.model1_1 = nn.Sequential(
            *padded_conv(3, width, 7),
            norm_layer(width),
            nn.ReLU(True),
            nn.Conv2d(width, global_width, 3, 2, 1),
            norm_layer(global_width),
            nn.ReLU(True),
        )
        self.model1_2 = nn.Sequential(
            *(Block(global_width, norm) for _ in range(2)),
            nn.ConvTranspose2d(global_width, width, 3, 2, 1, 1),
            norm_layer(width),
            nn.ReLU(True),
            *padded_conv(width, 3, 7),
            nn.Tanh(),
        )

    def forward(self, x):
        half = F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)
        return self.model1_2(self.model1_1(x) + self.model(half))


def with_random_weights(network):
    """Return the network with random weights, biases and statistics of norms."""
    for key, tensor in network.state_dict().items():
        if tensor.ndim == 1 and tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5) if key.endswith(("weight", "var")) else tensor.normal_(0, 0.1)
    return network
