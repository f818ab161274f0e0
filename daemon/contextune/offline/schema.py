"""JSON Schema as structured output knows it: what a schema may say, and whether a value conforms.

`check_schema` refuses what the API refuses in `output_config.format` and in strict tools; `violation` checks
a scripted value by type, enum, const, required, properties, items, anyOf, allOf and local references.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contextune.offline.errors import invalid

_UNSUPPORTED = {
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength", "maxLength", "maxItems", "uniqueItems", "minProperties", "maxProperties",
}  # fmt: skip
"""Keywords that structured output refuses (platform.claude.com, "Structured outputs", limitations)."""

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list, tuple),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def check_schema(schema: Any, where: str) -> None:
    """Raise `ApiError` 400 if the API would not compile `schema`."""
    if not isinstance(schema, dict):
        raise invalid(f"{where}: a JSON Schema object is expected")
    kinds = schema.get("type")
    for keyword in sorted(_UNSUPPORTED & schema.keys()):
        raise invalid(f"{where}: For {kinds!r} type, property '{keyword}' is not supported")
    if schema.get("minItems", 0) not in (0, 1):
        raise invalid(f"{where}: For 'array' type, 'minItems' values other than 0 or 1 are not supported")
    is_object = "object" in kinds if isinstance(kinds, list) else kinds == "object"
    if (is_object or "properties" in schema) and schema.get("additionalProperties") is not False:
        raise invalid(f"{where}: For 'object' type, 'additionalProperties' must be explicitly set to false")
    for path, part in _parts(schema):
        check_schema(part, f"{where}.{path}")


def _parts(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for holder in ("properties", "$defs", "definitions"):
        for name, part in (schema.get(holder) or {}).items():
            yield f"{holder}.{name}", part
    for holder in ("anyOf", "allOf", "oneOf"):
        for number, part in enumerate(schema.get(holder) or []):
            yield f"{holder}.{number}", part
    if "items" in schema:
        yield "items", schema["items"]


def violation(value: Any, schema: Any, root: Any = None, path: str = "$") -> str | None:
    """The first way in which `value` breaks `schema`, with its place; None if it conforms."""
    root = schema if root is None else root
    if not isinstance(schema, dict):
        return None
    if "$ref" in schema:
        return violation(value, _resolve(schema["$ref"], root), root, path)
    if "const" in schema and value != schema["const"]:
        return f"{path}: expected {schema['const']!r}, got {value!r}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{path}: expected one of {schema['enum']!r}, got {value!r}"
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        return f"{path}: expected {' or '.join(kinds)}, got {type(value).__name__}"
    for part in schema.get("allOf") or []:
        if problem := violation(value, part, root, path):
            return problem
    options = schema.get("anyOf") or schema.get("oneOf") or []
    problems = [violation(value, option, root, path) for option in options]
    if problems and all(problems):
        return problems[0]
    if isinstance(value, dict):
        return _object_violation(value, schema, root, path)
    if isinstance(value, list | tuple):
        return _array_violation(value, schema, root, path)
    return None


def _object_violation(value: dict[str, Any], schema: dict[str, Any], root: Any, path: str) -> str | None:
    properties = schema.get("properties") or {}
    for name in schema.get("required") or []:
        if name not in value:
            return f"{path}: required property '{name}' is missing"
    for name, member in value.items():
        if name not in properties:
            if schema.get("additionalProperties") is False:
                return f"{path}: property '{name}' is not in the schema"
            continue
        if problem := violation(member, properties[name], root, f"{path}.{name}"):
            return problem
    return None


def _array_violation(value: Any, schema: dict[str, Any], root: Any, path: str) -> str | None:
    if len(value) < schema.get("minItems", 0):
        return f"{path}: expected at least {schema['minItems']} item"
    for number, item in enumerate(value):
        if problem := violation(item, schema.get("items"), root, f"{path}[{number}]"):
            return problem
    return None


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(kind, (object,)))


def _resolve(reference: str, root: Any) -> Any:
    """What a local reference such as `#/$defs/Task` names; without it, None, and anything goes."""
    part = root
    for name in reference.removeprefix("#").strip("/").split("/"):
        if name:
            part = part.get(name) if isinstance(part, dict) else None
    return part
