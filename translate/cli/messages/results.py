"""Messages at the end of `translate train`: the outcome, or the plan of a dry run."""

import logging
from dataclasses import asdict
from shlex import quote
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from translate.results import TrainingPlan, TrainingResult

logger = logging.getLogger(__name__)


def report(result: "TrainingResult") -> None:
    """Log the outcome of training and the next command, or the plan of a dry run."""
    if result.plan:
        for name, text in _plan_rows(result.plan).items():
            logger.info(f"{name:<12}{text}")
    elif result.signal or result.timed_out or result.reason:
        outcome = "time is up" if result.timed_out else "stopped"
        reason = f" ({result.reason})" if result.reason else ""
        resume = f"translate train --resume {quote(str(result.path))}"
        logger.info(f"{outcome} at step {result.step}{reason}: {resume}")
    elif result.next_command:
        if result.plateau:
            logger.info(f"stopped: {result.plateau}")
        logger.info(f"run: {result.path}, {result.step} steps")
        if result.best:
            logger.info(f"best: {result.best}, {result.path}@best")
        if result.preview:
            logger.info(f"preview: {result.preview}")
        logger.info(f"next: {result.next_command}")
    if result.listed and not result.signal:
        logger.info(f"{result.listed} listed in {result.path / 'problems.jsonl'}")


def plan_record(plan: "TrainingPlan | None") -> dict[str, Any] | None:
    """Return the plan of a dry run as a JSON object; None for a run that is complete."""
    return {**asdict(plan), "path": str(plan.path)} if plan else None


def _plan_rows(plan: "TrainingPlan") -> dict[str, str]:
    """Return the texts of the plan of a dry run, by their titles."""
    from translate.progress import duration

    height, width = plan.size
    images = ", ".join(f"{name} {count:,}" for name, count in plan.images.items())
    held_out = f", {plan.validation:,} held out for validation" if plan.validation else ""
    skipped = f"; {plan.skipped:,} files cannot be used" if plan.skipped else ""
    start = f"from step {plan.step:,} to" if plan.step else "to"
    networks = [f"{name} {count:,}" for name, count in plan.parameters.items()]
    return {
        "recipe": f"{plan.recipe} on {plan.device}, crops of {height}x{width}, "
        f"batch size {plan.batch_size}",
        "images": f"{images}: {plan.items:,} items{held_out}{skipped}",
        "training": f"{start} step {plan.steps:,}, {plan.epochs:,.4g} epochs",
        "parameters": ", ".join(networks),
        "step": f"{plan.step_seconds:.3g} s, {plan.gflops:.3g} GFLOPs, "
        f"{plan.images_per_second:.3g} images/s",
        "memory": f"{plan.memory_mb:,} MiB peak",
        "disk": f"{plan.checkpoint_mb:,.3g} MB per checkpoint",
        "time": duration(plan.seconds),
        "run folder": f"{plan.path}, not written by this dry run",
    }
