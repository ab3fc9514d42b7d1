"""Our loop and the textbook loop give equal weights, so that their speeds can be compared."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

NETWORKS = {
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
"""the networks of each recipe, with a width of 4"""
STEPS = {"wgan": 6, "wgan-gp": 6}
"""steps of recipes that train the generator in the sixth; all others have 3"""

PLUGINS = ("pix2pixhd", "vae")
"""recipes of projects in tests/examples"""


@pytest.mark.parametrize(
    "recipe",
    [pytest.param(n, marks=[pytest.mark.slow] * (n in {"cut", "fastcut"})) for n in NETWORKS],
)
def test_our_loop_gives_the_weights_of_the_textbook_loop(
    recipe: str,
    tmp_path: Path,
    import_benchmark: Callable[[str], ModuleType],
    register_example: Callable[[str], object],
) -> None:
    if recipe in PLUGINS:
        register_example(f"translate_{recipe}")
    equivalence, training_setup = map(import_benchmark, ("equivalence", "training_setup"))
    training_setup.write_images(tmp_path, 32)
    settings = [f"options.{network}.width=4" for network in NETWORKS[recipe]]
    # 4 images: of two, batch norm gives +1 and -1 for any code, and its gradient is only rounding
    intervals = {"log_every": 1, "preview_every": 0, "batch_size": 4}
    steps = STEPS.get(recipe, 3)
    create = partial(
        training_setup.create_setup,
        recipe,
        tmp_path,
        32,
        steps=steps,
        settings=settings,
        **intervals,
    )
    difference = equivalence.compare(create, tmp_path / "run", double=True)
    assert set(NETWORKS) == set(training_setup.LOOPS)
    assert difference.loss < 1e-6  # the log has float32 values
    assert difference.weights < 1e-12
