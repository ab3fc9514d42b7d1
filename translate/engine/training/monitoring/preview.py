"""Previews: images that a recipe computes from a fixed batch, with the weights of inference."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from translate.engine.checkpoints.state import TrainingState
from translate.engine.diagnosis import sheets
from translate.engine.diagnosis.preview import Preview
from translate.engine.disk.records.problems import FAILED, Problem
from translate.engine.evaluation.mode import evaluation_mode, gathered_weights
from translate.engine.loading import loader
from translate.engine.loading.device import batch_to_device
from translate.engine.plugins.errors import describe_unexpected, plugin_code
from translate.engine.processes import distributed
from translate.engine.training.monitoring.monitor import TrainingMonitor
from translate.engine.training.session import Session
from translate.errors import TranslateError
from translate.images.contact_sheet import display_bytes

IMAGES = 4
"""number of images in a row of a preview"""


class Previews:
    """Writes previews on the first process; a failure is listed in ``problems.jsonl``."""

    def __init__(self, session: Session, monitor: TrainingMonitor) -> None:
        self.session, self.training, self.monitor = session, session.training, monitor

    @cached_property
    def batch(self) -> Any:
        """The batch of all previews."""
        return fixed_batch(self.session)

    def draw(self) -> Path | None:
        """Write a preview of this step, and return its path; None if the recipe has no preview.

        Every process must call this method. Only the first process writes; others get None.
        """
        with gathered_weights(self.training):
            return self._draw() if distributed.is_first() else None

    def _draw(self) -> Path | None:
        try:
            with plugin_code(self.training.recipe, "preview"):
                rows = draw_preview(self.training, self.batch)
                if rows:
                    path = self.session.writer.preview(self.training.step, rows)
                    preview = self._describe_rows(rows)
                    self.session.writer.describe_previews(sheets.describe_rows(preview))
                    if len(self.session.data.layout) > 1:  # one image alone is no mode collapse
                        self.monitor.check_preview(preview)
                    return path
        except Exception as error:
            reason = str(error) if isinstance(error, TranslateError) else describe_unexpected(error)
            problem = Problem(Path("previews"), "preview", FAILED, reason)
            self.session.writer.problems.add_once([problem])
        return None

    def _describe_rows(self, rows: Mapping[str, Tensor]) -> Preview:
        """Return the rows by title; which are images of the batch; and the inputs of the others."""
        images = [field for field in self.batch if field.ndim == 4]
        real = [title for title, row in rows.items() if any(torch.equal(row, i) for i in images)]
        inputs = self.training.recipe.preview_inputs
        return Preview(
            self.training.step,
            {title: display_bytes(row).astype(np.float64) for title, row in rows.items()},
            frozenset(real),
            {title: inputs[title] for title in rows if inputs.get(title) in rows},
        )


def fixed_batch(session: Session) -> Any:
    """Return the first batch of `IMAGES` training crops, on the device and in [-1, 1]."""
    config = session.training.config
    data, seed = config.data.model_copy(update={"workers": 0}), config.train.seed
    [(batch, _)] = loader.batches(session.data, data, seed=seed, batch_size=IMAGES, steps=range(1))
    return batch_to_device(batch, session.training.device, session.training.spec)


def draw_preview(training: TrainingState, batch: Any) -> dict[str, Tensor]:
    """Return the recipe's preview of `batch`, with the weights of inference.

    Weights, buffers and the states of random generators do not change.
    """
    with evaluation_mode(training) as recipe:
        return recipe.preview(batch)
