"""Options of tiles: by default nothing stops them, and the memory is what is free."""

from pathlib import Path

from translate.engine.models.tile_options import MEMORY_OF_TILES, UNKNOWN_MEMORY, TileOptions


def test_by_default_nothing_stops_or_counts_tiles() -> None:
    options = TileOptions(None, None, Path("scratch"))
    assert not options.stop()
    options.advance(0.5)


def test_half_of_the_free_memory_is_the_default_and_little_with_tiles() -> None:
    options = TileOptions(None, None, Path())
    assert options.memory_within(1000) == 500
    assert options.memory_within(0) == UNKNOWN_MEMORY
    assert TileOptions(64, None, Path()).memory_within(10**12) == MEMORY_OF_TILES
    assert TileOptions(64, 7, Path()).memory_within(1000) == 7
