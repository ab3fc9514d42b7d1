"""Folders are listed page by page; a stamp is never a time alone."""

from datetime import UTC, datetime

from translate.engine.objects.listing import entity_tag, time_of_creation


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
