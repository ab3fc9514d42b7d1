"""The built-in importers: parity with the authors' networks, and files that are refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from authors_networks import AuthorsResnet, AuthorsUnet, old_instance_norms
from torch import nn

from translate.engine.inference.model import load
from translate.errors import TranslateError
from translate.exchange.import_ import import_weights
from translate.testing import check_importer


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def saved(network: nn.Module, path: Path, change: Callable[..., Any] = dict) -> Path:
    """Write the weights of a network as the authors do, `change` applied."""
    torch.save(change(network.state_dict()), path)
    return path


def without_counts(tensors: dict[str, Any]) -> dict[str, Any]:
    return {key: tensor for key, tensor in tensors.items() if "num_batches" not in key}


def wrapped(tensors: dict[str, Any]) -> dict[str, Any]:
    return {f"_orig_mod.module.{key}": tensor for key, tensor in tensors.items()}


def translated(run: Path, images: torch.Tensor, to: str = "target") -> torch.Tensor:
    """Translate `images` in float64 by the model of a run."""
    model, _ = load(run, device="cpu")
    return model.recipe.double().translate(images, to=to)


@pytest.mark.parametrize(
    ("network", "change", "recipe"),
    [
        (lambda: AuthorsResnet(4, 9), dict, "cut"),
        (lambda: AuthorsResnet(4, 6, inputs=1), wrapped, "pix2pix"),
        (lambda: AuthorsResnet(4, 6), wrapped, "cut"),
        (lambda: AuthorsResnet(4, 6), old_instance_norms, "cut"),
        (lambda: AuthorsResnet(4, 6, "none"), dict, "cut"),
        (lambda: AuthorsResnet(4, 6, "batch"), without_counts, "pix2pix"),
        (lambda: AuthorsUnet(4, 6, "instance"), dict, "pix2pix"),
        (lambda: AuthorsUnet(4, 8), dict, "pix2pix"),
        (lambda: AuthorsUnet(4, 5), without_counts, "pix2pix"),
        (lambda: AuthorsUnet(4, 5, "none"), dict, "pix2pix"),
    ],
)  # fmt: skip
def test_an_imported_generator_equals_the_authors_in_float64(
    network: Callable[[], nn.Module], change: Callable[..., Any], recipe: str, tmp_path: Path
) -> None:
    authors = network()
    run = tmp_path / "run"
    import_weights(saved(authors, tmp_path / "latest_net_G.pth", change), run)
    model, _ = load(run, device="cpu")
    assert model.method == recipe
    fit = model.geometry.fit
    images = torch.rand(1, model.spec.source.channels, fit(64), fit(128), dtype=torch.float64)
    if any(isinstance(each, nn.Dropout) for each in authors.modules()):  # random in test.py
        expected = authors.double().eval()(images)
        found = model.recipe.double().get_submodule("generator")(images)
    else:  # the authors' test.py leaves the network in training mode
        expected = authors.double()(images)
        found = model.recipe.double().translate(images, to="target")
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_both_directions_of_cyclegan_are_imported(tmp_path: Path) -> None:
    networks = [AuthorsResnet(4, 6), AuthorsResnet(4, 6)]
    first, second = (saved(n, tmp_path / f"{i}.pth") for i, n in enumerate(networks))
    import_weights(first, tmp_path / "run", other=second)
    images = torch.rand(2, 3, 32, 48, dtype=torch.float64)
    for authors, to in zip(networks, ("target", "source"), strict=True):
        expected = authors.double()(images)
        found = translated(tmp_path / "run", images, to)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("network", "arguments", "message"),
    [
        (AuthorsResnet(4, 6, dropout=True), {}, "--recipe pix2pix"),
        (AuthorsResnet(4, 6), {"recipe": "cyclegan"}, "add --other FILE, or --recipe cut"),
        (AuthorsResnet(4, 6), {"recipe": "pix2pixx"}, "Did you mean 'pix2pix'?"),
        (AuthorsResnet(4, 6, inputs=2), {}, "images of 2 channels become images of 3: expected 1"),
    ],
)
def test_what_the_file_does_not_decide_is_asked_for_by_name(
    network: nn.Module, arguments: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(TranslateError, match=message.replace("?", r"\?")):
        import_weights(saved(network, tmp_path / "G.pth"), tmp_path / "run", **arguments)
    assert not (tmp_path / "run").exists()


def test_generators_of_other_layers_do_not_belong_together(tmp_path: Path) -> None:
    first = saved(AuthorsResnet(4, 6), tmp_path / "A.pth")
    other = saved(AuthorsResnet(4, 9), tmp_path / "B.pth")
    with pytest.raises(TranslateError, match="expected the same network as"):
        import_weights(first, tmp_path / "run", other=other)


def test_instance_norm_with_weights_is_refused(tmp_path: Path) -> None:
    network = AuthorsResnet(4, 6)
    network.model[2] = nn.InstanceNorm2d(4, affine=True)
    with pytest.raises(TranslateError, match="instance norm with weights"):
        import_weights(saved(network, tmp_path / "G.pth"), tmp_path / "run")


def test_the_importer_keeps_the_rules(tmp_path: Path) -> None:
    check_importer("junyanz", files=[saved(AuthorsResnet(4, 6), tmp_path / "G.pth")])
