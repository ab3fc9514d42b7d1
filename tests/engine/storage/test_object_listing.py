"""A view of a store lists each folder once, and keeps the listings of few folders."""

from pathlib import Path

from translate.engine.objects.listing import Entry
from translate.engine.storage.object_listing import RECENT, ObjectListing


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
