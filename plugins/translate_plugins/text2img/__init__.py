"""Text to image: draw what a sentence says."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Captioned, ImageSpec
from translate.errors import ConfigError
from translate.losses import is_relativistic
from translate.nn.init import init_normal_
from translate.nn.latents import Prior
from translate.recipe import Recipe, Turn, adam
from translate.registry import Part, create_discriminator, create_generator, create_loss
from translate_plugins.text2img.words import Words


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"text2img": TextToImage}


class TextToImage(Recipe[Captioned]):
    """Text to image (Reed et al., 2016, GAN-CLS).

    Reed et al. (2016), algorithm 1 (GAN-CLS): of real image, real image with a wrong text, and
    generated image, only the first counts as real. Their text encoder was trained beforehand and
    joined the discriminator's last features; here a bag of words is trained with it, and a score
    is what the image alone says, plus the product of two codes, the text's and one that `matcher`
    makes of the image (Miyato and Koyama, 2018, equation 4), so any discriminator will do.
    """

    defaults = {
        "data": {"layout": "captioned", "size": 64, "resize": "fit", "flip": False},
        "train": {"epochs": 600, "batch_size": 64},
    }

    def __init__(
        self,
        spec: ImageSpec,
        *,
        generator: Annotated[
            Part, "generator, from latent vectors and text codes to images"
        ] = "dcgan",
        discriminator: Annotated[Part, "discriminator of images alone"] = "dcgan",
        image_encoder: Annotated[
            Part, "encoder, from images to codes that are multiplied with text codes"
        ] = "dcgan-encoder",
        adversarial: Annotated[Part, "adversarial loss"] = "vanilla",
        latent_dim: Annotated[
            int, Field(gt=0), "number of latent variables besides the text code"
        ] = 100,
        prior: Annotated[
            Literal["normal", "uniform", "sphere"], "prior distribution of the latent vector"
        ] = "normal",
        text_dim: Annotated[int, Field(gt=0), "dimension of the text code"] = 128,
        mode_seeking_weight: Annotated[
            float, "weight of the mode-seeking loss; increases diversity for one text"
        ] = 0.0,
        lr_generator: Annotated[float, Field(ge=0), "learning rate of the generator"] = 2e-4,
        lr_discriminator: Annotated[
            float, "learning rate of discriminator, image encoder and text encoder"
        ] = 2e-4,
    ) -> None:
        super().__init__()
        if not spec.text_length:
            raise ConfigError(
                "data.layout: text2img needs to know what each image shows: choose captioned, "
                "which reads captions.jsonl beside the images."
            )
        channels, size = spec.target.channels, spec.size
        self.text_encoder = Words(text_dim)
        self.generator = create_generator(
            generator, in_channels=latent_dim + text_dim, out_channels=channels, size=size
        )
        self.discriminator = create_discriminator(discriminator, in_channels=channels, size=size)
        self.image_encoder = create_generator(
            image_encoder, in_channels=channels, out_channels=text_dim, size=size
        )
        init_normal_(self)
        self.adversarial, self.mode_seeking_weight = create_loss(adversarial), mode_seeking_weight
        self.prior = Prior(prior, dim=latent_dim)
        self.lr_generator, self.lr_discriminator = lr_generator, lr_discriminator

    def optimizers(self) -> dict[str, Optimizer]:
        judges = self.discriminator, self.image_encoder, self.text_encoder
        return {
            "discriminator": adam(*judges, lr=self.lr_discriminator),
            "generator": adam(self.generator, lr=self.lr_generator),
        }

    def step(self, batch: Captioned) -> Iterator[Turn]:
        images, text = batch
        code, versus = self.text_encoder(text), self.adversarial.for_discriminator
        noise, other_noise = (self.latents(len(text)).to(images.device) for _ in range(2))
        fake = self.paint(noise, code.detach())
        real, wrong = self.judge(images, code, code.roll(1, 0))
        (unreal,) = self.judge(fake.detach(), code)
        # where the other text is the same it is not wrong: the generated image counts once more
        differs = (text != text.roll(1, 0)).any(dim=1)
        wrong = [torch.where(_beside(w, differs), w, u) for w, u in zip(wrong, unreal, strict=True)]
        yield Turn("discriminator", gan=0.5 * versus(real, unreal), text=0.5 * versus(real, wrong))

        code = code.detach()
        (unreal,) = self.judge(fake, code)
        losses = {"gan": self.adversarial.for_generator(unreal, self.real_scores(images, code))}
        if self.mode_seeking_weight:
            other = self.paint(other_noise, code)
            losses["diversity"] = self.mode_seeking_weight * sameness(
                fake, other, noise, other_noise
            )
        yield Turn("generator", **losses)

    def judge(self, images: Tensor, *codes: Tensor) -> list[list[Tensor]]:
        """Return logits of `images` being real and what each of `codes` says: a list of scales."""
        alone, seen = self.discriminator(images), self.image_encoder(images)
        scales = [alone] if isinstance(alone, Tensor) else alone
        products = [(seen * code).sum(dim=(1, 2, 3)) for code in codes]
        return [[scale + _beside(scale, product) for scale in scales] for product in products]

    @torch.no_grad()
    def real_scores(self, images: Tensor, code: Tensor) -> list[Tensor] | None:
        """Return the logits of real `images` where the generator's loss needs them."""
        return self.judge(images, code)[0] if is_relativistic(self.adversarial) else None

    def paint(self, noise: Tensor, code: Tensor) -> Tensor:
        """Return images (N, C, H, W) of noise (N, latent, 1, 1) and codes of texts."""
        return self.generator(torch.cat([noise, code], dim=1))

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is None:
            raise ConfigError('text: this model draws what it is told: --text "..."')
        return self.paint(latents, self.text_encoder(condition))

    def preview(self, batch: Captioned) -> dict[str, Tensor]:
        one, other = (self.latents(len(batch.text)).to(batch.images.device) for _ in range(2))
        return {
            "real": batch.images,
            "samples": self.draw(one, batch.text),
            "other samples": self.draw(other, batch.text),
        }


def sameness(one: Tensor, other: Tensor, noise: Tensor, other_noise: Tensor) -> Tensor:
    """Return how far apart two noises are, divided by how far apart what they became: (N,).

    The mode seeking loss (Mao et al., 2019, section 3.2, as their code inverts it): distances are
    mean absolute differences, and the images of each pair have one text.
    """
    apart = (one - other).abs().mean(dim=(1, 2, 3))
    return (noise - other_noise).abs().mean(dim=(1, 2, 3)) / (apart + 1e-5)


def _beside(scores: Tensor, one_each: Tensor) -> Tensor:
    """Return `one_each`, (N,), with as many dimensions as `scores` have."""
    return one_each.view(-1, *[1] * (scores.dim() - 1))
