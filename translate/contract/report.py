"""The report that `translate plugins check --report` writes: results, times, versions, licence."""

import platform
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, metadata
from typing import Any

import torch

from translate import __version__
from translate.contract.results import RuleResult
from translate.engine.runs.run_record import timestamp


class ContractReport:
    """Collects the results of the rules of a plugin, or of all plugins of a distribution.

    Args:
        name: The plugin or distribution that is checked.
        distributions: The distributions that `name` belongs to.
    """

    def __init__(self, name: str, distributions: Iterable[str]) -> None:
        self.name, self.started = name, timestamp()
        self.distributions = [_describe(distribution) for distribution in distributions]
        self.parts: list[dict[str, Any]] = []
        self.errors: list[str] = []
        """messages of plugins that could not be loaded"""

    def record(self, part: str, results: Iterable[RuleResult]) -> Iterator[RuleResult]:
        """Yield `results`, and record each with the seconds that it took.

        `part` names what was tested, such as ``loss NAME``.
        """
        rules: list[dict[str, Any]] = []
        self.parts.append({"part": part, "rules": rules})
        start = time.perf_counter()
        for result in results:
            end = time.perf_counter()
            rules.append({**_document(result), "seconds": round(end - start, 3)})
            yield result
            start = time.perf_counter()

    def document(self) -> dict[str, Any]:
        """Return the report as values for JSON."""
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


def _document(result: RuleResult) -> dict[str, str]:
    if reason := result.same_as or ("" if result.failure else result.note):
        return {"rule": result.rule, "result": "skipped", "text": reason}
    if result.failure:
        place = {"place": result.place} if result.place else {}
        return {"rule": result.rule, "result": "broken", "text": result.failure, **place}
    return {"rule": result.rule, "result": "ok"}


def _describe(distribution: str) -> dict[str, str | None]:
    """Return the name, version and licence of a distribution."""
    try:
        fields = metadata(distribution)
    except PackageNotFoundError:
        return {"name": distribution, "version": None, "licence": None}
    licences = (fields[key] for key in ("License-Expression", "License") if key in fields)
    return {"name": distribution, "version": fields["Version"], "licence": next(licences, None)}
