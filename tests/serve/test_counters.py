"""The metrics of a server in the text format of Prometheus."""

from translate.serve.counters import Counters
from translate.serve.models.worker import Worker
from translate.serve.requests.limits import Limits


def test_requests_and_models_are_counted() -> None:
    worker = Worker("mine", "runs/mine", device="cpu", limits=Limits())
    counters = Counters([worker])
    for status in (200, 200, 413):
        counters.count("/v1/translate", status, 0.2)
    counters.active, worker.restarts = 3, 2
    lines = counters.text().decode().splitlines()
    assert 'translate_requests_total{route="/v1/translate",status="200"} 2.0' in lines
    assert 'translate_requests_total{route="/v1/translate",status="413"} 1.0' in lines
    assert 'translate_request_seconds_count{route="/v1/translate"} 3.0' in lines
    assert 'translate_request_seconds_bucket{le="0.1",route="/v1/translate"} 0.0' in lines
    assert "translate_active_requests 3.0" in lines
    assert 'translate_model_ready{model="mine"} 0.0' in lines
    assert 'translate_model_restarts_total{model="mine"} 2.0' in lines
