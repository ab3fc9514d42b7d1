"""Options of tiles: by default nothing stops them, and the memory is what is free."""

from pathlib import Path

from translate.engine.models.tile_options import TileOptions


def test_by_default_nothing_stops_or_counts_tiles() -> None:
    options = TileOptions(None, None, Path("scratch"))
    assert not options.stop()
    options.advance(0.5)
