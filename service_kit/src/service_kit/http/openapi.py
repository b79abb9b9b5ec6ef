"""Completes the OpenAPI document: each operation lists the errors that follow from what it is.

Who needs a token may be refused; what takes a body may get too large a one. Only what is a route's own
matter is said by the route (`answers`).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from service_kit.http.answers import KINDS, SCHEMAS, SIGNED_IN, WITH_BODY, Answers, problems
from service_kit.http.problem import ProblemDocument

_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
_ORDINARY = {str(status): problems(status)[status] for status in KINDS}
_BY_HEADER: Mapping[str, Answers] = {
    "If-Match": problems(412),
    "If-None-Match": {304: {"description": "The client has this version already."}},
    "Idempotency-Key": problems(409),
}


def complete(document: dict[str, Any]) -> None:
    """Add the errors that the operations say nothing of, and the schema that all errors refer to."""
    for operation in _operations(document):
        responses = operation["responses"]
        for status, answer in _derived(operation):
            responses.setdefault(str(status), answer)
        operation["responses"] = dict(sorted(responses.items()))
    _share_problems(document)
    problem = ProblemDocument.model_json_schema(ref_template=SCHEMAS)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(problem.pop("$defs"), ProblemDocument=problem)


def _share_problems(document: dict[str, Any]) -> None:
    """Describe each ordinary problem once, and let the operations refer to it."""
    shared = document.setdefault("components", {}).setdefault("responses", {})
    for operation in _operations(document):
        for status, answer in operation["responses"].items():
            if answer == _ORDINARY.get(status):
                name = f"Problem{status}"
                shared[name] = answer
                operation["responses"][status] = {"$ref": f"#/components/responses/{name}"}


def _operations(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from (operation for method, operation in path.items() if method in _METHODS)


def _derived(operation: Mapping[str, Any]) -> Iterator[tuple[int | str, dict[str, Any]]]:
    if "security" in operation:
        yield from problems(*SIGNED_IN).items()
    if "requestBody" in operation:
        yield from problems(*WITH_BODY).items()
    for parameter in operation.get("parameters", ()):
        yield from _BY_HEADER.get(parameter["name"], {}).items()
