"""The HTTP API and the web page. No route trains a model, or accepts a path or URL as input."""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from translate import __version__
from translate.errors import short_repr
from translate.serve.counters import METRICS_MEDIA_TYPE, Counters
from translate.serve.models.messages import Result
from translate.serve.models.worker import Worker
from translate.serve.openapi import operation_of
from translate.serve.requests import multipart, reading
from translate.serve.requests.access import Access
from translate.serve.requests.limits import Limits, RequestError
from translate.serve.requests.middleware import INTERNAL_ERROR, RequestMiddleware, error_response
from translate.serve.requests.multipart import Part, encode_form
from translate.serve.requests.reading import Submission

ASSETS = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/docs": ("docs.html", "text/html"),
    "/docs.js": ("docs.js", "text/javascript"),
}
"""file in the folder `page` and media type, for each path of the web page; read at start"""
Endpoint = Callable[[Request], Coroutine[Any, Any, Response]]


def create_app(workers: Mapping[str, Worker], access: Access, limits: Limits) -> RequestMiddleware:
    """Return the ASGI application that serves loaded models.

    Args:
        workers: The processes of the models, by the names that clients use.
        access: Rules that decide which requests are allowed.
        limits: Limits of size, time and number of requests.
    """
    api = FastAPI(title="translate serve", version=__version__, docs_url=None, redoc_url=None)
    api.router.redirect_slashes = False  # redirects contain Host, which clients can forge
    counters = Counters(workers.values())
    service = Service(workers, limits, counters)
    for path, (name, media_type) in ASSETS.items():
        asset = (files("translate.serve") / "page" / name).read_bytes()
        api.add_api_route(path, _static_endpoint(asset, media_type), include_in_schema=False)
    api.add_api_route("/health", service.health, summary="Return whether all models are loaded.")
    api.add_api_route(
        "/metrics", service.metrics, summary="Return metrics in the format of Prometheus."
    )
    api.add_api_route("/v1/models", service.list_models, summary="List the models.")
    summaries = {"translate": "Translate an image.", "sample": "Generate an image."}
    for operation, summary in summaries.items():
        api.add_api_route(
            f"/v1/{operation}",
            getattr(service, operation),
            methods=["POST"],
            summary=summary,
            response_class=Response,
            openapi_extra=operation_of(service.descriptions, operation),
        )
    for error_type in (RequestError, HTTPException, Exception):
        api.add_exception_handler(error_type, _handle_error)
    routes = {str(getattr(route, "path", "")) for route in api.routes}
    return RequestMiddleware(api, access=access, limits=limits, counters=counters, routes=routes)


class Service:
    """The functions that answer the requests of the API, one for each route."""

    def __init__(self, workers: Mapping[str, Worker], limits: Limits, counters: Counters) -> None:
        self.workers, self.limits, self.counters = workers, limits, counters
        self.descriptions = [worker.description for worker in workers.values()]

    async def translate(self, request: Request) -> Response:
        """Return the translation of an image, in the format and size of that image.

        The body is the content of an image file, or a form with the file `image` and optionally the
        file `mask`. Parameters are in the query or in the form. A client that accepts
        multipart/form-data gets a form with the result as file `image`. If browsers cannot display
        the image or the result, the form also has previews of both, the PNG files `before` and
        `after`.
        """
        with self._active_request():
            content = await reading.read(request, self.limits)
            worker = self._take_worker(content, "translate")
            if "image" not in content.files:
                text = "image: expected the content of an image file, as the body or in a form."
                raise RequestError(400, text)
            image, mask = content.files["image"], content.files.get("mask")
            as_form = _accepts_form(request)
            future = worker.call("translate", content.fields, image, mask, previews=as_form)
            return _response(await asyncio.wrap_future(future), "translated", as_form=as_form)

    async def sample(self, request: Request) -> Response:
        """Return a generated image as PNG (TIFF if PNG cannot store it), or a grid of several."""
        with self._active_request():
            content = await reading.read(request, self.limits)
            worker = self._take_worker(content, "sample")
            if content.files:
                text = (
                    "a file was sent, but samples are generated from noise: send parameters only."
                )
                raise RequestError(400, text)
            as_form = _accepts_form(request)
            future = worker.call("sample", content.fields, previews=as_form)
            return _response(await asyncio.wrap_future(future), "sample", as_form=as_form)

    async def list_models(self, request: Request) -> Response:  # noqa: ARG002
        """Return the descriptions of the models, and the limits of a request."""
        limits = {"max_bytes": self.limits.max_bytes, "max_pixels": self.limits.max_pixels}
        return JSONResponse({"models": self.descriptions, "limits": limits})

    async def health(self, request: Request) -> Response:  # noqa: ARG002
        """Return 200 if all models are loaded, else 503."""
        if all(worker.is_ready for worker in self.workers.values()):
            return JSONResponse({"status": "ok"}, status_code=200)
        return JSONResponse({"status": "loading"}, status_code=503)

    async def metrics(self, request: Request) -> Response:  # noqa: ARG002
        """Return the number and duration of requests by route, and the state of the models."""
        return Response(self.counters.text(), media_type=METRICS_MEDIA_TYPE)

    @contextmanager
    def _active_request(self) -> Iterator[None]:
        """Count an active request during the block; raise `RequestError` if there are too many."""
        if self.counters.active >= self.limits.requests:
            text = f"{self.limits.requests} requests are being processed: try again in a second."
            raise RequestError(503, text, retry_after=1)
        self.counters.active += 1
        try:
            yield
        finally:
            self.counters.active -= 1

    def _take_worker(self, content: Submission, operation: str) -> Worker:
        """Remove the field `model`, and return the worker of that model.

        The field can be missing if only one model supports the operation.
        """
        names = [model["id"] for model in self.descriptions if model[operation]]
        name = content.fields.pop("model", names[0] if len(names) == 1 else "")
        if name not in names:
            problem = f"model {short_repr(name)} cannot {operation}" if name else "model is missing"
            raise RequestError(404, f"{problem}: expected one of {', '.join(names) or 'none'}.")
        return self.workers[name]


def _accepts_form(request: Request) -> bool:
    return multipart.MEDIA_TYPE in request.headers.get("accept", "")


def _response(result: Result, stem: str, *, as_form: bool) -> Response:
    """Return the file of `result`, or a form that also holds the previews."""
    file_name, headers = f"{stem}{result.suffix}", dict[str, str]()
    if result.notes:
        headers["X-Translate-Notes"] = json.dumps(result.notes)
    if as_form:
        parts = [Part("image", file_name, result.media_type, result.data)]
        for name, png in result.previews.items():
            parts.append(Part(name, f"{name}.png", "image/png", png))
        body, media_type = encode_form(parts)
        return Response(body, headers=headers, media_type=media_type)
    headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return Response(result.data, headers=headers, media_type=result.media_type)


def _static_endpoint(content: bytes, media_type: str) -> Endpoint:
    async def send(request: Request) -> Response:  # noqa: ARG001
        return Response(content, media_type=media_type)

    return send


async def _handle_error(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        texts = {404: "unknown path. See /docs", 405: "this path expects another method."}
        error = RequestError(error.status_code, texts.get(error.status_code, "rejected."))
    if not isinstance(error, RequestError):
        error = RequestError(500, INTERNAL_ERROR)  # `RequestMiddleware` logs the exception
    return error_response(error, request.state.id)
