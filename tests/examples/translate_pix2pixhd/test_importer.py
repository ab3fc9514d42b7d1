"""Weights of the authors' code are imported with equal outputs, and exported again."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
import torch
from published_networks import PublishedEnhancer, PublishedGlobal, with_random_weights

from translate.errors import TranslateError
from translate.exporters import ExportedModel
from translate.importers import ForeignWeights
from translate.registry import create, create_generator
from translate.testing import check_importer

NETWORKS = [
    PublishedGlobal(4, 2),
    PublishedGlobal(4, 1, "batch", downsamplings=3),
    PublishedGlobal(2, 1, inputs=36),
    PublishedEnhancer(4, 2),
    PublishedEnhancer(4, 1, "batch"),
    PublishedEnhancer(4, 9, downsamplings=4),
]


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def import_tensors(tensors, **options):
    """Return the imported model, or None if the importer does not recognize the tensors."""
    importer = create("importer", {"name": "pix2pixhd", **options})
    weights = ForeignWeights(Path("latest_net_G.pth"), tensors)
    return importer.convert(weights, None, None) if importer.recognizes(weights) else None


def import_network(network):
    """Return the imported model of a network, and the plugin's generator with its weights."""
    model = import_tensors(network.state_dict())
    channels = dict(zip(("in_channels", "out_channels"), model.channels, strict=True))
    generator = create_generator(model.options["generator"], **channels)
    tensors = {key.removeprefix("generator."): tensor for key, tensor in model.tensors.items()}
    generator.load_state_dict(tensors)
    return model, generator


@pytest.mark.parametrize("network", NETWORKS)
def test_a_generator_equals_the_published_one_in_float64(network):
    model, generator = import_network(with_random_weights(network))
    assert model.recipe == "pix2pixhd"
    height = generator.geometry.fit(32)
    images = torch.rand(2, model.channels[0], height, 2 * height, dtype=torch.float64) * 2 - 1
    expected = network.double().eval()(images.clone())
    torch.testing.assert_close(generator.double().eval()(images), expected, rtol=0, atol=1e-12)
    network.float()


def test_files_of_old_versions_of_pytorch_are_imported_equally():
    instance = PublishedEnhancer(4, 1).state_dict()
    batch = PublishedGlobal(4, 1, "batch").state_dict()
    old = instance | {"model.2.running_mean": torch.zeros(8), "model.2.running_var": torch.ones(8)}
    assert import_tensors(old).tensors.keys() == import_tensors(instance).tensors.keys()
    without = {key: tensor for key, tensor in batch.items() if "num_batches" not in key}
    assert import_tensors(without).tensors.keys() == import_tensors(batch).tensors.keys()


def test_notes_say_what_was_assumed():
    network = PublishedGlobal(4, 1, "batch", inputs=36)
    model = import_tensors(network.state_dict(), crop_size=512)
    assert model.size == (512, 512)
    notes = "\n".join(model.notes)
    for note in ("512 pixels (option crop_size)", "stored statistics", "has 36 channels"):
        assert note in notes


@pytest.mark.parametrize("network", [PublishedGlobal(4, 1), PublishedEnhancer(4, 1)])
def test_an_imported_generator_is_exported_with_equal_tensors(network):
    _, generator = import_network(network)
    exported = ExportedModel(
        network=generator, channels=3, geometry=generator.geometry, metadata={}
    )
    content = create("exporter", "state-dict").write(exported)
    tensors = torch.load(BytesIO(content), weights_only=True)
    torch.testing.assert_close(tensors, network.state_dict(), rtol=0, atol=0)


def test_several_local_enhancers_and_other_networks_are_not_recognized():
    tensors = PublishedEnhancer(4, 1).state_dict()
    assert import_tensors(tensors | {"model2_1.1.weight": torch.zeros(4, 3, 7, 7)}) is None
    assert import_tensors({"model.1.weight": torch.zeros(0, 3, 7, 7)}) is None
    assert import_tensors({}) is None


@pytest.mark.parametrize("shape", [(), (1, 2, 3, 4)])
def test_a_file_with_a_tensor_of_any_shape_is_converted_or_refused(shape):
    tensors = PublishedEnhancer(2, 1, downsamplings=2).state_dict()
    for key in tensors:
        with suppress(TranslateError):
            import_tensors(tensors | {key: torch.zeros(shape)})


def test_the_importer_keeps_the_rules(tmp_path):
    torch.save(PublishedGlobal(4, 2, downsamplings=3).state_dict(), tmp_path / "G.pth")
    check_importer("pix2pixhd", files=[tmp_path / "G.pth"])
