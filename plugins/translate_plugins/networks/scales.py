"""Multi-scale discriminator: several discriminators, each at half the previous resolution."""

from collections.abc import Iterator
from itertools import chain
from typing import Annotated

from torch import Tensor, nn

from translate.errors import ConfigError
from translate.nn.features import features_of, output_and_features
from translate.nn.geometry import Geometry, combine_geometries, geometry_of
from translate.registry import DiscriminatorConfig, create_discriminator
from translate_plugins.networks.sizes import halve_sides


class ScalesDiscriminator(nn.Module):
    """Multi-scale discriminator: one discriminator for each of several image sizes.

    Wang et al. (2018), section 3.3: the network of the smallest images has the largest receptive
    field and enforces global consistency; the network of the largest images enforces fine detail.
    """

    def __init__(
        self,
        in_channels: int,
        *,
        of: Annotated[DiscriminatorConfig, "discriminator of each scale"] = "patch",
        count: Annotated[int, "number of scales: 2, or 3 for images of 1024 pixels"] = 2,
        size: Annotated[tuple[int, int], "height and width of a training crop"] = (256, 256),
    ) -> None:
        super().__init__()
        if count < 1:
            raise ConfigError(f"count: expected 1 scale or more, got {count}.")
        height, width = size
        self.networks = nn.ModuleList()
        for _ in range(count):
            self.networks.append(
                create_discriminator(of, in_channels=in_channels, size=(height, width))
            )
            height, width = (height + 1) // 2, (width + 1) // 2
        geometry = combine_geometries(*map(geometry_of, self.networks))
        factor = 2 ** (count - 1)  # between the largest and the smallest images
        self.geometry = Geometry(
            multiple_of=geometry.multiple_of * factor if geometry.multiple_of > 1 else 1,
            minimum=(geometry.minimum - 1) * factor + 1,  # halved sides are rounded up
            scale=0,
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        return [network(images) for network, images in self._networks_with_images(x)]

    def features(self, x: Tensor) -> list[Tensor]:
        """Return the features of all scales, from the full to the lowest resolution."""
        return [
            feature
            for network, images in self._networks_with_images(x)
            for feature in features_of(network)(images)
        ]

    def output_and_features(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return scores and features in one forward pass."""
        results = [
            output_and_features(network, images)
            for network, images in self._networks_with_images(x)
        ]
        scores, features = zip(*results, strict=True)
        return [*scores], [*chain(*features)]

    def _networks_with_images(self, x: Tensor) -> Iterator[tuple[nn.Module, Tensor]]:
        """Yield each network with `x` at the resolution of this network."""
        for number, network in enumerate(self.networks):
            x = halve_sides(x) if number else x
            yield network, x
