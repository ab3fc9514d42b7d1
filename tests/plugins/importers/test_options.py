"""Options of importers, assumptions that are stated, and the rules that importers keep."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from authors_networks import AuthorsDiscriminator, AuthorsResnet, AuthorsUnet, old_instance_norms
from conversions import BLURS, convert, recognized_by
from torch import nn

from translate.errors import ConfigError, TranslateError
from translate.testing import check_importer


@pytest.mark.parametrize(
    ("importer", "network", "arguments", "message"),
    [
        ("junyanz", AuthorsResnet(4, 2, dropout=True), {}, "a ResNet with dropout, .* --recipe"),
        ("junyanz", AuthorsResnet(4, 2, kernel=4), {}, "with 4x4 upsampling, .* --recipe pix2pix"),
        ("junyanz", AuthorsResnet(4, 2), {"recipe": "cyclegan"}, "add --other FILE, or .*cut"),
        ("cut", AuthorsResnet(4, 2, blurs=BLURS), {"recipe": "cyclegan"}, "add --other FILE"),
        ("deblurgan", AuthorsResnet(4, 2, inputs=1), {}, "of 1 channels cannot be corrected to 3"),
        ("junyanz", AuthorsResnet(4, 2), {"norm": "group"}, "norm: expected 'batch' or 'instance"),
        ("junyanz", AuthorsResnet(4, 2), {"norms": "batch"}, "no option 'norms'. Did you mean"),
    ],
)
def test_what_the_keys_do_not_determine_must_be_stated(
    importer: str, network: nn.Module, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        convert(importer, network.state_dict(), **arguments)


def test_two_files_belong_together_if_they_have_the_same_layers_and_a_recipe_for_both() -> None:
    one, other = AuthorsResnet(4, 2).state_dict(), AuthorsResnet(4, 3).state_dict()
    with pytest.raises(ConfigError, match="expected the same network as latest_net_G"):
        convert("junyanz", one, other=other)
    with pytest.raises(ConfigError, match=r"'pix2pix' does not use .* leave out --other"):
        convert("junyanz", one, other=one, recipe="pix2pix")


def test_assumptions_and_the_options_that_change_them_are_stated() -> None:
    unet = AuthorsUnet(4, 5).state_dict()
    model = convert("junyanz", unet, dropout=0.2, crop_size=64)
    assert model.options["generator"]["dropout"] == 0.2
    assert model.size == (64, 64)
    for option in ("dropout", "skips", "crop_size"):
        assert any(f"(option {option})" in note for note in model.notes)
    old = old_instance_norms(AuthorsResnet(4, 2, "instance-affine").state_dict())
    notes = convert("junyanz", old).notes
    assert any("instance norm with weights: instance-affine (option norm)" in n for n in notes)


def test_other_filters_than_those_of_cut_are_refused() -> None:
    tensors = AuthorsResnet(4, 2, blurs=BLURS).state_dict()
    tensors["model.7.filt"] = tensors["model.7.filt"] * 1.5
    with pytest.raises(TranslateError, match=r"model.7.filt is another filter than .*\[1, 2, 1\]"):
        convert("cut", tensors)


@pytest.mark.parametrize("shape", [(), (1, 2, 3, 4)])
@pytest.mark.parametrize(
    "network",
    [
        AuthorsResnet(4, 1, blurs=BLURS),
        AuthorsUnet(4, 5, bias=True, inner_first=True),
        AuthorsDiscriminator(4),
    ],
)
def test_a_file_with_a_tensor_of_any_shape_is_converted_or_refused(
    network: nn.Module, shape: tuple[int, ...]
) -> None:
    tensors = network.state_dict()
    for key in tensors:
        changed_tensors = tensors | {key: torch.zeros(shape)}
        for importer in recognized_by(changed_tensors):
            with suppress(TranslateError):
                convert(importer, changed_tensors)


@pytest.mark.parametrize(
    ("importer", "network"),
    [
        ("junyanz", AuthorsResnet(4, 2)),
        ("cut", AuthorsResnet(4, 2, blurs=BLURS)),
        ("deblurgan", AuthorsResnet(4, 2, kernel=4)),
        ("other-networks", None),
    ],
)
def test_the_importers_keep_the_rules(
    importer: str, network: nn.Module | None, tmp_path: Path
) -> None:
    files = [tmp_path / "G.pth"] if network else []
    if network:
        torch.save(network.state_dict(), files[0])
    check_importer(importer, files=files)
