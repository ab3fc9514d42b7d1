"""The memory of planning the translation of a folder of many objects."""

import tracemalloc
from collections.abc import Callable
from types import ModuleType

import pytest

from translate.engine.objects import files as object_files
from translate.engine.objects.files import ObjectFiles
from translate.engine.objects.listing import list_by_page
from translate.engine.storage.objects import open_store

COUNT = 5000
PAGES = 2 << 20
"""bytes of some pages, and of what does not depend on the number of objects"""


def test_a_folder_of_many_objects_is_planned_in_400_bytes_an_object(
    import_benchmark: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = import_benchmark("object_pages")
    files = ObjectFiles(benchmark.ManyObjects(COUNT), lister=list_by_page)
    monkeypatch.setattr(object_files, "open_in_process", lambda *_: files)
    open_store.cache_clear()
    tracemalloc.start()
    try:
        steps = dict(benchmark.plan(None))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        open_store.cache_clear()
    assert steps == {"imports": 0, "list": COUNT, "name": COUNT, "look up": COUNT, "tags": COUNT}
    assert peak < COUNT * 400 + PAGES, "a kilobyte an object where a listing is kept"
