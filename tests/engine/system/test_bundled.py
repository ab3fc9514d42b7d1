"""Folders of files that are installed with the package are found in a checkout."""

import pytest

from translate.engine.system.bundled import IN_CHECKOUT, bundled_folder


@pytest.mark.parametrize("kind", IN_CHECKOUT)
def test_every_folder_of_installed_files_is_found(kind) -> None:
    assert any(bundled_folder(kind).iterdir())
