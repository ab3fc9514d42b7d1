"""Previews: the recipe's own images of a fixed batch, with the weights that inference uses."""

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
from translate.engine.training.progress.monitor import TrainingMonitor
from translate.engine.training.session import Session
from translate.errors import TranslateError
from translate.images.shown import shown_levels

IMAGES = 4
"""number of images in a row of a preview"""


class Previews:
    """Draws the previews of a session on its first process; one that fails is listed."""

    def __init__(self, session: Session, monitor: TrainingMonitor, device: torch.device) -> None:
        self.session, self.training = session, session.training
        self.monitor, self.device = monitor, device

    @cached_property
    def batch(self) -> Any:
        """The fixed batch of all previews."""
        return fixed_batch(self.session, self.device)

    def draw(self) -> Path | None:
        """Draw a preview of this step; return its path, if it was written.

        Every process must call this; the first one draws.
        """
        with gathered_weights(self.training):
            return self._draw() if distributed.is_first() else None

    def _draw(self) -> Path | None:
        """Draw a preview on this process."""
        try:
            with plugin_code(self.training.recipe, "preview"):
                rows = draw_preview(self.training, self.batch)
                if rows:
                    path = self.session.writer.preview(self.training.step, rows)
                    preview = self._describe_rows(rows)
                    self.session.writer.describe_previews(sheets.describe(preview))
                    if len(self.session.data.layout) > 1:  # copies of one image are no collapse
                        self.monitor.check_preview(preview)
                    return path
        except Exception as error:
            reason = str(error) if isinstance(error, TranslateError) else describe_unexpected(error)
            problem = Problem(Path("previews"), "preview", FAILED, reason)
            self.session.writer.problems.add_once([problem])
        return None

    def _describe_rows(self, rows: Mapping[str, Tensor]) -> Preview:
        """Return the rows with their kind: images of the data set, or outputs and their inputs."""
        images = [field for field in self.batch if field.ndim == 4]
        given = [t for t, row in rows.items() if any(torch.equal(row, field) for field in images)]
        inputs = self.training.recipe.preview_inputs
        return Preview(
            self.training.step,
            {title: shown_levels(row).astype(np.float64) for title, row in rows.items()},
            frozenset(given),
            {title: inputs[title] for title in rows if inputs.get(title) in rows},
        )


def fixed_batch(session: Session, device: torch.device) -> Any:
    """Return the first images of the data set as training crops."""
    config = session.training.config
    data, seed = config.data.model_copy(update={"workers": 0}), config.train.seed
    [(batch, _)] = loader.batches(session.data, data, seed=seed, batch_size=IMAGES, start=0, stop=1)
    return batch_to_device(batch, device, session.training.spec)


def draw_preview(training: TrainingState, batch: Any) -> dict[str, Tensor]:
    """Return the recipe's preview of `batch`, with the weights that inference uses.

    It changes no weight, buffer or random state.
    """
    with evaluation_mode(training) as recipe:
        return recipe.preview(batch)
