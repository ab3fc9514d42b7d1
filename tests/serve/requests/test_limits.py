from translate.serve.requests.limits import Limits, RequestError


def test_a_request_waits_for_the_time_of_one_image_and_the_body_for_less() -> None:
    limits = Limits()
    assert limits.drain_seconds < limits.body_seconds < limits.work_seconds


def test_an_error_has_a_text_for_the_client_and_one_for_the_log() -> None:
    error = RequestError(503, "try again", retry_after=1, detail="/home/me")
    assert (error.status, error.message, error.retry_after) == (503, "try again", 1)
    assert "/home/me" not in str(error)
