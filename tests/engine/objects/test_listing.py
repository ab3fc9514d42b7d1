"""Folders are listed once; a stamp is never a time alone."""

from datetime import UTC, datetime
from pathlib import Path

from translate.engine.objects.listing import (
    RECENT,
    Entry,
    ObjectListing,
    entity_tag,
    time_of_creation,
)


def test_a_tag_counts_with_and_without_quotes_and_with_the_size() -> None:
    assert entity_tag({"size": 3, "ETag": '"abc"'}) == entity_tag({"size": 3, "etag": "abc"})
    assert entity_tag({"size": 4, "ETag": "abc"}) != entity_tag({"size": 3, "ETag": "abc"})


def test_a_store_without_tags_gives_no_stamp() -> None:
    facts = {"size": 3, "mtime": 1.0, "LastModified": datetime.now(UTC), "ETag": ""}
    assert entity_tag(facts) is None


def test_a_time_is_the_same_as_a_number_and_as_a_date() -> None:
    time = datetime(2026, 1, 1, 0, 0, 0, 123456, UTC)
    assert time_of_creation({"size": 1, "created": time}) == time_of_creation(
        {"size": 1, "created": time.timestamp()}
    )


def test_a_folder_is_listed_once_and_the_listings_of_few_folders_are_kept() -> None:
    listed = list[str]()

    def list_files(folder: Path) -> list[Entry]:
        listed.append(folder.name)
        return [Entry("x.png", is_folder=False, stamp=f"of {folder.name}", size=3)]

    listing = ObjectListing(list_files)
    names = [f"folder{index}" for index in range(RECENT + 1)]
    for name in names:
        assert listing.exists(Path(name, "x.png")) and not listing.exists(Path(name, "y.png"))
        assert listing.stamp(Path(name, "x.png")) == f"of {name}"
        assert listing.stamp(Path(name, "y.png")) is None
        sizes = [listing.size(Path(name, file)) for file in ("x.png", "y.png")]
        assert sizes == [3, None]
    assert listed == names
    listing.exists(Path(names[-1], "x.png"))
    assert listed == names
    listing.exists(Path(names[0], "x.png"))
    assert listed == [*names, names[0]]
