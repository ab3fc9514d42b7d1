"""StarGAN (Choi et al., 2018): one generator translates between any two of several domains."""

import torch
import torch.nn.functional as F
from torch import nn

from translate import hookimpl
from translate.batches import Labelled
from translate.losses import auc
from translate.nn.conditioning import with_labels
from translate.nn.penalties import gradient_penalty
from translate.recipe import Recipe, Turn, adam
from translate.registry import create_generator, part


@hookimpl
def register_recipes():
    return {"stargan": StarGAN}


class Critic(nn.Module):
    """Scores whether images are real, and classifies their domains (appendix 7.2)."""

    def __init__(self, channels, domains, width, layers):
        super().__init__()
        blocks = []
        for _ in range(layers):
            blocks += [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(0.01)]
            channels, width = width, 2 * width
        self.features = nn.Sequential(*blocks)
        self.score = nn.Conv2d(channels, 1, 3, padding=1, bias=False)
        self.domain = nn.Conv2d(channels, domains, 3, padding=1, bias=False)

    def forward(self, images):
        features = self.features(images)
        return self.score(features), self.domain(features).mean((2, 3))


class StarGAN(Recipe[Labelled]):
    """Adversarial, classification and cycle-consistency losses; the domain is an input."""

    defaults = {
        "data": {"layout": "domains"},
        "train": {"batch_size": 16, "steps": 200_000, "schedule": "linear", "decay_from": 0.5},
    }

    def __init__(
        self,
        spec,
        *,
        # batch norm, as instance norm would subtract the constant planes of the labels
        generator=part("resnet", width=64, blocks=6, norm="batch"),
        width=64,
        layers=6,
        classification_weight=1.0,
        cycle_weight=10.0,
        gradient_penalty_weight=10.0,
        critic_steps=5,
        lr=1e-4,
    ):
        super().__init__()
        channels, self.classes = spec.source.channels, spec.classes
        self.generator = create_generator(
            generator, in_channels=channels + len(self.classes), out_channels=channels
        )
        self.critic = Critic(channels, len(self.classes), width, layers)
        self.classification_weight, self.cycle_weight = classification_weight, cycle_weight
        self.gradient_penalty_weight = gradient_penalty_weight
        self.critic_steps, self.lr = critic_steps, lr

    def optimizers(self):
        return {
            "generator": adam(self.generator, lr=self.lr),
            "critic": adam(self.critic, lr=self.lr),
        }

    def generate(self, images, labels):
        return self.generator(with_labels(images, labels, len(self.classes)))

    def step(self, batch):
        real, labels = batch
        target = torch.randint(len(self.classes), labels.shape).to(labels)
        fake = self.generate(real, target)
        real_score, logits = self.critic(real)
        fake_score, _ = self.critic(fake.detach())
        yield Turn(
            "critic",
            adversarial=fake_score.mean() - real_score.mean(),
            penalty=self.gradient_penalty_weight
            * gradient_penalty(lambda images: self.critic(images)[0], real, fake.detach()),
            classification=self.classification_weight * F.cross_entropy(logits, labels),
        ).log(auc=auc(real_score, fake_score))
        if self.iteration % self.critic_steps:
            return
        score, logits = self.critic(fake)
        yield Turn(
            "generator",
            adversarial=-score.mean(),
            classification=self.classification_weight * F.cross_entropy(logits, target),
            cycle=self.cycle_weight * F.l1_loss(self.generate(fake, labels), real),
        )

    def targets(self, source):
        return tuple(domain for domain in self.domains if domain != source)

    def translate(self, images, *, to=None):
        label = self.domains.index(to) if to else len(self.classes) - 1
        return self.generate(images, torch.full((len(images),), label, device=images.device))

    def preview(self, batch):
        rows = {f"to {name}": self.translate(batch.images, to=name) for name in self.domains}
        return {"source": batch.images, **rows}

    def compile(self, *args, **kwargs):
        self.generator.compile(*args, **kwargs)  # not the critic: the penalty needs its gradient
