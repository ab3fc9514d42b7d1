"""The check of a built site's links."""

from pathlib import Path

from documentation import links

PAGE = """
<h1 id="top"></h1><a href="#top"><a href="b.html#x"><a href="b.html#y"><a href="c.html">
<img src="no.png"><a href="https://pytorch.org"><script src="https://cdn.example/x.js"></script>
<link rel="stylesheet" href="//fonts.example/css"><link rel="canonical" href="https://x.org">
"""


def test_each_kind_of_broken_link_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(PAGE)
    (tmp_path / "b.html").write_text('<h2 id="x"></h2>')
    assert links.problems(tmp_path) == [
        "a.html: loads https://cdn.example/x.js from another host",
        "a.html: loads //fonts.example/css from another host",
        "a.html: b.html#y: the page has no such anchor",
        "a.html: c.html does not exist",
        "a.html: no.png does not exist",
    ]
