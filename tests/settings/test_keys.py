"""Every key of ``data`` and ``train`` that a fork changes takes effect or is refused.

A new key needs a case here.
"""

import shutil
from collections.abc import Callable, Mapping
from multiprocessing import active_children
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import small_runs
import torch
from specs import image_spec

from translate import hookimpl
from translate.cli.show import describe
from translate.contract.recipes.subject import CPU
from translate.engine.checkpoints import read, retention
from translate.engine.config import layers, yaml_text
from translate.engine.disk.records import json_files
from translate.engine.optimization.build import build_training
from translate.engine.training import train
from translate.engine.training.request import TrainingRequest
from translate.errors import TranslateError
from translate.progress import ProgressReporter


class Case(NamedTuple):
    """A changed key: its effect is the difference between a fork with and without the change."""

    value: Any
    """the changed value"""
    also: Mapping[str, Any] = {}
    """other settings of both forks"""
    base: Mapping[str, Any] = {}
    """settings of the run that is forked"""
    meanwhile: Callable[[Path], object] | None = None
    """called when the fork starts"""


JOINED = {"data.layout": {"name": "side-by-side", "sides": ["a", "b"]}, "data.root": "joined"}
PAIRED = {"data.layout": {"name": "paired", "drop_unpaired": True}, "data.root": "orphans"}
MEASURED = {"data.layout": "paired", "train.evaluate_every": 2, "train.metric": "mae"}
NEVER_FINITE = {"options.cycle_weight": 1e39}
CASES: Mapping[str, Case] = {
    "data.root": Case("other"),
    "data.domains": Case(["b", "a"]),
    "data.layout": Case("paired"),
    "data.layout.sides": Case(["b", "a"], base=JOINED),
    "data.size": Case(24),
    "data.resize": Case("none"),
    "data.flip": Case(False),
    "data.augment": Case([{"name": "ColorJitter", "p": 1.0}]),
    "data.channels": Case(1),
    "data.range": Case([0, 128]),
    "data.bands": Case([3, 2, 1]),
    "data.labels": Case(["a", "b"]),
    "data.workers": Case(1),
    "data.cache": Case(0, meanwhile=lambda root: shutil.rmtree(root / "gone"), base={
        "data.root": "gone"}),
    "data.split": Case("test"),
    "data.validation": Case(0.4),
    "data.groups": Case("(0)", base={"data.validation": 0.4}),
    "data.layout.drop_unpaired": Case(False, base=PAIRED),
    "data.max_bad": Case(0.01, base={"data.root": "damaged", "data.max_bad": 0.9}),
    "train.steps": Case(4),
    "train.epochs": Case(2),
    "train.batch_size": Case(2),
    "train.accumulate": Case(3, base={"train.batch_size": 3}),
    "train.seed": Case(5),
    "train.device": Case("cuda:99"),
    "train.precision": Case("bf16"),
    "train.schedule": Case("cosine"),
    "train.decay_from": Case(0.1),
    "train.schedule_steps": Case(3),
    "train.warmup": Case(9),
    "train.clip_norm": Case(0.01),
    "train.log_every": Case(2),
    "train.save_every": Case(1),
    "train.preview_every": Case(1),
    "train.evaluate_every": Case(1, also=MEASURED),
    "train.metric": Case("psnr", also=MEASURED),
    "train.patience": Case(1, also={**MEASURED, "train.evaluate_every": 1, "options.lr": 0.0}),
    "train.keep": Case(9, also={"train.save_every": 1}),
    "train.ema": Case(0.5),
    "train.guard": Case(2, also=NEVER_FINITE),
    "train.deterministic": Case(True),
    "train.trackers": Case(["csv"]),
}  # fmt: skip
ELSEWHERE = {"train.compile", "train.checkpointing", "train.timeout", "train.shard", "data.units"}
ELSEWHERE |= {"train.channels_last", "train.cuda_graphs"}
"""keys with other tests: compiling takes minutes, channels_last and checkpointing change memory
alone, shards and a time-out need several processes, evaluations show units, graphs need a GPU"""


class RunObserver:
    """A plugin that records effects of a run that are not in its files."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.meanwhile, self.effects = meanwhile, set[Any]()

    @hookimpl
    def run_started(self) -> None:
        self.meanwhile()

    @hookimpl
    def losses_logged(self) -> None:
        self.effects.add((len(active_children()), torch.are_deterministic_algorithms_enabled()))


def effects(root: Path, register_plugin: Callable[..., Any], out: str, flags: Mapping[str, Any],
            meanwhile: Callable[[Path], object] | None) -> Any:  # fmt: skip
    """Fork the run ``base`` with `flags`; return all observable effects, or the error."""
    observer = RunObserver((lambda: meanwhile(root)) if meanwhile else (lambda: None))
    register_plugin(observer, f"other:{out}")
    try:
        request = TrainingRequest(resume=root / "base", flags=flags, fork_run=True, out=root / out)
        result = train.train(request, progress=ProgressReporter())
    except TranslateError as error:
        return f"{type(error).__name__}: {error}"
    keys = ("losses", "lr", "grad_norm", "epoch", "step", "skipped", "metrics")
    lines = json_files.read_lines(result.path / "log.jsonl")
    log = [{key: line.get(key) for key in keys} for line in lines]
    places = ("checkpoints/*", "checkpoints/*/ema*", "previews/*", "*.csv")
    files = [sorted(p.name for p in result.path.glob(place)) for place in places]
    assert_one_configuration(result.path)
    return repr((log, files, observer.effects, result.step))


def assert_one_configuration(run: Path) -> None:
    """Assert that the file, the command `show` and the checkpoint have the same configuration."""
    path, _ = retention.newest_checkpoint(run)
    saved = yaml_text.plain_values(read.read_checkpoint(path).config)
    assert yaml_text.read(str(run / "config.yaml")) == saved
    shown = yaml_text.parse(describe(str(run)), "shown")
    assert {k: {n: v for n, v in shown[k].items() if v is not None} for k in ("data", "train")} == {
        k: saved[k] for k in ("data", "train")
    }
    assert shown["options"] == saved["options"]


def test_T26_every_key_of_data_and_train_is_tested() -> None:
    keys = {f"{section}.{key}" for section, model in layers.SECTIONS.items()
            for key in model.model_fields}  # fmt: skip
    assert keys == {key for key in CASES if not key.startswith("data.layout.")} | ELSEWHERE


QUICK = {"data.size", "train.clip_norm", "train.ema", "train.batch_size", "data.channels"}


@pytest.mark.parametrize(
    "key", [pytest.param(k, marks=[] if k in QUICK else [pytest.mark.slow]) for k in CASES]
)
def test_T26_every_changed_key_takes_effect_or_is_refused(
    key: str, root: Path, register_plugin: Callable[..., Any]
) -> None:
    case = CASES[key]
    base = {"train__schedule": "linear", "train__log_every": 1, "data__root": "."}
    base |= {k.replace(".", "__"): v for k, v in case.base.items()}
    small_runs.train(small_runs.config(root, train__steps=2, **base), root / "base")
    shutil.copytree(root / "gone", root / "gone2")
    also = {"train.steps": 5, **case.also}
    unchanged = effects(root, register_plugin, "usual", also, case.meanwhile)
    if not (root / "gone").exists():
        (root / "gone2").rename(root / "gone")
    new_effects = effects(
        root, register_plugin, "changed", {**also, key: case.value}, case.meanwhile
    )
    assert isinstance(unchanged, str) and unchanged.startswith("("), f"the fork itself: {unchanged}"
    assert new_effects != unchanged


def test_T26_two_forks_with_equal_settings_have_equal_effects(
    root: Path, register_plugin: Callable[..., Any]
) -> None:
    small_runs.train(small_runs.config(root, train__steps=2, data__root="."), root / "base")
    flags = {"train.steps": 4, "train.log_every": 1, "train.ema": 0.5}
    one, other = (effects(root, register_plugin, out, flags, None) for out in ("one", "other"))
    assert one.startswith("(") and one == other


def test_T26_compile_takes_effect_on_the_networks() -> None:
    spec = image_spec((16, 16), ("a", "b"))
    for compile_networks in (False, True):
        config = small_runs.config(Path("nowhere"), train__compile=compile_networks)
        recipe = build_training(config, spec, CPU).recipe
        compiled = [child._compiled_call_impl is not None for child in recipe.children()]
        assert any(compiled) == compile_networks
