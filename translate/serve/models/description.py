"""The description of a served model, for the web page and the documentation of the API.

The parameters of a request are those of the functions `translate` and `sample` below (declarations
only), and the options of the recipe.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

from translate.batches import Domain
from translate.engine.config.yaml_text import to_yaml_types
from translate.engine.exports.torch_free.file_model import FileModel
from translate.engine.models import calls
from translate.engine.models.generation import classes
from translate.engine.models.image_model import WHOLE
from translate.engine.models.model import Model, require_recipe
from translate.engine.system import signatures
from translate.engine.system.signatures import Option
from translate.folders.names import short_names
from translate.images.domains.levels import is_photographic
from translate.images.files.format_registry import writable_suffixes

TEXT_PARAMETERS = ("to", "side", "format", "label", "text")
"""parameters with text as values; other values are parsed as YAML, as those of ``--set``"""
MAX_SAMPLES = 64
"""maximum number of images that one request generates"""
LOCATION_FORMATS = ("path", "file-path", "directory-path", "uri")
"""values of ``format`` in JSON schemas of paths and URLs"""


def translate(
    *,
    to: Annotated[str | None, "domain to translate to"] = None,
    size: Annotated[
        int | None, Field(ge=1), "shorter side that the image is scaled to first, in pixels"
    ] = None,
    scale_back: Annotated[
        bool, "scale the result to the original size; without size, translate at the training size"
    ] = False,
    side: Annotated[str | None, "half of a side-by-side image to translate"] = None,
    seed: Annotated[int | None, Field(ge=0), "random seed of the noise"] = None,
    format: Annotated[str | None, "file format of the result; by default that of the image"] = None,  # noqa: A002
) -> None:
    """Declare the parameters of a translation."""


def sample(
    *,
    count: Annotated[
        int,
        Field(ge=1, le=MAX_SAMPLES),
        "number of images to generate; several are returned as one grid",
    ] = 1,
    label: Annotated[str | None, "class to generate; by default each in turn"] = None,
    text: Annotated[str | None, "caption of the images to generate"] = None,
    seed: Annotated[int, Field(ge=0), "random seed of the latents"] = 0,
) -> None:
    """Declare the parameters of a sample."""


def describe(model: Model | FileModel, *, fixed_options: bool = False) -> dict[str, Any]:
    """Return the description of `model`, for JSON.

    The key ``translate`` or ``sample`` is None if the model cannot do that.

    Args:
        model: The model.
        fixed_options: Whether the options of the recipe are fixed, and are no parameters of a
            translation.
    """
    translates = not isinstance(model, Model) or model.translates
    samples = isinstance(model, Model) and model.draws
    return {
        "id": model.name,
        "recipe": model.recipe_name,
        "step": model.step,
        "size": list(model.spec.size),
        "translate": _translation(model, fixed_options) if translates and model.domains else None,
        "sample": _sampling(require_recipe(model)) if samples else None,
    }


def _translation(model: Model | FileModel, fixed_options: bool) -> dict[str, Any]:
    spec = model.spec
    short = dict(zip(spec.names, short_names(spec.names), strict=True))
    domains = [short[domain] for domain in model.domains]
    is_excluded = {
        "to": not any(domains),
        "side": not spec.sides,
        "seed": isinstance(model, FileModel) or not calls.takes_noise(model.recipe.translate),
    }
    targets = [model.source_and_target(domain)[1] for domain in model.domains]
    choices = {
        "to": domains,
        "side": [*spec.sides, WHOLE],
        "format": sorted({suffix[1:] for target in targets for suffix in _suffixes(target)}),
    }
    recipe_options = {} if fixed_options else options_of_translation(model)
    return {
        "domains": domains,
        "scale": model.geometry.scale,
        "mask": model.takes_mask,
        "parameters": list(_parameters(translate, is_excluded, choices, recipe_options)),
    }


def _suffixes(target: Domain) -> list[str]:
    """Return the suffixes of formats that can store the results of a domain.

    Results of photographic domains (pixel values are intensities) are stored in 8 bits, others in
    the data type of the domain.
    """
    return writable_suffixes(target.channels, "uint8" if is_photographic(target) else target.dtype)


def _sampling(model: Model) -> dict[str, Any]:
    labels, captions = classes(model), model.spec.text_length > 0
    is_excluded = {"label": not labels, "text": not captions}
    recipe_options = options_of(model.recipe.draw)
    return {
        "classes": list(labels),
        "captions": captions,
        "parameters": list(_parameters(sample, is_excluded, {"label": labels}, recipe_options)),
    }


def options_of_translation(model: Model | FileModel) -> dict[str, Option]:
    """Return the recipe's options for a translation; {} for an exported file, which fixes them."""
    return options_of(model.recipe.translate) if isinstance(model, Model) else {}


def options_of(call: calls.Call) -> dict[str, Option]:
    """Return the options of a recipe's `translate` or `draw`, except paths and URLs.

    Options that are paths or URLs keep their defaults, so that clients cannot make the server open
    files.
    """
    return {
        name: option
        for name, option in calls.options_of(call).items()
        if not _accepts_location(option)
    }


def _accepts_location(option: Option) -> bool:
    schema = json.dumps(json_schema(option.annotation))
    return any(f'"format": "{location}"' in schema for location in LOCATION_FORMATS)


def _parameters(
    declaration: Callable[..., None],
    is_excluded: Mapping[str, bool],
    choices: Mapping[str, Sequence[str]],
    recipe_options: Mapping[str, Option],
) -> Iterator[dict[str, Any]]:
    """Yield name, meaning, default and JSON schema of each parameter of a request.

    Args:
        declaration: `translate` or `sample` of this module.
        is_excluded: Whether the model does not have a declared parameter, by name.
        choices: The values that a declared parameter accepts, by name.
        recipe_options: Options of the recipe, which are parameters too.
    """
    for name, option in signatures.read_options(declaration).items():
        if not is_excluded.get(name):
            schema = {"type": "string", "enum": list(choices[name])} if name in choices else None
            yield _parameter(option, schema)
    for option in recipe_options.values():
        yield _parameter(option, None)


def _parameter(option: Option, schema: dict[str, Any] | None) -> dict[str, Any]:
    default = to_yaml_types(option.default)
    try:
        json.dumps(default, allow_nan=False)
    except (TypeError, ValueError):
        default = None
    return {
        "name": option.name,
        "meaning": option.meaning,
        "default": default,
        "schema": schema or json_schema(option.annotation),
    }


def json_schema(annotation: Any) -> dict[str, Any]:
    """Return the JSON schema of a type, without null in a union; {} if the type has no schema."""
    try:
        schema: dict[str, Any] = TypeAdapter(annotation).json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError):
        return {}
    members = [member for member in schema.get("anyOf", ()) if member != {"type": "null"}]
    return members[0] if len(members) == 1 else schema
