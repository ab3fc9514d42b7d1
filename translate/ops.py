"""Operations that several recipes share."""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from translate.errors import ConfigError, suggest


def init_normal_(module: nn.Module, std: float = 0.02) -> None:
    """Draw convolution and linear weights from N(0, std), norm weights from N(1, std); zero biases.

    The initialisation of DCGAN (Radford et al., 2016, section 4), pix2pix and CycleGAN.
    """
    _init_(module, lambda weight: nn.init.normal_(weight, 0.0, std), std)


def init_xavier_(module: nn.Module, gain: float = 0.02) -> None:
    """Draw convolution and linear weights by their number of inputs and outputs; zero biases.

    The initialisation of CUT's code: ``N(0, gain * sqrt(2 / (inputs + outputs)))`` (Glorot and
    Bengio, 2010, equation 16), and norm weights from N(1, gain).
    """
    _init_(module, lambda weight: nn.init.xavier_normal_(weight, gain), gain)


def _init_(module: nn.Module, draw_: Callable[[Tensor], Tensor], std: float) -> None:
    kernels = (nn.Linear, nn.modules.conv._ConvNd)
    norms = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm)
    for child in module.modules():
        if isinstance(child, (*kernels, *norms)):
            if isinstance(child, kernels):
                draw_(child.weight)
            elif child.weight is not None:
                nn.init.normal_(child.weight, 1.0, std)
            if child.bias is not None:
                nn.init.zeros_(child.bias)


@torch.no_grad()
def clip_weights_(network: nn.Module, bound: float) -> None:
    """Bring every weight into [-bound, bound], after each turn of a critic (Arjovsky et al., 2017).

    Algorithm 1, line 7: it keeps the critic's slope bounded, if not at 1.
    """
    for parameter in network.parameters():
        parameter.clamp_(-bound, bound)


class ImagePool(nn.Module):
    """A history of generated images, from which a discriminator is shown half of its fakes.

    Shrivastava et al. (2017), section 2.3, as CycleGAN has it: the pool fills first; then each
    image is, with probability one half, exchanged for a random one of the pool. Draws come from
    the global generator, which the checkpoint holds. ``size=0`` returns what it is given.
    """

    def __init__(self, size: int = 50) -> None:
        super().__init__()
        self.size = size
        self.images = torch.empty(0)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """Return as many (channels, height, width) images as given, without gradient."""
        return torch.stack([self._exchange(image) for image in images.detach()])

    def _exchange(self, image: Tensor) -> Tensor:
        if len(self.images) and self.images.shape[1:] != image.shape:
            self.images = torch.empty(0)  # a fork trains on crops of another size
        if len(self.images) > self.size:
            self.images = self.images[: self.size]  # or with a smaller pool
        if len(self.images) < self.size:
            before = self.images.to(image) if len(self.images) else image.new_empty(0, *image.shape)
            self.images = torch.cat([before, image[None]])
            return image
        if not self.size or torch.rand(()) < 0.5:
            return image
        self.images = self.images.to(image)  # a resumed pool comes from the disk, on the CPU
        chosen = int(torch.randint(self.size, ()))
        old = self.images[chosen].clone()
        self.images[chosen] = image
        return old


class Progressive(nn.Module):
    """A part whose strength changes over training, such as instance noise that decays."""

    progress: float = 0.0
    """The share of training that is done, from 0 to 1; the engine sets it before each step."""


@contextmanager
def unchanged_buffers(module: nn.Module) -> Iterator[None]:
    """Put the buffers of `module` back afterwards: running statistics, spectral norm, pools."""
    kept = [(owner, name, buffer, buffer.clone()) for owner, name, buffer in _buffers(module)]
    try:
        yield
    finally:
        for owner, name, buffer, value in kept:
            buffer.copy_(value)
            setattr(owner, name, buffer)


def _buffers(module: nn.Module) -> Iterator[tuple[nn.Module, str, Tensor]]:
    for owner in module.modules():
        for name, buffer in owner.named_buffers(recurse=False):
            yield owner, name, buffer


@contextmanager
def mode(module: nn.Module, *, training: bool) -> Iterator[None]:
    """Switch every part of `module` to training or evaluation, and back to what each was."""
    before = [(child, child.training) for child in module.modules()]
    module.train(training)
    try:
        yield
    finally:
        for child, was in before:
            child.training = was


_global_generators = RLock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from generators started at `seed`, and put the global ones back.

    They belong to the whole process: one thread at a time may be in such a block.
    """
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with _global_generators, torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield


def required_sides(*networks: nn.Module) -> tuple[int, int]:
    """Return what the sides of an image must divide by and be at least, to suit all `networks`.

    A network says so with attributes ``multiple_of`` and ``minimum_side``; one without takes any.
    """
    multiples = [int(getattr(network, "multiple_of", 1)) for network in networks]
    return math.lcm(*multiples), max(int(getattr(n, "minimum_side", 1)) for n in networks)


def expect_scale(generator: nn.Module, scale: int) -> None:
    """Raise `ConfigError` where `generator` does not enlarge `scale` times: its ``scale``, or 1."""
    if (grows := getattr(generator, "scale", 1)) != scale:
        raise ConfigError(
            f"generator: {type(generator).__name__} makes sides {grows} times as long, not {scale}:"
            " choose one that can, such as srresnet, whose scale a recipe sets."
        )


def mixes_images(network: nn.Module) -> bool:
    """Return whether what `network` makes of an image depends on the others of its batch.

    Batch norm does that; other parts say so with an attribute ``mixes_images``.
    """
    return any(
        isinstance(part, nn.modules.batchnorm._BatchNorm) or getattr(part, "mixes_images", False)
        for part in network.modules()
    )


def in_one_pass(network: nn.Module, *images: Tensor) -> tuple[Any, ...]:
    """Return what `network` makes of each of `images`, in one pass where that is the same.

    That is a tensor, or several, such as a discriminator's of several scales. Where the network
    mixes images, they would share their statistics, so each goes alone.
    """
    if mixes_images(network):
        return tuple(network(image) for image in images)
    made, counts = network(torch.cat(images)), [len(image) for image in images]
    if isinstance(made, Tensor):
        return made.split(counts)
    return tuple(map(list, zip(*(part.split(counts) for part in made), strict=True)))


def latent(
    kind: str, count: int, channels: int, generator: torch.Generator | None = None
) -> Tensor:
    """Return `count` draws of noise, (count, channels, 1, 1), on the CPU.

    ``normal`` is N(0, 1), ``uniform`` U(-1, 1) as in DCGAN (Radford et al., 2016, section 4), and
    ``sphere`` is normal, scaled to the length sqrt(channels) that normal noise has on average.
    """
    if kind not in LATENTS:
        raise ConfigError(f"latent: there is no {kind!r}.{suggest(kind, LATENTS)}")
    shape = (count, channels, 1, 1)
    if kind == "uniform":
        return torch.rand(shape, generator=generator) * 2 - 1
    drawn = torch.randn(shape, generator=generator)
    return drawn if kind == "normal" else F.normalize(drawn) * math.sqrt(channels)


LATENTS = ("normal", "uniform", "sphere")
"""The distributions that `latent` draws from."""


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Return (N, classes, 1, 1): 1.0 in the channel of each label, 0.0 elsewhere."""
    return F.one_hot(labels.long(), classes)[:, :, None, None].float()


def with_labels(images: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Return `images` with a plane behind their channels for each class: 1 for theirs, else 0.

    Mirza and Osindero (2014), as convolutions need it; noise (N, C, 1, 1) is an image, too.
    """
    planes = one_hot(labels, classes).to(images)
    return torch.cat([images, planes.expand(-1, -1, *images.shape[2:])], dim=1)


def features_of(
    network: nn.Module, option: str = "discriminator", such_as: str = "mlp, patch"
) -> Callable[[Tensor], list[Tensor]]:
    """Return the method of `network` that shows what it sees in images, layer by layer."""
    look = getattr(network, "features", None)
    if not callable(look):
        raise ConfigError(
            f"{option}: {type(network).__name__} shows no features, which this method looks "
            f"at: choose {such_as}, or another that has features(images)."
        )
    return look


def output_and_features(network: nn.Module, images: Tensor) -> tuple[Any, list[Tensor]]:
    """Return what `network` makes of `images`, and its features of them.

    One that has a method ``output_and_features(images)`` gives both in one pass.
    """
    both = getattr(network, "output_and_features", None)
    if callable(both):
        return both(images)
    return network(images), features_of(network)(images)


def feature_distance(real: Sequence[Tensor], fake: Sequence[Tensor]) -> Tensor:
    """Return the squared distance of the means of two batches, summed over lists of features.

    Feature matching (Salimans et al., 2016, section 3.1). Of each feature, (N, ...), the mean over
    the batch is taken; the distance is a mean over its entries, so that no layer outweighs others.
    """
    distances = [
        (precise(one).mean(dim=0) - precise(other).mean(dim=0)).square().mean()
        for one, other in zip(real, fake, strict=True)
    ]
    return torch.stack(distances).sum()


def precise(values: Tensor) -> Tensor:
    """Return at least float32: squares and small differences are lost in bf16."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def interpolate(start: Tensor, end: Tensor, count: int) -> Tensor:
    """Return `count` vectors, (count, *shape), on the way from `start` to `end`, both included.

    They turn by equal angles, and their lengths go evenly from the one's to the other's: a straight
    line between two draws of high dimension would lead through lengths that no draw has (White,
    2016, section 2).
    """
    one, other = start.flatten(), end.flatten()
    cosine = torch.dot(one, other) / (one.norm() * other.norm())
    angle = torch.arccos(cosine.clamp(-1, 1))
    share = torch.linspace(0, 1, count, device=start.device)[:, None]
    length = torch.lerp(one.norm(), other.norm(), share)
    if angle.sin().abs() < 1e-4:  # along one line there is no angle
        return torch.lerp(one, other, share).unflatten(1, start.shape)
    direction = torch.sin((1 - share) * angle) * one / one.norm()
    direction = direction + torch.sin(share * angle) * other / other.norm()
    return (length * direction / angle.sin()).unflatten(1, start.shape)


def at_size(size: tuple[int, int], network: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Return what `network`, which takes images of `size` alone, makes of `images` of any size.

    Larger ones are shrunk until they fit, antialiased, and what comes is enlarged again; sides that
    are then too short repeat their edge on the right and at the bottom, which is cut off again.
    """
    height, width = images.shape[-2:]
    share = min(1.0, size[0] / height, size[1] / width)
    rows, columns = max(1, round(height * share)), max(1, round(width * share))
    if share < 1:
        images = F.interpolate(images, (rows, columns), mode="bilinear", antialias=True)
    missing = (0, size[1] - columns, 0, size[0] - rows)
    padded = F.pad(images, missing, mode="replicate")
    drawn = network(padded)[..., :rows, :columns]
    if share == 1:
        return drawn
    return F.interpolate(drawn, (height, width), mode="bicubic").clamp(-1, 1)
