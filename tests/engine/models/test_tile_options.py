"""Options of tiles: by default nothing stops them, and half of the free memory is used."""

from pathlib import Path

from translate.engine.models.tile_options import DEFAULT_MEMORY, TILE_MEMORY, TileOptions


def test_by_default_nothing_stops_or_counts_tiles() -> None:
    options = TileOptions(None, None, Path("scratch"))
    assert not options.stop()
    options.advance(0.5)


def test_half_of_the_free_memory_is_used_or_less_if_a_tile_size_is_set() -> None:
    options = TileOptions(None, None, Path())
    assert options.memory_within(1000) == 500
    assert options.memory_within(0) == DEFAULT_MEMORY, "it is not known"
    assert TileOptions(64, None, Path()).memory_within(10**12) == TILE_MEMORY
    assert TileOptions(64, 7, Path()).memory_within(1000) == 7
