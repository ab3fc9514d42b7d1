"""Metrics of the server in the format of Prometheus: requests, durations, state of models."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from translate.serve.models.worker import Worker

METRICS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)
"""upper bounds of the histogram of durations, in seconds"""


class Counters:
    """The number and duration of requests by route, and the state of the models' processes."""

    def __init__(self, workers: Iterable[Worker]) -> None:
        self.active = 0
        """requests that are being read or processed"""
        self._workers = tuple(workers)
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "translate_requests", "Requests.", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "translate_request_seconds",
            "Duration of a request.",
            ["route"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._registry.register(self)

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count a finished request; `route` is a path of the application, or ``other``."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def collect(self) -> Iterable[Metric]:
        """Yield the current state of requests and models; the registry calls this method."""
        yield GaugeMetricFamily("translate_active_requests", "Requests in progress.", self.active)
        ready = GaugeMetricFamily(
            "translate_model_ready", "1: the model is loaded.", labels=["model"]
        )
        restarts = CounterMetricFamily(
            "translate_model_restarts", "Restarts of a model's process.", labels=["model"]
        )
        for worker in self._workers:
            ready.add_metric([worker.name], worker.is_ready)
            restarts.add_metric([worker.name], worker.restarts)
        yield from (ready, restarts)

    def text(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(self._registry)
