"""Check of the links of a built site: broken links, and files that other hosts would serve."""

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED_ADDRESSES = {"script": "src", "img": "src", "source": "src", "iframe": "src", "link": "href"}
"""Elements with files that a browser loads to show a page: the attribute with the address."""
LINKS_NOT_LOADED = {"canonical", "next", "prev", "alternate"}
"""Values of ``rel`` of <link> elements that are not loaded."""


class Page(HTMLParser):
    """The anchors of a page, its addresses, and the addresses that a browser loads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.addresses: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the anchors and addresses of an element."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[key] for key in ("id", "name") if key in values}
        address = values.get("href") or values.get("src")
        if address:
            self.addresses.append(address)
            if LOADED_ADDRESSES.get(tag) in values and values.get("rel") not in LINKS_NOT_LOADED:
                self.loaded.append(address)


def problems(site: Path) -> list[str]:
    """Return a line for each missing page, anchor or image, and each file of another host."""
    pages = {path: Page(path.read_text()) for path in sorted(site.rglob("*.html"))}
    return [
        f"{path.relative_to(site)}: {text}"
        for path, page in pages.items()
        if path.name != "404.html"  # has addresses from the root of the host
        for text in _problems(path, page, pages)
    ]


def _problems(path: Path, page: Page, pages: dict[Path, Page]) -> Iterator[str]:
    for address in page.loaded:
        if urlsplit(address).netloc:
            yield f"loads {address} from another host"
    for address in dict.fromkeys(page.addresses):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        target = target / "index.html" if target.is_dir() else target
        if not target.exists():
            yield f"{address} does not exist"
        elif parts.fragment and unquote(parts.fragment) not in pages[target].anchors:
            yield f"{address}: the page has no such anchor"
