"""CUT and FastCUT: translate between unpaired domains, one way, by contrasting patches."""

from collections.abc import Mapping

from translate import hookimpl
from translate.recipe import Recipe
from translate_plugins.cut.cut import CUT
from translate_plugins.cut.fastcut import FastCUT


@hookimpl
def register_recipes() -> Mapping[str, type[Recipe]]:
    return {"cut": CUT, "fastcut": FastCUT}
