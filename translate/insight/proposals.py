"""Propose a setting against a failure, and the command that continues a run with it."""

import shlex
from collections.abc import Mapping
from typing import NamedTuple

import torch

from translate.batches import ImageSpec
from translate.engine.checkpoints import retention
from translate.engine.config import layers, yaml_text
from translate.engine.config.diff import WITHOUT_EFFECT_ON_STEPS
from translate.engine.config.schema import Config
from translate.engine.diagnosis.detection import COLLAPSE, DIVERGING, Detection
from translate.engine.disk.records import json_files
from translate.errors import TranslateError
from translate.insight.history import History
from translate.insight.settings import FailingRun, Setting, settings
from translate.registry import create

DESTRUCTIVE = {COLLAPSE, DIVERGING}
"""failures after which the weights are of no use"""
Shapes = Mapping[str, tuple[int, ...]]


class Proposal(NamedTuple):
    """The settings and the command to try; both are empty without a known remedy."""

    option: str = ""
    command: str = ""


def propose(detection: Detection, history: History) -> Proposal:
    """Return the first setting against a failure that the recipe can be created with."""
    if not history.config:
        return Proposal()
    run = FailingRun(history.config, history.log.end, detection.subject)
    try:
        candidates = list(settings(detection.failure, run))
    except TranslateError as error:  # a plugin is no longer installed
        history.add_omission(f"no setting can be proposed: {error}")
        return Proposal()
    for setting in candidates:
        shapes = _weight_shapes(history.config, history.spec, setting)
        if shapes is not None:
            weights_fit = shapes == _weight_shapes(history.config, history.spec, None)
            command = _command(detection, history, setting, weights_fit)
            return Proposal(_assignment(setting), command)
    return Proposal()


def _command(detection: Detection, history: History, setting: Setting, weights_fit: bool) -> str:
    """Return the command that continues a run with another setting.

    If all weights fit, the run is forked; if only some fit, ``--init`` loads these. After a
    destructive failure, training starts from a checkpoint before it, or else from scratch.
    """
    run, trains_longer = str(history.run), setting.key == "train.steps"
    with json_files.readable(history.run):
        steps = sorted(step for step, _ in retention.list_checkpoints(history.run))
    before_failure = [step for step in steps if 0 < step < detection.since_step]
    destructive = detection.failure in DESTRUCTIVE
    if setting.restarts or not steps or (destructive and not before_failure):
        arguments = ["--config", f"{run}/config.yaml"]
    elif destructive:
        arguments = ["--init", f"{run}@{before_failure[-1]}"]
    elif not (weights_fit and history.resumable):
        arguments = ["--init", run]
    else:
        arguments = ["--resume", run]
        if setting.key not in WITHOUT_EFFECT_ON_STEPS and not trains_longer:
            arguments.append("--fork-run")
        if steps[-1] >= history.log.end and not trains_longer:
            arguments += ["--steps", str(2 * steps[-1])]
    flags = ["--steps", str(setting.value)] if trains_longer else ["--set", _assignment(setting)]
    return shlex.join(["translate", "train", *arguments, *flags])


def _assignment(setting: Setting) -> str:
    return f"{setting.key}={yaml_text.one_line(setting.value)}"


def _weight_shapes(
    config: Config, spec: ImageSpec | None, setting: Setting | None
) -> Shapes | None:
    """Return the shapes of all weights with a setting; None if the recipe cannot be created.

    Without the spec of the images the shapes are unknown: the mapping is empty.
    """
    assignments = [_assignment(setting)] if setting else []
    try:
        changed_config = layers.resolve(
            config=yaml_text.plain_values(config), assignments=assignments
        )
        if not spec:
            return {}
        options = {"name": changed_config.recipe, **changed_config.options}
        with torch.device("meta"):
            recipe = create("recipe", options, spec=spec)
    except Exception:  # a plugin's recipe may raise anything: the next setting is tried
        return None
    return {name: tuple(tensor.shape) for name, tensor in recipe.state_dict().items()}
