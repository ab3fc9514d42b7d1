"""A metric of your own: how much of an image has the colour of snow."""

from translate import hookimpl
from translate.metrics import Metric, MetricValue


@hookimpl
def register_metrics():
    return {"snow": Snow}


class Snow(Metric):
    """Difference between fake and real images in snow cover, the fraction of bright gray pixels."""

    needs = frozenset({"fake", "real"})
    values = {"snow": MetricValue("min")}

    def __init__(self, *, domain, level=0.7):
        low, high = domain.range
        self.min_brightness = low + level * (high - low)
        self.max_colour = 0.15 * (high - low)
        self.level = level

    def cover(self, images):
        colour = images.amax(1) - images.amin(1)
        is_snow = (images.mean(1) >= self.min_brightness) & (colour <= self.max_colour)
        return is_snow.float().mean((1, 2))

    def update(self, batch):
        for name in ("fake", "real"):
            if name in batch:
                self.add(name, cover=self.cover(batch[name]))

    def compute(self):
        fake, real = self.rows("fake", "cover"), self.rows("real", "cover")
        return {"snow": abs(float(fake.mean() - real.mean()))}

    def protocol(self):
        return {"snow": f"level from {self.level:g} of the range, colour within 0.15 of it"}
