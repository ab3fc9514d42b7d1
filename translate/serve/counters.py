"""The counters of the server, for Prometheus."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from translate.serve.models.worker import Worker

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)


class Counters:
    """Requests by route and status, their time, and the state of the models' processes."""

    def __init__(self, workers: Iterable[Worker]) -> None:
        self.active = 0
        """requests that are read or processed"""
        self._workers = tuple(workers)
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "translate_requests", "Requests.", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "translate_request_seconds",
            "Time of a request.",
            ["route"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._registry.register(self)

    def count(self, route: str, status: int, seconds: float) -> None:
        """Count one request; `route` is one of a fixed set."""
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def collect(self) -> Iterable[Metric]:
        """Yield the metrics that are read at each request, as a collector of Prometheus."""
        yield GaugeMetricFamily("translate_active_requests", "Requests at work.", self.active)
        ready = GaugeMetricFamily("translate_model_ready", "1: loaded.", labels=["model"])
        restarts = CounterMetricFamily(
            "translate_model_restarts", "Restarts of a model's process.", labels=["model"]
        )
        for worker in self._workers:
            ready.add_metric([worker.name], worker.is_ready)
            restarts.add_metric([worker.name], worker.restarts)
        yield from (ready, restarts)

    def text(self) -> bytes:
        """Return all counts in Prometheus's text format."""
        return generate_latest(self._registry)
