"""The options of a factory, read from its signature, and conversion of values to their types."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from translate.errors import ConfigError, printable_name, short_repr, suggest


class Option(NamedTuple):
    """A parameter of a factory that a configuration may set."""

    name: str
    annotation: Any
    default: Any
    meaning: str

    @property
    def required(self) -> bool:
        """Whether the option has no default."""
        return self.default is Parameter.empty


def read_options(
    factory: Callable[..., Any], excluded_names: Sequence[str] = ()
) -> dict[str, Option]:
    """Return the options of `factory` by name: its parameters without `excluded_names`.

    An option's meaning is the string in its annotation: ``lr: Annotated[float, "rate"] = 2e-4``.
    """
    options = {}
    for name, parameter in _parameters(factory).items():
        is_variadic = parameter.kind in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
        if name in excluded_names or is_variadic:
            continue
        annotation = _resolve(factory, parameter)
        metadata = get_args(annotation)[1:] if get_origin(annotation) is Annotated else ()
        meaning = next((text for text in metadata if isinstance(text, str)), "")
        options[name] = Option(name, annotation, parameter.default, meaning)
    return options


def convert_options(
    owner: str,
    factory: Callable[..., Any],
    values: Mapping[str, Any],
    excluded_names: Sequence[str] = (),
) -> dict[str, Any]:
    """Return `values`, converted to the types of the options of `factory`.

    Options without an annotation are not checked.

    Args:
        owner: The name of the factory in errors, such as "recipe 'mine'".
        factory: The class or function that takes the options.
        values: The values by name.
        excluded_names: Parameters that are no options, as the caller sets them.

    Raises:
        ConfigError: A name is unknown, a value is of another type, or a value is missing.
    """
    options = read_options(factory, excluded_names)
    if errors := unknown_options(owner, factory, values, excluded_names):
        raise ConfigError(*errors)
    for name, option in options.items():
        if option.required and name not in values:
            meaning = f": {option.meaning}" if option.meaning else ""
            raise ConfigError(f"{owner} needs the option {name!r}{meaning}.")
    if not values:
        return {}
    build = _cached_validator if isinstance(factory, Hashable) else _validator
    validator = build(factory, tuple(excluded_names), tuple(values))
    try:
        return dict(validator.validate_python(dict(values)))
    except ValidationError as error:
        raise ConfigError(f"{owner}: {validation_message(error)}") from error


def unknown_options(
    owner: str, factory: Callable[..., Any], values: Iterable[str], excluded_names: Sequence[str]
) -> list[str]:
    """Return an error for each name in `values` that `factory` does not take."""
    if any(p.kind is Parameter.VAR_KEYWORD for p in _parameters(factory).values()):
        return []
    options = read_options(factory, excluded_names)
    return [
        f"{owner} has no option {short_repr(name)}.{suggest(name, options)}"
        for name in values
        if name not in options
    ]


def _validator(
    factory: Callable[..., Any], excluded_names: tuple[str, ...], names: tuple[str, ...]
) -> TypeAdapter[Any]:
    """Return a validator of the options `names`; unknown ones may have any type."""
    options = read_options(factory, excluded_names)
    fields = {name: options[name].annotation if name in options else Any for name in names}
    schema = TypedDict("schema", fields)  # type: ignore[misc]
    schema.__pydantic_config__ = ConfigDict(extra="forbid", arbitrary_types_allowed=True)  # type: ignore[attr-defined]
    return TypeAdapter(schema)


# A training creates its networks and losses several times, and a validator takes 0.3 ms to build.
_cached_validator = lru_cache(maxsize=256)(_validator)


def accepted_arguments(factory: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the `arguments` that are parameters in the signature of `factory`."""
    parameters = _parameters(factory)
    if any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values()):
        return dict(arguments)
    return {name: value for name, value in arguments.items() if name in parameters}


def validation_message(
    error: ValidationError, valid_keys: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Return a message such as ``key: expected int, got 'many'.``, with a clause for each key.

    `valid_keys` has the keys of each section by its dotted name, to suggest the nearest key.
    """
    clauses: dict[str, list[str]] = {}
    values: dict[str, Any] = {}
    for problem in error.errors():
        *sections, key = path = [str(part) for part in problem["loc"][:2]]
        if problem["type"] == "extra_forbidden":
            keys = (valid_keys or {}).get(".".join(sections), ())
            clauses[".".join(path)] = [f"unknown key.{suggest(key, keys)}"]
        elif problem["type"] == "missing":
            clauses[".".join(path)] = ["is missing."]
        else:
            key = ".".join(path if (valid_keys or {}).get(str(problem["loc"][0])) else path[:1])
            clauses.setdefault(key, []).append(_expected_words(problem))
            values.setdefault(key, problem["input"])
    expected = {
        key: " or ".join(dict.fromkeys(parts)).replace(" or expected ", " or ")
        for key, parts in clauses.items()
    }
    return " ".join(
        f"{printable_name(key)}: {clause}"
        + (f", got {short_repr(values[key])}." if key in values else "")
        for key, clause in expected.items()
    )


def _expected_words(problem: Any) -> str:
    """Return the words for the type or value that pydantic has expected."""
    names = {"int": "int", "float": "a number", "bool": "true or false", "string": "text"}
    names |= {"tuple": "a list", "list": "a list", "dict": "a mapping", "path": "a path"}
    kind = problem["type"].split("_")[0]
    if problem["type"] == "sequence_str" or problem.get("ctx", {}).get("class") == "Sequence":
        return "expected a list"
    if kind in names and problem["type"].endswith(("_type", "_parsing", "_from_float")):
        return f"expected {names[kind]}"
    message = problem["msg"].removeprefix("Value error, ")
    return message.replace("Input should be", "expected", 1)


def _parameters(factory: Callable[..., Any]) -> Mapping[str, Parameter]:
    constructor = getattr(factory, "__init__", None)
    if getattr(constructor, "__module__", "") == "torch.nn.modules.module":
        return {}  # `nn.Module.__init__` declares (*args, **kwargs), and refuses any
    return signature(factory).parameters


def _resolve(factory: Callable[..., Any], parameter: Parameter) -> Any:
    if parameter.annotation is Parameter.empty:
        return Any
    function: Any = getattr(factory, "__init__") if isinstance(factory, type) else factory  # noqa: B009
    # resolved alone, as another annotation may have a name that does not exist at run time
    owner = SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
    try:
        hints = get_type_hints(owner, getattr(function, "__globals__", {}), include_extras=True)
    except Exception:  # a name for type checkers only: this option is not checked
        return Any
    return hints[parameter.name]
