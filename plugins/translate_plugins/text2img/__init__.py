"""Text to image: generate images from captions."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Captioned, ImageSpec
from translate.errors import ConfigError
from translate.losses import auc, is_relativistic
from translate.nn.init import init_normal_
from translate.nn.latents import Prior
from translate.recipe import Recipe, Turn, adam
from translate.registry import PartConfig, create_discriminator, create_generator, create_loss
from translate.remedies import Remedy
from translate_plugins.text2img.text_encoder import TextEncoder


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"text2img": TextToImage}


class TextToImage(Recipe[Captioned]):
    """Text to image (Reed et al., 2016, GAN-CLS).

    Algorithm 1 (GAN-CLS): the discriminator learns that a real image with its text is real, and
    that a real image with another text and a generated image are not. Departs: the text encoder is
    a bag of words, trained with the discriminator instead of beforehand; a score is the
    discriminator's score of the image plus the product of the text code and the image code
    (projection discriminator; Miyato and Koyama, 2018, equation 4), so any discriminator fits.
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
            PartConfig, "generator, from latent vectors and text codes to images"
        ] = "dcgan",
        discriminator: Annotated[PartConfig, "discriminator of images alone"] = "dcgan",
        image_encoder: Annotated[
            PartConfig, "encoder, from images to codes that are multiplied with text codes"
        ] = "dcgan-encoder",
        adversarial: Annotated[PartConfig, "adversarial loss"] = "vanilla",
        latent_dim: Annotated[
            int, Field(gt=0), "number of latent variables besides the text code"
        ] = 100,
        prior: Annotated[
            Literal["normal", "uniform", "sphere"], "prior distribution of the latent vector"
        ] = "normal",
        text_dim: Annotated[int, Field(gt=0), "dimension of the text code"] = 128,
        mode_seeking_weight: Annotated[
            float,
            "weight of the mode-seeking loss; increases diversity for one text",
            Remedy("mode collapse", 1.0),
        ] = 0.0,
        lr_generator: Annotated[float, Field(ge=0), "learning rate of the generator"] = 2e-4,
        lr_discriminator: Annotated[
            float, "learning rate of discriminator, image encoder and text encoder"
        ] = 2e-4,
    ) -> None:
        super().__init__()
        if not spec.text_length:
            raise ConfigError(
                "data.layout: text2img needs a caption for each image: choose captioned, "
                "which reads captions.jsonl next to the images."
            )
        channels, size = spec.target.channels, spec.size
        self.text_encoder = TextEncoder(text_dim)
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
        networks = self.discriminator, self.image_encoder, self.text_encoder
        return {
            "discriminator": adam(*networks, lr=self.lr_discriminator),
            "generator": adam(self.generator, lr=self.lr_generator),
        }

    def step(self, batch: Captioned) -> Iterator[Turn]:
        images, text = batch
        code, loss = self.text_encoder(text), self.adversarial.for_discriminator
        latents, other_latents = (self.latents(len(text)).to(images.device) for _ in range(2))
        fake = self.generate(latents, code.detach())
        real, wrong = self.scores(images, code, code.roll(1, 0))
        (fake_scores,) = self.scores(fake.detach(), code)
        # an equal text is not wrong: the generated image takes its place
        differs = (text != text.roll(1, 0)).any(dim=1)
        wrong = [
            torch.where(_broadcast_to(w, differs), w, u)
            for w, u in zip(wrong, fake_scores, strict=True)
        ]
        yield Turn(
            "discriminator", gan=0.5 * loss(real, fake_scores), text=0.5 * loss(real, wrong)
        ).log(auc=auc(real, fake_scores))

        code = code.detach()
        (fake_scores,) = self.scores(fake, code)
        losses = {
            "gan": self.adversarial.for_generator(fake_scores, self.real_scores(images, code))
        }
        if self.mode_seeking_weight:
            other = self.generate(other_latents, code)
            losses["mode_seeking"] = self.mode_seeking_weight * mode_seeking_loss(
                fake, other, latents, other_latents
            )
        yield Turn("generator", **losses)

    def scores(self, images: Tensor, *codes: Tensor) -> list[list[Tensor]]:
        """Return the logits of `images` with each of several text codes, as lists of scales."""
        alone, image_code = self.discriminator(images), self.image_encoder(images)
        scales = [alone] if isinstance(alone, Tensor) else alone
        products = [(image_code * code).sum(dim=(1, 2, 3)) for code in codes]
        return [[scale + _broadcast_to(scale, product) for scale in scales] for product in products]

    @torch.no_grad()
    def real_scores(self, images: Tensor, code: Tensor) -> list[Tensor] | None:
        """Return the logits of real `images` where the generator's loss needs them."""
        return self.scores(images, code)[0] if is_relativistic(self.adversarial) else None

    def generate(self, latents: Tensor, code: Tensor) -> Tensor:
        """Return images (N, C, H, W) of latent vectors and text codes, (N, dim, 1, 1) both."""
        return self.generator(torch.cat([latents, code], dim=1))

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is None:
            raise ConfigError('text: this model needs a text: --text "..."')
        return self.generate(latents, self.text_encoder(condition))

    def preview(self, batch: Captioned) -> dict[str, Tensor]:
        one, other = (self.latents(len(batch.text)).to(batch.images.device) for _ in range(2))
        return {
            "real": batch.images,
            "samples": self.draw(one, batch.text),
            "other samples": self.draw(other, batch.text),
            "samples of one text": self.draw(one, batch.text[:1].expand_as(batch.text)),
        }


def mode_seeking_loss(one: Tensor, other: Tensor, latents: Tensor, other_latents: Tensor) -> Tensor:
    """Return (N,), the mode-seeking loss of pairs of images with one text.

    The distance of the latent vectors divided by that of the images (Mao et al., 2019, section 3.2,
    inverted as in the authors' code); distances are mean absolute differences.
    """
    distance = (one - other).abs().mean(dim=(1, 2, 3))
    return (latents - other_latents).abs().mean(dim=(1, 2, 3)) / (distance + 1e-5)


def _broadcast_to(scores: Tensor, values: Tensor) -> Tensor:
    """Return `values`, (N,), with as many dimensions as `scores`."""
    return values.view(-1, *[1] * (scores.dim() - 1))
