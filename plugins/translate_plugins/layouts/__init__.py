"""Layouts of data sets: which files belong together, and how they become items of a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from translate import hookimpl
from translate.batches import Layout
from translate_plugins.layouts.captioned import CaptionedFolders
from translate_plugins.layouts.domains import LabelledDomains
from translate_plugins.layouts.idx import IdxFiles
from translate_plugins.layouts.images import OneDomain
from translate_plugins.layouts.labelled import LabelledFolders
from translate_plugins.layouts.pairs import Paired, SideBySide, Unpaired
from translate_plugins.layouts.suffix import SuffixPairs
from translate_plugins.layouts.table import Table
from translate_plugins.layouts.webdataset import webdataset


@hookimpl
def register_layouts() -> Mapping[str, Callable[..., Layout]]:
    return {
        "unpaired": Unpaired,
        "paired": Paired,
        "side-by-side": SideBySide,
        "suffix": SuffixPairs,
        "csv": Table,
        "images": OneDomain,
        "labelled": LabelledFolders,
        "domains": LabelledDomains,
        "idx": IdxFiles,
        "captioned": CaptionedFolders,
        "webdataset": webdataset,
    }
