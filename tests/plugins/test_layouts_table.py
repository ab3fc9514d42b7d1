"""The layout of a CSV table with a pair of images in each row."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from identity_transform import IdentityTransform
from layout_files import relative_pairs, write_uniform

from translate.errors import ConfigError, DataError
from translate_plugins.layouts.table import Table

OpenTable = Callable[..., Table]
NAMES = ("photo", "mask")


@pytest.fixture
def open_table(tmp_path: Path) -> OpenTable:
    """Write images ``x/0.png`` to ``x/3.png`` and ``y/0.png`` to ``y/3.png``; open a table."""
    for number in range(4):
        write_uniform(tmp_path / f"x/{number}.png", number)
        write_uniform(tmp_path / f"y/{number}.png", 9 - number)

    def open_text(text: str, *domains: str, table: str = "pairs.csv", **options: Any) -> Table:
        (tmp_path / table).write_bytes(text.encode("utf-8-sig" if "source" in text else "utf-8"))
        options = {"file": table, **options}
        return Table(tmp_path, domains or NAMES, options.pop("split", "train"), **options)

    return open_text


PAIRS = [["x/0.png", "y/1.png"], ["x/2.png", "y/3.png"]]


@pytest.mark.parametrize(
    "text",
    [
        "source,target\nx/0.png,y/1.png\nx/2.png,y/3.png\n",
        "Target;id;Source\r\ny/1.png;7;x/0.png\r\n\r\n y/3.png ;8;\tx/2.png\r\n",
        "photo\tmask\nx/0.png\ty/1.png\nx/2.png\ty/3.png",
        "x/0.png,y/1.png\nx/2.png,y/3.png,and more\n",
        'source,target\n"x/0.png","y/1.png"\nx/2.png,y/3.png\n',
        'source, target\n"x/0.png", "y/1.png"\n x/2.png, y/3.png\n',
        "source,target\rx/0.png,y/1.png\rx/2.png,y/3.png\r",
        "source,target\nx\\0.png,y\\1.png\n.\\x\\2.png,y\\3.png\n",
    ],
)
def test_a_row_is_a_pair_with_or_without_a_header(
    text: str, open_table: OpenTable, tmp_path: Path
) -> None:
    layout = open_table(text)
    assert relative_pairs(layout, tmp_path) == PAIRS
    assert layout.spec.names == NAMES
    assert list(layout.sources) == [tmp_path / "pairs.csv"]
    pair = layout.load(layout.pick(0, Random(0)), IdentityTransform())
    assert (int(pair.source[0, 0, 0]), int(pair.target[0, 0, 0])) == (0, 8)


def test_columns_may_have_other_names_and_rows_a_split(
    open_table: OpenTable, tmp_path: Path
) -> None:
    text = "split,before,after\ntrain,x/0.png,y/1.png\ntest,x/2.png,y/3.png\n"
    columns = {"source": "before", "target": "after"}
    assert relative_pairs(open_table(text, **columns), tmp_path) == PAIRS[:1]
    assert relative_pairs(open_table(text, split="test", **columns), tmp_path) == PAIRS[1:]
    with pytest.raises(DataError, match="no row of split 'val'; its column split has test and tra"):
        open_table(text, split="val", **columns)
    with pytest.raises(DataError, match=r"line 1: expected a header with source,target or photo,m"):
        open_table(text)


def test_paths_are_below_the_table_the_root_or_the_domain(
    open_table: OpenTable, tmp_path: Path
) -> None:
    assert relative_pairs(open_table("0.png,../y/1.png", table="x/t.csv"), tmp_path) == [
        ["x/0.png", "x/../y/1.png"]
    ]
    assert relative_pairs(open_table("x/0.png,y/1.png", table="x/t.csv"), tmp_path) == PAIRS[:1]
    assert relative_pairs(open_table("source,target\n0.png,1.png", "x", "y"), tmp_path) == PAIRS[:1]
    in_domain = open_table("source,target\n0.png,1.png", "x", table="x/t.csv", file="t.csv")
    assert relative_pairs(in_domain, tmp_path) == [["x/0.png", "x/1.png"]]
    assert in_domain.spec.names == ("source", "target")
    assert len(open_table(f"{tmp_path}/x/0.png,{tmp_path}/y/1.png")) == 1


def test_faulty_rows_are_listed_with_their_lines(open_table: OpenTable) -> None:
    rows = ["x/0.png,y/0.png", "x/9.png,y/1.png", "x/1.png", "x/1.png,", "x/2.png,x/2.png"]
    text = "\n".join(["source,target", *rows, *["gone.png,y/0.png"] * 3])
    with pytest.raises(DataError) as error:
        open_table(text)
    assert str(error.value).splitlines()[0].endswith("pairs.csv: 7 of 8 rows cannot be used")
    assert [line.partition("pairs")[0] for line in str(error.value).splitlines()[1:4]] == [
        "  line 3: there is no file x/9.png.",
        "  line 4: expected 2 columns, got 1.",
        "  line 5: a cell is empty.",
    ]
    assert "line 6: " in str(error.value) and "x/2.png is its own target." in str(error.value)
    assert "... and 2 more" in str(error.value)
    assert str(error.value).endswith("--drop-unpaired skips these rows.")
    layout = open_table(text, drop_unpaired=True)
    assert len(layout) == 1
    assert "skipped 7 of 8 rows; the first: line 3: there is no file x/9.png." in layout.notes[0]


def test_a_pair_in_two_rows_counts_once_and_an_image_may_be_in_several_pairs(
    open_table: OpenTable, tmp_path: Path
) -> None:
    layout = open_table("source,target\nx/0.png,y/1.png\nx/0.png,y/2.png\nx/0.png,y/1.png\n")
    assert relative_pairs(layout, tmp_path) == [["x/0.png", "y/1.png"], ["x/0.png", "y/2.png"]]
    assert layout.notes == [f"{tmp_path}/pairs.csv: skipped 1 duplicate rows of 3"]


def test_D24_a_row_of_one_file_under_two_names_is_refused(
    open_table: OpenTable, tmp_path: Path
) -> None:
    (tmp_path / "link.png").symlink_to("x/0.png")
    with pytest.raises(DataError, match=r"x/0\.png is its own target"):
        open_table("source,target\nx/0.png,link.png")
    with pytest.raises(DataError, match="domains 'x' and 'x' are the same"):
        open_table("source,target\n0.png,1.png", "x", "x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty: expected a line source,target"),
        ("a,b\nx/0.png,y/0.png", r"line 1: expected a header .* got 'a,b' \(there is no file a"),
        ("source,target\n", "has a header and no rows"),
        ('source,target\n"x/0.png,y/0.png\n', "line 2: unexpected end of data. Add the missing"),
        ("source,target\nx/0.png\0,y/0.png\n", "line 2: "),
    ],
)
def test_a_malformed_table_is_named(text: str, message: str, open_table: OpenTable) -> None:
    with pytest.raises(DataError, match=message):
        open_table(text)


def test_a_binary_or_missing_table_is_named(open_table: OpenTable, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no table other\.csv in"):
        open_table("source,target", file="other.csv")
    (tmp_path / "bad.csv").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(DataError, match="cannot be read as text in UTF-8"):
        Table(tmp_path, NAMES, "train", file="bad.csv")
    with pytest.raises(ConfigError, match="'csv' reads two domains, got 3"):
        open_table("source,target", "a", "b", "c")


def test_names_may_have_accents_in_either_form_and_unicode_line_breaks(
    open_table: OpenTable, tmp_path: Path
) -> None:
    names = unicodedata.normalize("NFD", "x/é.png"), "y/a\u2028b.png"
    for name in names:
        write_uniform(tmp_path / name)
    layout = open_table(unicodedata.normalize("NFC", f"source,target\n{names[0]},{names[1]}\n"))
    assert relative_pairs(layout, tmp_path) == [[*names]]
