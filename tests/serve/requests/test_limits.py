"""The time limits of a request, and the two texts of an error."""

from translate.serve.requests.limits import Limits, RequestError


def test_a_body_has_less_time_to_arrive_than_an_image_to_be_translated() -> None:
    limits = Limits()
    assert limits.drain_seconds < limits.body_seconds < limits.work_seconds


def test_an_error_has_a_text_for_the_client_and_one_for_the_log() -> None:
    error = RequestError(503, "try again", retry_after=1, detail="/home/me")
    assert (error.status, error.message, error.retry_after) == (503, "try again", 1)
    assert "/home/me" not in str(error)
