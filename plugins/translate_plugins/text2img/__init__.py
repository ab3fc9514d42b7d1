"""Text to image: generate images from captions."""

from collections.abc import Iterator, Mapping
from typing import Annotated

import torch
from pydantic import NonNegativeFloat, PositiveInt
from torch import Tensor
from torch.optim import Optimizer

from translate import hookimpl
from translate.batches import Captioned, ImageSpec
from translate.errors import ConfigError
from translate.losses import auc, is_relativistic
from translate.nn.init import init_normal_
from translate.nn.latents import Prior, PriorName
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
    that a real image with another text and a generated image are not. Unlike the paper: the text
    encoder is a bag of words, trained with the discriminator instead of beforehand; a score is the
    discriminator's score of the image plus the dot product of text code and image code (projection
    discriminator; Miyato and Koyama, 2018, equation 4), so any discriminator fits.
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
            PositiveInt, "number of latent variables in addition to the text code"
        ] = 100,
        prior: Annotated[PriorName, "prior distribution of the latent vector"] = "normal",
        text_dim: Annotated[PositiveInt, "dimension of the text code"] = 128,
        mode_seeking_weight: Annotated[
            float,
            "weight of the mode-seeking loss; increases diversity for one text",
            Remedy("mode collapse", 1.0),
        ] = 0.0,
        lr_generator: Annotated[NonNegativeFloat, "learning rate of the generator"] = 2e-4,
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
        code, discriminator_loss = self.text_encoder(text), self.adversarial.for_discriminator
        latents, other_latents = (self.latents(len(text)).to(images.device) for _ in range(2))
        fake = self.generate(latents, code.detach())
        real_scores, mismatch_scores = self.scores(images, code, code.roll(1, dims=0))
        (fake_scores,) = self.scores(fake.detach(), code)
        # if the neighbour's text is equal there is no mismatch: take the generated image instead
        texts_differ = (text != text.roll(1, dims=0)).any(dim=1)
        mismatch_scores = [
            torch.where(_expand_dims(texts_differ, mismatch.dim()), mismatch, generated)
            for mismatch, generated in zip(mismatch_scores, fake_scores, strict=True)
        ]
        yield Turn(
            "discriminator",
            gan=0.5 * discriminator_loss(real_scores, fake_scores),
            text=0.5 * discriminator_loss(real_scores, mismatch_scores),
        ).log(auc=auc(real_scores, fake_scores))

        code = code.detach()
        (fake_scores,) = self.scores(fake, code)
        losses = {
            "gan": self.adversarial.for_generator(fake_scores, self.real_scores(images, code))
        }
        if self.mode_seeking_weight:
            other_fake = self.generate(other_latents, code)
            losses["mode_seeking"] = self.mode_seeking_weight * mode_seeking_loss(
                fake, other_fake, latents, other_latents
            )
        yield Turn("generator", **losses)

    def scores(self, images: Tensor, *codes: Tensor) -> list[list[Tensor]]:
        """Return the logits of `images` for each of `codes`: a list with a tensor per scale.

        Multi-scale discriminators have several scales, others have one.
        """
        logits, image_code = self.discriminator(images), self.image_encoder(images)
        scales = [logits] if isinstance(logits, Tensor) else logits
        products = [(image_code * code).sum(dim=(1, 2, 3)) for code in codes]
        return [
            [scale + _expand_dims(product, scale.dim()) for scale in scales] for product in products
        ]

    @torch.no_grad()
    def real_scores(self, images: Tensor, code: Tensor) -> list[Tensor] | None:
        """Return the logits of real `images` if the generator's loss is relativistic, or None."""
        return self.scores(images, code)[0] if is_relativistic(self.adversarial) else None

    def generate(self, latents: Tensor, code: Tensor) -> Tensor:
        """Return images (N, C, H, W) of latent vectors and text codes, both (N, dim, 1, 1)."""
        return self.generator(torch.cat([latents, code], dim=1))

    def draw(self, latents: Tensor, condition: Tensor | None = None) -> Tensor:
        if condition is None:
            raise ConfigError('text: this model needs a text: --text "..."')
        return self.generate(latents, self.text_encoder(condition))

    def preview(self, batch: Captioned) -> dict[str, Tensor]:
        latents, other_latents = (
            self.latents(len(batch.text)).to(batch.images.device) for _ in range(2)
        )
        return {
            "real": batch.images,
            "samples": self.draw(latents, batch.text),
            "other samples": self.draw(other_latents, batch.text),
            "samples of one text": self.draw(latents, batch.text[:1].expand_as(batch.text)),
        }


def mode_seeking_loss(
    images: Tensor, other_images: Tensor, latents: Tensor, other_latents: Tensor
) -> Tensor:
    """Return (N,), the mode-seeking loss of pairs of images with the same text.

    The loss is the distance of the latent vectors divided by the distance of the images (Mao et
    al., 2019, section 3.2, inverted as in the authors' code). Distances are mean absolute
    differences; both images are (N, C, H, W), latent vectors (N, dim, 1, 1).
    """
    distance = (images - other_images).abs().mean(dim=(1, 2, 3))
    return (latents - other_latents).abs().mean(dim=(1, 2, 3)) / (distance + 1e-5)


def _expand_dims(values: Tensor, dims: int) -> Tensor:
    """Return `values`, (N,), as (N, 1, ...) of `dims` dimensions."""
    return values.view(-1, *[1] * (dims - 1))
