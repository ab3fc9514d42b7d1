"""An exporter that breaks a rule gets its message."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from translate import hookimpl
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


class NoDot(ValidExporter):
    suffix = "kept"


class ReturnsText(ValidExporter):
    def write(self, model: ExportedModel) -> Any:
        return super().write(model).decode()


class OtherImages(ValidExporter):
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
def check(register_plugin: Callable[..., object]) -> Callable[[Any], None]:
    """Check an exporter class."""

    def checked(exporter: Any) -> None:
        class Plugin:
            @hookimpl
            def register_exporters(self) -> Any:
                return {"tested": exporter}

        register_plugin(Plugin())
        check_exporter("tested")

    return checked


def test_a_valid_exporter_keeps_the_rules(check: Callable[[Any], None]) -> None:
    check(ValidExporter)


@pytest.mark.parametrize(
    ("exporter", "message"),
    [
        (NoDot, "suffix is 'kept'"),
        (ReturnsText, "write returned str: expected bytes"),
        (ForgetsMetadata, "load changed step of the metadata"),
        (OtherImages, "the outputs differ by 0.1"),
        (ChangesWeights, "write changed down.weight"),
        (LeavesTrainingMode, "write left the network in training mode"),
    ],
)
def test_an_exporter_that_breaks_a_rule_gets_its_message(
    exporter: Any, message: str, check: Callable[[Any], None]
) -> None:
    with pytest.raises(AssertionError) as error:
        check(exporter)
    assert message in str(error.value)
