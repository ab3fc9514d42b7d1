"""Random requests that no client should send, the same in each run."""

from random import Random
from typing import Any
from urllib.parse import quote

from random_images import encode, noise

SECRET = "the content of a file of the server"


FILE_FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")
PARAMETERS = (
    *("to", "size", "scale_back", "side", "seed", "format", "count", "label", "text", "mask"),
    "image",
    *("path", "file", "url", "model_in_file", "img_in", "out", "checkpoint", "token", "__class__"),
)
PATHS = (
    *("/", "/v1/translate", "/v1/sample", "/v1/models", "/health", "/metrics", "/docs", "/train"),
    *("/v1/models/{}", "/{}", "/file={}", "/gradio_api/file={}", "/gradio_api/upload", "/proxy={}"),
    *("/static/{}", "/page.js/{}", "/v1/translate/{}", "/fs/?path={}", "/queue/join"),
    "/openapi.json",
)
ODD_NAMES = (
    *("../../etc/passwd", "/etc/passwd\0.png", "C:\\windows\\win.ini", "\\\\host\\share", "CON"),
    *("~/.ssh/id_rsa", "$(id)", "|id", "!!python/object/apply:os.system [id]", "\u202e", "."),
)


class Fuzzer:
    """Makes random requests; `names` are paths and URLs that the server must not open."""

    def __init__(self, names: list[str]) -> None:
        self.random, self.names = Random(0), names
        self.images = [encode(noise(16, 24, 3), file_format) for file_format in FILE_FORMATS]

    def request(self) -> dict[str, Any]:
        """Return arguments for `httpx.Client.request`."""
        pick = self.random.choice
        method = pick(["POST"] * 20 + ["GET", "PUT", "DELETE"])
        path = pick(PATHS[1:3] * 60 + PATHS).format(quote(self.name(), safe="/%"))
        fields = {pick(PARAMETERS): pick([self.name(), self.name(), "1", "", "png", "summer"])}
        fields = fields if self.random.random() < 0.6 else {}
        fields["model"] = {"/v1/translate": "cycle", "/v1/sample": "c"}.get(path, self.name())
        if self.random.random() < 0.1:
            fields["model"] = self.name()
        request: dict[str, Any] = {"method": method, "path": path}
        chance = self.random.random()
        if chance < 0.5:
            return request | {"params": fields, "content": self.content()}
        if chance < 0.9:
            name = pick(["image", "image", "image", "mask", self.name()])
            file = (self.name(), self.content(), pick(["image/png", "text/plain", "a/b"]))
            return request | {"data": fields, "files": {name: file}}
        content_type = "".join(c for c in self.name() if " " < c < "~")
        return request | {"content": self.content(), "headers": {"Content-Type": content_type}}

    def name(self) -> str:
        """Return one of the names that the server must not open."""
        return self.random.choice(self.names)

    def content(self) -> bytes:
        """Return an image, a damaged one, or a document that refers to a file."""
        kind, image = self.random.random(), bytearray(self.random.choice(self.images))
        if kind < 0.4:
            return bytes(image)
        if kind < 0.6:
            for _ in range(self.random.randint(1, 30)):
                image[self.random.randrange(len(image))] = self.random.randrange(256)
            return bytes(image[: self.random.randint(1, len(image))])
        name = self.name()
        documents = (
            name,
            f'<svg xmlns="http://www.w3.org/2000/svg"><image href="{name}"/></svg>',
            f'<!DOCTYPE x [<!ENTITY e SYSTEM "{name}">]><x>&e;</x>',
            f"%!PS\n({name}) (r) file 100 string readstring",
            f"push graphic-context\nimage over 0,0 0,0 '{name}'",
            f"#EXTM3U\n{name}",
        )
        return self.random.choice(documents).encode("utf-8", "replace")
