"""The rules of event hooks, each called as a run calls it, for a temporary run."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.optim import Optimizer

from translate.batches import Domain, Images, ImageSpec
from translate.contract.rules import RuleError
from translate.engine.checkpoints import write
from translate.engine.checkpoints.state import TrainingState
from translate.engine.config import layers, yaml
from translate.engine.disk import files
from translate.engine.plugins import discovery
from translate.engine.plugins.errors import definition
from translate.engine.system.randomness import random_state
from translate.images.encode import image_grid, write_image
from translate.recipe import Recipe, Turn, adam
from translate.run import Run

EVENTS = ("run_started", "losses_logged", "preview_drawn", "checkpoint_saved", "run_finished")
STEPS = 4
LOSSES = {"generator/adversarial": 0.7, "generator/cycle": 1.2, "discriminator/real": 0.4}
Call = tuple[str, Mapping[str, Any]]


class Listener(NamedTuple):
    """A plugin with event hooks, under test."""

    name: str
    """``distribution:entry``"""
    hooks: Mapping[str, Any]
    """by event, as pluggy has them"""
    example: Any = None

    @property
    def owner(self) -> object:
        """The function of its first hook, in whose source file the plugin is."""
        return next(iter(self.hooks.values())).function


class Probe(Recipe[Images]):
    """The model of the temporary run: one convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Conv2d(3, 3, 1)

    def optimizers(self) -> dict[str, Optimizer]:
        return {"generator": adam(self.network)}

    def step(self, batch: Images) -> Iterator[Turn]:
        yield Turn("generator", gan=self.network(batch.images).mean())


def listeners(name: str) -> list[Listener]:
    """Return the plugins with event hooks that are called `name`, or whose distribution is."""
    manager, found = discovery.load(), []
    for full, _ in manager.list_name_plugin():
        if name not in (full, *full.split(":")):
            continue
        hooks = {
            event: hook
            for event in EVENTS
            for hook in getattr(manager.hook, event).get_hookimpls()
            if hook.plugin_name == full
        }
        if hooks:
            found.append(Listener(full, hooks))
    return found


def rules(listener: Listener) -> tuple[Callable[[Listener], None], ...]:
    """Return a rule for each event that the plugin hears."""
    return tuple(_rule(event) for event in listener.hooks)


def _rule(event: str) -> Callable[[Listener], None]:
    def hears(listener: Listener) -> None:
        with _temporary_run() as (run, calls):
            for name, facts in calls:
                if name == event:
                    _call(listener.hooks[event], {"run": run, **facts})

    hears.__doc__ = f"Hear `{event}`, raise nothing, and leave the run as it is."
    hears.__name__ = event
    return hears


def _call(hook: Any, given: Mapping[str, Any]) -> None:
    """Call one hook as a run does, and hold that nothing of the run is another one afterwards."""
    before, random = _digests(given["run"].path), random_state()
    hook.function(*(given[name] for name in hook.argnames))
    place = definition(_Hook(hook.function), "function")
    after = _digests(given["run"].path)
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    if changed:
        kept = "write files of your own, under other names"
        raise RuleError(f"It changed {', '.join(changed[:3])} of the run: {kept}.", place)
    for name, state in random_state().items():
        if not torch.equal(state, random[name]):
            own = "use a generator of your own, or a resumed run is another one"
            raise RuleError(f"It drew from the global generator of {name[7:]}: {own}.", place)


class _Hook(NamedTuple):
    function: Callable[..., Any]


@contextmanager
def _temporary_run() -> Iterator[tuple[Run, list[Call]]]:
    """Yield a run of some steps, in a folder that is then deleted, and what hooks hear of it."""
    asked = layers.validate(
        {"recipe": "probe", "data": {"domains": ["photos"]}, "train": {"steps": STEPS, "keep": 2}}
    )
    with TemporaryDirectory() as folder:
        path, recipe = Path(folder) / "run", Probe()
        training = TrainingState(
            asked, ImageSpec((8, 8), (Domain("photos"),)), recipe, optimizers=recipe.optimizers()
        )
        files.replace(path / "config.yaml", yaml.dump(asked).encode())
        files.replace_json(path / "run.json", {"command": ["translate", "train"], "seed": 0})
        calls: list[Call] = [("run_started", {})]
        for step in range(1, STEPS + 1):
            losses = LOSSES if step < STEPS else {**LOSSES, "generator/adversarial": float("nan")}
            files.append(path / "log.jsonl", {"step": step, "losses": LOSSES})
            calls.append(("losses_logged", {"step": step, "losses": losses}))
            if step % 2 == 0:
                training.step = step
                picture = path / f"previews/step-{step:08d}.png"
                write_image(picture, image_grid([torch.zeros(2, 3, 8, 8)]))
                saved = write.save(path, training, resume=training)
                calls += [
                    ("preview_drawn", {"step": step, "path": picture}),
                    ("checkpoint_saved", {"step": step, "path": saved}),
                ]
        for outcome in ("interrupted", "stopped", "failed", "finished"):
            calls += [("run_started", {}), ("run_finished", {"outcome": outcome})]
        yield Run(path, yaml.document(asked), STEPS), calls


def _digests(run: Path) -> dict[str, str]:
    """Return a digest of each file of a run that is the program's, not a plugin's."""
    own = [run / name for name in ("config.yaml", "run.json", "log.jsonl")]
    own += [path for folder in ("previews", "checkpoints") for path in (run / folder).rglob("*")]
    found = (path for path in own if path.is_file())
    return {str(p.relative_to(run)): sha256(p.read_bytes()).hexdigest() for p in found}
