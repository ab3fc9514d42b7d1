"""The check of an exporter reports which rule the exporter breaks."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn
from valid_recipe import register_parts

from translate.exporters import Content, ExportedModel, LoadedModel
from translate.testing import check_exporter


class ValidExporter:
    """An exporter that keeps the network in memory."""

    suffix = ".kept"
    backend = ""
    kept: nn.Module
    metadata: Mapping[str, Any]

    def write(self, model: ExportedModel) -> bytes:
        self.kept, self.metadata = model.network, model.metadata
        return b"kept"

    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:  # noqa: ARG002
        return LoadedModel(self.run, self.metadata)

    def run(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            return self.kept(torch.from_numpy(images)).numpy()


class HasASuffixWithoutDot(ValidExporter):
    suffix = "kept"


class ReturnsText(ValidExporter):
    def write(self, model: ExportedModel) -> Any:
        return super().write(model).decode()


class ReturnsOtherImages(ValidExporter):
    def run(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        return super().run(images) + 0.1


class ForgetsMetadata(ValidExporter):
    def load(self, content: Content, *, threads: int | None = None) -> LoadedModel:
        return super().load(content, threads=threads)._replace(metadata={})


class ChangesWeights(ValidExporter):
    def write(self, model: ExportedModel) -> bytes:
        next(model.network.parameters()).add_(1)
        return super().write(model)


class LeavesTrainingMode(ValidExporter):
    def write(self, model: ExportedModel) -> bytes:
        model.network.train()
        return super().write(model)


@pytest.fixture
def check_exporter_class(register_plugin) -> Callable[[Any], None]:
    """Return a function that checks an exporter class."""

    def check(exporter: Any) -> None:
        register_parts(register_plugin, exporters={"tested": exporter})
        check_exporter("tested")

    return check


def test_a_valid_exporter_keeps_the_rules(check_exporter_class) -> None:
    check_exporter_class(ValidExporter)


@pytest.mark.parametrize(
    ("exporter", "message"),
    [
        (HasASuffixWithoutDot, "suffix is 'kept'"),
        (ReturnsText, "write returned str: expected bytes"),
        (ForgetsMetadata, "load changed step of the metadata"),
        (ReturnsOtherImages, "the outputs differ by 0.1"),
        (ChangesWeights, "write changed down.weight"),
        (LeavesTrainingMode, "write left the network in training mode"),
    ],
)
def test_an_exporter_that_breaks_a_rule_gets_its_message(
    exporter: Any, message: str, check_exporter_class
) -> None:
    with pytest.raises(AssertionError) as error:
        check_exporter_class(exporter)
    assert message in str(error.value)
