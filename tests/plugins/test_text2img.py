"""Text to image of Reed et al. (2016), against plain PyTorch, and the words of a text."""

import pytest
import torch
from specs import image_spec
from torch import Tensor, nn
from turns import advance_to_turn, cross_entropy, discriminator_loss, random_images

from translate.batches import Captioned
from translate.engine.optimization.step import take_turns
from translate.errors import ConfigError
from translate.nn.noise import temporary_seed
from translate.registry import create, find
from translate_plugins.text2img import mode_seeking_loss
from translate_plugins.text2img.text_encoder import TextEncoder, hash_words

LENGTH = 40
SPEC = image_spec((16, 16), ("summer",), text_length=LENGTH)
SMALL = {
    "generator": {"name": "dcgan", "width": 2},
    "discriminator": {"name": "dcgan", "width": 2, "norm": "none"},
    "image_encoder": {"name": "dcgan-encoder", "width": 2, "norm": "none"},
    "latent_dim": 4,
    "text_dim": 3,
}


def build(**options: object) -> nn.Module:
    with temporary_seed(0):
        recipe = create("recipe", {"name": "text2img", **SMALL, **options}, spec=SPEC).double()
        nn.init.normal_(recipe.text_encoder.table.weight)  # zeros before training
    return recipe


def text(*sentences: str, length: int = LENGTH) -> Tensor:
    padded = (sentence.encode().ljust(length, b"\0") for sentence in sentences)
    return torch.tensor([list(sentence) for sentence in padded], dtype=torch.uint8)


def batch(*sentences: str, seed: int = 1) -> Captioned:
    images = random_images(len(sentences), 3, 16, 16, seed=seed)
    return Captioned(images, text(*sentences))


def score(recipe: nn.Module, images: Tensor, code: Tensor) -> Tensor:
    """Return the score of the image plus its product with the encoded text: (N,)."""
    product = torch.einsum("nc,nc->n", recipe.image_encoder(images).flatten(1), code.flatten(1))
    return recipe.discriminator(images).flatten() + product


def generate(recipe: nn.Module, code: Tensor) -> Tensor:
    """Return the images that a step after seed 5 generates."""
    torch.manual_seed(5)
    noise = torch.randn(len(code), 4, 1, 1).double()
    return recipe.generator(torch.cat([noise, code.detach()], 1))


def test_mismatched_texts_and_generated_images_each_have_half_of_the_weight_of_fakes() -> None:
    recipe, pair = build(), batch("a lake", "two red houses", "a fir")
    code = recipe.text_encoder(pair.text)
    fake = generate(recipe, code)
    wrong_code = code[[2, 0, 1]]
    # algorithm 1 trains the text encoder, but not through the generated images
    expected = (
        cross_entropy(score(recipe, pair.images, code), real=True)
        + 0.5 * cross_entropy(score(recipe, pair.images, wrong_code), real=False)
        + 0.5 * cross_entropy(score(recipe, fake.detach(), code), real=False)
    )
    torch.manual_seed(5)
    _, turn = advance_to_turn(recipe, pair, 0)
    assert (turn.player, set(turn.losses)) == ("discriminator", {"gan", "text"})
    assert torch.allclose(turn.total, expected, rtol=1e-12)
    table = recipe.text_encoder.table.weight
    actual, expected = (torch.autograd.grad(loss, table)[0] for loss in (turn.total, expected))
    assert actual.abs().max() > 0
    assert torch.allclose(actual, expected, rtol=1e-9)


def test_an_image_with_an_equal_rolled_text_has_its_generated_image_as_fake() -> None:
    recipe, pair = build(), batch("a lake", "a lake", "a fir")  # after roll: a fir, a lake, a lake
    code = recipe.text_encoder(pair.text)
    fake = generate(recipe, code)
    fake_scores = torch.cat(
        [
            score(recipe, pair.images[:1], code[2:]),
            score(recipe, fake[1:2], code[1:2]),
            score(recipe, pair.images[2:], code[1:2]),
        ]
    )
    expected = 0.5 * discriminator_loss(score(recipe, pair.images, code), fake_scores)
    torch.manual_seed(5)
    _, turn = advance_to_turn(recipe, pair, 0)
    assert torch.allclose(turn.losses["text"], expected, rtol=1e-12)


def test_with_equal_texts_the_loss_is_that_of_a_gan() -> None:
    _, turn = advance_to_turn(build(), batch("a lake", "a lake"), 0)
    assert torch.equal(turn.losses["text"], turn.losses["gan"])


def test_the_generator_turn_does_not_train_the_text_encoder() -> None:
    recipe, pair = build(), batch("a lake", "two red houses", "a fir")
    code = recipe.text_encoder(pair.text)
    fake = generate(recipe, code)
    torch.manual_seed(5)
    step, turn = advance_to_turn(recipe, pair, 1)
    assert (turn.player, set(turn.losses)) == ("generator", {"gan"})
    expected = cross_entropy(score(recipe, fake, code), real=True)
    assert torch.allclose(turn.total, expected, rtol=1e-12)
    assert next(step, None) is None
    text_parameters = list(recipe.text_encoder.parameters())
    assert torch.autograd.grad(turn.total, text_parameters, allow_unused=True) == (None,)


def test_any_discriminator_can_be_used() -> None:
    for part in ({"name": "patch", "width": 2, "layers": 1}, {"name": "mlp", "width": 4}):
        recipe = build(discriminator=part)
        result = take_turns(recipe, batch("a lake", "two red houses"), recipe.optimizers())
        assert all(loss.isfinite() for loss in result.losses.values())


def test_the_mode_seeking_loss_is_the_distance_of_noise_over_that_of_images() -> None:
    noise, images = torch.zeros(2, 4, 1, 1), torch.zeros(2, 3, 2, 2)
    other_images = images.clone()
    other_images[0], other_images[1] = 0.5, 0.1
    result = mode_seeking_loss(images, other_images, noise, noise + 2)
    assert torch.allclose(result, torch.tensor([4.0, 20.0]), rtol=1e-3)


def test_equal_images_of_one_text_raise_the_mode_seeking_loss() -> None:
    pair = batch("a lake", "two red houses")
    _, turn = advance_to_turn(build(mode_seeking_weight=0.1), pair, 1)
    assert set(turn.losses) == {"gan", "mode_seeking"}
    assert turn.losses["mode_seeking"].min() > 0


def bag_of_words(sentence: str, length: int = LENGTH) -> list[int]:
    hashes, present = hash_words(text(sentence, length=length))
    return sorted(hashes[present].tolist())


def test_hashes_are_polynomials_of_bytes_and_of_pairs_of_words() -> None:
    a, b = ord("a"), ord("b")
    ab = a + 257 * b
    assert bag_of_words("ab a") == sorted([ab, a, 257 * ab + a + 1])


def test_padding_capitals_and_punctuation_are_ignored() -> None:
    assert bag_of_words("two red houses") == bag_of_words("Two  RED houses.", 60)
    assert bag_of_words("") == []
    with temporary_seed(0):
        encoder = TextEncoder(3)
        nn.init.normal_(encoder.table.weight)
    assert torch.equal(
        encoder(text("a lake, hills")), encoder(text("a lake, hills", length=2 * LENGTH))
    )


def test_word_order_changes_the_encoding() -> None:
    assert bag_of_words("two firs and a tree") != bag_of_words("a fir and two trees")
    assert bag_of_words("red house yellow") != bag_of_words("yellow house red")


def test_untrained_words_do_not_change_the_encoding() -> None:
    encoder = TextEncoder(3)
    assert torch.equal(encoder(text("a house")), torch.zeros(1, 3, 1, 1))
    row = int(hash_words(text("house"))[0][0, 0]) % encoder.table.num_embeddings
    with torch.no_grad():
        encoder.table.weight[row] = torch.tensor([1.0, 2.0, 3.0])
    assert torch.equal(encoder(text("house")), encoder(text("a strange house here")))
    assert torch.equal(encoder(text("house")).flatten(), encoder.scale * encoder.table.weight[row])


def test_words_may_have_letters_beyond_ascii() -> None:
    assert len(bag_of_words("måne över sjön")) == 5


def test_the_text_changes_the_image_and_its_score() -> None:
    recipe, pair = build().eval(), batch("a lake", "a lake")
    noise = recipe.latents(2, torch.Generator().manual_seed(3)).double()
    texts = pair.text, text("two red houses", "two red houses")
    with torch.no_grad():
        images, images_of_other_text = (recipe.draw(noise, text) for text in texts)
        scores, scores_of_other_text = recipe.scores(pair.images, *map(recipe.text_encoder, texts))
    assert not torch.equal(images, images_of_other_text)
    assert not torch.equal(scores[0], scores_of_other_text[0])


def test_sampling_needs_a_text() -> None:
    recipe = build()
    with pytest.raises(ConfigError, match="this model needs a text"):
        recipe.draw(recipe.latents(1))


def test_images_without_captions_are_refused() -> None:
    with pytest.raises(ConfigError, match="choose captioned"):
        create("recipe", {"name": "text2img", **SMALL}, spec=image_spec((16, 16), ("summer",)))


def test_a_preview_shows_two_samples_of_each_text() -> None:
    recipe, pair = build().eval(), batch("a lake", "two red houses")
    with torch.no_grad():
        real, *samples = recipe.preview(pair).values()
    assert torch.equal(real, pair.images)
    assert [row.shape for row in samples] == [real.shape] * 3
    assert not torch.equal(samples[0], samples[1])


def test_defaults_are_those_of_the_paper() -> None:
    defaults = find("recipe", "text2img").defaults
    assert defaults["data"]["size"] == 64
    assert defaults["train"] == {"epochs": 600, "batch_size": 64}
