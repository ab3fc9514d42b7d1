"""The result of checking a plugin, as JSON: rules, time, versions and licence."""

import platform
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

import torch

from translate import __version__
from translate.contract.verdicts import Verdict
from translate.engine.runs.run_record import timestamp


class ContractReport:
    """Collects the verdicts on a plugin, or on all of a distribution.

    Args:
        name: What was checked.
        distributions: The distributions that it belongs to.
    """

    def __init__(self, name: str, distributions: Iterable[str]) -> None:
        self.name, self.started = name, timestamp()
        self.distributions = [_describe(distribution) for distribution in distributions]
        self.parts: list[dict[str, Any]] = []
        self.errors: list[str] = []
        """of plugins that could not be loaded"""

    def record(self, part: str, verdicts: Iterable[Verdict]) -> Iterator[Verdict]:
        """Yield the verdicts on one part, and record each with the seconds that it took."""
        rules: list[dict[str, Any]] = []
        self.parts.append({"part": part, "rules": rules})
        start = time.perf_counter()
        for verdict in verdicts:
            end = time.perf_counter()
            rules.append({**_result(verdict), "seconds": round(end - start, 3)})
            yield verdict
            start = time.perf_counter()

    def document(self) -> dict[str, Any]:
        """Return the report for JSON."""
        rules = [rule for part in self.parts for rule in part["rules"]]
        return {
            "checked": self.name,
            "ok": not self.errors and all(rule["result"] != "broken" for rule in rules),
            "started": self.started,
            "seconds": round(sum(rule["seconds"] for rule in rules), 3),
            "distributions": self.distributions,
            "versions": {
                "translate-kit": __version__,
                "torch": torch.__version__,
                "python": platform.python_version(),
            },
            "errors": self.errors,
            "parts": self.parts,
        }


def _result(verdict: Verdict) -> dict[str, str]:
    if verdict.same_as:
        return {"rule": verdict.rule, "result": "skipped", "text": verdict.same_as}
    if verdict.failure:
        facts = {"rule": verdict.rule, "result": "broken", "text": verdict.failure}
        return {**facts, "place": verdict.place} if verdict.place else facts
    if verdict.note:
        return {"rule": verdict.rule, "result": "skipped", "text": verdict.note}
    return {"rule": verdict.rule, "result": "ok"}


def _describe(distribution: str) -> dict[str, str | None]:
    """Return the name, version and licence of a distribution."""
    try:
        facts = metadata(distribution)
    except PackageNotFoundError:
        return {"name": distribution, "version": None, "licence": None}
    licences = (facts[key] for key in ("License-Expression", "License") if key in facts)
    return {"name": distribution, "version": facts["Version"], "licence": next(licences, None)}
