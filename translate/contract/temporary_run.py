"""A temporary run for tests of hooks and trackers: files and events of a few steps, untrained."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from translate.batches import Domain, Images, ImageSpec
from translate.contract.attributes import differing_names
from translate.contract.rules import RuleError
from translate.engine.checkpoints import write
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import layers, yaml_text
from translate.engine.disk import files
from translate.engine.plugins.errors import CodeLine
from translate.engine.system.randomness import random_state
from translate.images.contact_sheet import image_grid
from translate.images.encode import write_image
from translate.recipe import Recipe, Turn, adam
from translate.run import LogRecord, Run

STEPS = 4
LOSSES = {"generator/adversarial": 0.7, "generator/cycle": 1.2, "discriminator/real": 0.4}
EventCall = tuple[str, Mapping[str, Any]]
"""an event and its arguments"""


class OneConvolution(Recipe[Images]):
    """The recipe of the temporary run, with one network and one player, the generator."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Conv2d(3, 3, 1)

    def optimizers(self) -> dict[str, Optimizer]:
        return {"generator": adam(self.network)}

    def step(self, batch: Images) -> Iterator[Turn]:
        yield Turn("generator", gan=self.network(batch.images).mean())


@contextmanager
def temporary_run() -> Iterator[tuple[Run, list[EventCall]]]:
    """Yield a run of `STEPS` steps in a temporary folder, and the calls of its event hooks."""
    config = layers.validate(
        {"recipe": "probe", "data": {"domains": ["photos"]}, "train": {"steps": STEPS, "keep": 2}}
    )
    spec, recipe = ImageSpec((8, 8), (Domain("photos"),)), OneConvolution()
    training = TrainingState(config, spec, recipe, optimizers=recipe.optimizers())
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        files.replace(path / "config.yaml", yaml_text.dump(config).encode())
        files.replace_json(path / "run.json", {"command": ["translate", "train"], "seed": 0})
        calls: list[EventCall] = [("run_started", {})]
        for step in range(1, STEPS + 1):
            record = _log_record(step)
            files.append(path / "log.jsonl", {"step": step, "losses": LOSSES})
            arguments = {"step": step, "losses": record.losses, "record": record}
            calls.append(("losses_logged", arguments))
            if step % 2 == 0:
                training.step = step
                image_path = path / f"previews/step-{step:08d}.png"
                write_image(image_path, image_grid([torch.zeros(2, 3, 8, 8)]))
                checkpoint_path = write.save(path, training, resume=training)
                calls += [
                    ("preview_drawn", {"step": step, "path": image_path}),
                    ("checkpoint_saved", {"step": step, "path": checkpoint_path}),
                ]
        for outcome in ("interrupted", "stopped", "failed", "finished"):
            calls += [("run_started", {}), ("run_finished", {"outcome": outcome})]
        yield Run(path, yaml_text.plain_values(config), STEPS), calls


def _log_record(step: int) -> LogRecord:
    """Return a line of the log; the line of the last step has a loss of NaN, and metrics."""
    last = step == STEPS
    return LogRecord(
        step,
        epoch=step / 2,
        losses={**LOSSES, "generator/adversarial": float("nan")} if last else LOSSES,
        lr={"generator": 1e-4, "discriminator": 1e-4},
        grad_norm={"generator": 1.5, "discriminator": 0.5},
        images_per_second=10.0,
        data_wait=0.1,
        memory_mb=100,
        threads=1,
        metrics={"discriminator/real_score": 0.8} if last else {},
        skipped=int(last),
    )


@contextmanager
def require_unchanged(run: Path, place: Callable[[], CodeLine | None]) -> Iterator[None]:
    """Raise `RuleError` if the block changes a file of the run or a global random generator.

    `place` returns the line of the plugin for the message.
    """
    files_before, random_before = _digests(run), random_state()
    yield
    if changed_files := differing_names(files_before, _digests(run)):
        advice = "write your own files, under other names"
        raise RuleError(f"It changed {', '.join(changed_files[:3])} of the run: {advice}.", place())
    for name in differing_names(random_before, random_state()):
        library = name.removeprefix("random/")
        advice = "use your own generator, else a resumed run differs"
        raise RuleError(f"It drew from the global generator of {library}: {advice}.", place())


def _digests(run: Path) -> dict[str, str]:
    """Return the SHA-256 digest of each file of a run that the engine writes, by its path."""
    paths = [run / name for name in ("config.yaml", "run.json", "log.jsonl")]
    paths += [path for folder in ("previews", "checkpoints") for path in (run / folder).rglob("*")]
    files = (path for path in paths if path.is_file())
    return {str(p.relative_to(run)): sha256(p.read_bytes()).hexdigest() for p in files}
