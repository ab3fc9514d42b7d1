"""Weights of the authors' code are imported, compute the same, and are exported again."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
import torch
from published_networks import Enhancer, Global, drawn

from translate.errors import TranslateError
from translate.exporters import ExportedModel
from translate.importers import ForeignWeights
from translate.registry import create, create_generator
from translate.testing import check_importer

NETWORKS = [
    Global(4, 2),
    Global(4, 1, "batch", downsamplings=3),
    Global(2, 1, inputs=36),
    Enhancer(4, 2),
    Enhancer(4, 1, "batch"),
]


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def weights_of(tensors):
    return ForeignWeights(Path("latest_net_G.pth"), tensors)


def read(tensors, **options):
    """Return whether the importer recognizes the tensors, and what it makes of them."""
    importer = create("importer", {"name": "pix2pixhd", **options})
    if importer.recognizes(weights_of(tensors)):
        return importer.convert(weights_of(tensors), None, None)
    return None


def read_generator_of(network):
    """Return what the importer makes of a network, and our generator with its weights."""
    model = read(network.state_dict())
    before, after = model.channels
    generator = create_generator(model.options["generator"], in_channels=before, out_channels=after)
    tensors = {key.removeprefix("generator."): tensor for key, tensor in model.tensors.items()}
    generator.load_state_dict(tensors)
    return model, generator


@pytest.mark.parametrize("network", NETWORKS)
def test_a_generator_equals_the_published_one_in_float64(network):
    model, generator = read_generator_of(drawn(network))
    assert model.recipe == "pix2pixhd"
    height = generator.geometry.fit(32)
    images = torch.rand(2, model.channels[0], height, 2 * height, dtype=torch.float64) * 2 - 1
    expected = network.double().eval()(images.clone())
    torch.testing.assert_close(generator.double().eval()(images), expected, rtol=0, atol=1e-12)
    network.float()


@pytest.mark.parametrize("network", [*NETWORKS, Enhancer(4, 9, downsamplings=4)])
def test_a_generator_equals_the_published_one_in_float32_up_to_the_rounding_of_instance_norm(
    network,
):
    model, generator = read_generator_of(drawn(network.float()))
    generator, network = generator.eval(), network.eval()
    tolerance = 0 if model.options["generator"]["norm"] == "batch" else 1e-5
    # at 64 pixels and 4 downsamplings a norm has 4 pixels: the authors' own error is 1e-4 there
    for height, width in ((128, 192), (128, 128), (256, 128)):
        images = torch.rand(1, model.channels[0], height, width) * 2 - 1
        expected = network(images.clone())
        torch.testing.assert_close(generator(images), expected, rtol=0, atol=tolerance)


def test_statistics_that_old_versions_of_pytorch_saved_or_missed_make_no_difference():
    instance, batch = Enhancer(4, 1).state_dict(), Global(4, 1, "batch").state_dict()
    old = instance | {"model.2.running_mean": torch.zeros(8), "model.2.running_var": torch.ones(8)}
    assert read(old).tensors.keys() == read(instance).tensors.keys()
    without = {key: tensor for key, tensor in batch.items() if "num_batches" not in key}
    assert read(without).tensors.keys() == read(batch).tensors.keys()


def test_what_the_file_does_not_say_is_stated():
    model = read(Global(4, 1, "batch", inputs=36).state_dict(), crop_size=512)
    assert model.size == (512, 512)
    notes = "\n".join(model.notes)
    for note in ("512 pixels (option crop_size)", "stored statistics", "has 36 channels"):
        assert note in notes


@pytest.mark.parametrize("network", [Global(4, 1), Enhancer(4, 1)])
def test_an_imported_generator_is_exported_with_equal_tensors(network):
    _, generator = read_generator_of(network)
    exported = ExportedModel(
        network=generator, channels=3, geometry=generator.geometry, metadata={}
    )
    content = create("exporter", "state-dict").write(exported)
    again = torch.load(BytesIO(content), weights_only=True)
    torch.testing.assert_close(again, network.state_dict(), rtol=0, atol=0)


def test_several_local_enhancers_and_other_networks_are_not_recognized():
    tensors = Enhancer(4, 1).state_dict()
    assert read(tensors | {"model2_1.1.weight": torch.zeros(4, 3, 7, 7)}) is None
    assert read({"model.1.weight": torch.zeros(0, 3, 7, 7)}) is None
    assert read({}) is None


@pytest.mark.parametrize("shape", [(), (1, 2, 3, 4)])
def test_a_file_with_a_tensor_of_any_shape_is_converted_or_refused(shape):
    tensors = Enhancer(2, 1, downsamplings=2).state_dict()
    for key in tensors:
        with suppress(TranslateError):
            read(tensors | {key: torch.zeros(shape)})


def test_the_importer_keeps_the_rules(tmp_path):
    torch.save(Global(4, 2, downsamplings=3).state_dict(), tmp_path / "G.pth")
    check_importer("pix2pixhd", files=[tmp_path / "G.pth"])
