"""Our loop and the textbook's do the same maths: what makes a comparison of their speed one."""

import sys
from functools import partial
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


NARROW = {
    **dict.fromkeys(["cyclegan", "pix2pix", "gan", "dcgan"], ("generator", "discriminator")),
    **dict.fromkeys(["cut", "fastcut"], ("generator", "discriminator")),
    "pix2pixhd": ("generator", "discriminator.of"),
    **dict.fromkeys(["cgan", "infogan"], ("generator", "discriminator")),
    **dict.fromkeys(["srgan", "inpaint"], ("generator", "discriminator")),
    "restore": ("generator",),
    "deblurgan": ("generator", "critic"),
    "text2img": ("generator", "discriminator", "image_encoder"),
    **dict.fromkeys(["wgan", "wgan-gp"], ("generator", "critic")),
    **dict.fromkeys(["autoencoder", "vae", "wae-mmd"], ("encoder", "decoder")),
    **dict.fromkeys(["aae", "wae-gan"], ("encoder", "decoder", "discriminator")),
}
"""the networks of each recipe, which are made narrow"""
STEPS = {"wgan": 6, "wgan-gp": 6}
"""3 for all others: these train the generator in the sixth"""


@pytest.mark.parametrize("recipe", NARROW)
def test_our_loop_moves_the_weights_as_the_textbook_does(
    recipe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    import equivalence
    import training_setup

    training_setup.write_images(tmp_path, 32)
    settings = [f"options.{network}.width=4" for network in NARROW[recipe]]
    # of two images, batch norm makes +1 and -1 of a code, whatever it is: no gradient but rounding
    quiet = {"log_every": 1, "preview_every": 0, "batch_size": 4}
    steps = STEPS.get(recipe, 3)
    make = partial(
        training_setup.create_setup, recipe, tmp_path, 32, steps=steps, settings=settings, **quiet
    )
    difference = equivalence.compare(make, tmp_path / "run", double=True)
    for name in [
        name
        for name in sys.modules
        if name.startswith(("equivalence", "tables", "textbook", "training_setup"))
    ]:
        sys.modules.pop(name)
    assert set(NARROW) == set(training_setup.LOOPS)
    assert difference.loss < 1e-6  # the log has float32
    assert difference.weights < 1e-12
