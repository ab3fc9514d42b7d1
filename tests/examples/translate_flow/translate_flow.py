"""Flow matching: an image is generated in small steps from noise, conditioned on another image."""

from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import nn

from translate import hookimpl
from translate.nn.geometry import Geometry
from translate.nn.noise import Noise
from translate.recipe import Recipe, Turn, adam


@hookimpl
def register_recipes():
    return {"flow": FlowMatching}


class Velocity(nn.Module):
    """A small network that predicts the velocity from noise to an image.

    The input is the condition, the point on the path, and the time (N,) in [0, 1] as a plane.
    """

    geometry = Geometry(multiple_of=2)

    def __init__(self, condition_channels, channels, width):
        super().__init__()
        self.down = nn.Conv2d(condition_channels + channels + 1, width, 4, stride=2, padding=1)
        self.middle = nn.Sequential(
            nn.SiLU(), nn.Conv2d(width, width, 3, padding=1), nn.SiLU(),
            nn.ConvTranspose2d(width, width, 4, stride=2, padding=1), nn.SiLU(),
        )  # fmt: skip
        self.up = nn.Conv2d(width + channels, channels, 3, padding=1)

    def forward(self, condition, image, time):
        plane = time[:, None, None, None].expand(-1, 1, *image.shape[2:])
        features = self.down(torch.cat([condition, image, plane], dim=1))
        return self.up(torch.cat([self.middle(features), image], dim=1))


class FlowMatching(Recipe):
    """Conditional flow matching along straight paths (Lipman et al., 2023, section 4.1).

    With noise x0, image x1 and time t, the network learns the velocity x1 - x0 of the path
    (1 - t) x0 + t x1. Translation integrates the velocity from t = 0 to 1 in Euler steps.
    """

    defaults = {
        "data": {"layout": "paired", "size": 64},
        "train": {"steps": 20_000, "batch_size": 16, "ema": 0.999},
    }

    def __init__(
        self,
        spec,
        *,
        width: Annotated[int, Field(ge=1), "channels of the hidden layers"] = 64,
        lr: Annotated[float, Field(ge=0), "learning rate"] = 1e-3,
    ):
        super().__init__()
        self.channels, self.lr = spec.target.channels, lr
        self.velocity = Velocity(spec.source.channels, spec.target.channels, width)

    def optimizers(self):
        return {"velocity": adam(self.velocity, lr=self.lr, betas=(0.9, 0.999))}

    def step(self, batch):
        start, end = torch.randn_like(batch.target), batch.target
        time = torch.rand(len(end), device=end.device)
        path = torch.lerp(start, end, time[:, None, None, None])
        predicted = self.velocity(batch.source, path, time)
        yield Turn("velocity", flow=F.mse_loss(predicted, end - start))

    def translate(
        self,
        images,
        *,
        to=None,
        noise=None,
        steps: Annotated[int, Field(ge=1, le=1000), "Euler steps; more are more exact"] = 20,
    ):
        noise = noise or Noise(0, [f"image {number}" for number in range(len(images))])
        x = noise.normal((len(images), self.channels, *images.shape[2:])).to(images)
        for step in range(steps):
            time = x.new_full((len(x),), step / steps)
            x = x + self.velocity(images, x, time) / steps
        return x.clamp(-1, 1)

    def preview(self, batch):
        translated = self.translate(batch.source)
        return {"source": batch.source, "translated": translated, "target": batch.target}
