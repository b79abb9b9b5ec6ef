"""The OpenAPI documents that people read are what the code says, and say all that people need."""

import pytest

from harness.openapi import SERVICES, committed, document, operations

# Whoever knows them is believed.
SECRET_ADDRESSES = {"/api/calendar/{token}.ics", "/unsubscribe/{token}"}
# These are taken from an answer, or are clear from their type.
_NO_EXAMPLE_NEEDED = {"cursor", "page", "size"}
_CLEAR_TYPES = {"boolean", "null"}
_CLEAR_FORMATS = {"uuid", "date-time"}


@pytest.mark.parametrize("service", SERVICES)
def test_the_committed_document_is_that_of_the_code(service):
    assert committed(service) == document(service), "the API has changed: `make openapi`, and read the diff"


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_says_what_it_does_and_belongs_to_a_group(service):
    described = committed(service)
    groups = {tag["name"] for tag in described["tags"] if tag["description"]}
    for method, path, operation in operations(described):
        automatic = operation["operationId"].split("_api_")[0].replace("_", " ").title()
        assert operation["summary"] != automatic, (method, path)
        assert operation["description"].endswith("."), (method, path)
        assert operation["description"].rstrip(".") != operation["summary"], (method, path)
        assert groups.issuperset(operation["tags"]), (method, path)
        assert len(operation["tags"]) == 1, (method, path)


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_needs_a_token_or_has_a_secret_address_and_names_its_errors(service):
    described = committed(service)
    for method, path, operation in operations(described):
        assert ("security" in operation) is (path not in SECRET_ADDRESSES), (method, path)
        refusals = {"401", "403"} if "security" in operation else set()
        assert operation["responses"].keys() >= {"404", "422", "429", "503", *refusals}, (method, path)
        assert any(status.startswith("2") for status in operation["responses"]), (method, path)


@pytest.mark.parametrize("service", SERVICES)
def test_every_value_that_is_sent_or_answered_has_an_example(service):
    described = committed(service)
    bare = [
        f"{method} {path} {place}"
        for method, path, operation in operations(described)
        for place in _bare(operation, described)
    ]
    assert bare == []


def _bare(operation, described):
    for parameter in operation.get("parameters", ()):
        if parameter["name"] not in _NO_EXAMPLE_NEEDED:
            yield from _unclear(parameter["schema"], described, parameter["name"])
    bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
    for body in bodies:
        for content in body.get("content", {}).values():
            if "example" not in content:
                yield from _unclear(content["schema"], described, "body")


def _unclear(schema, described, place):
    """The places in a value that nothing shows an example of."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = described["components"]["schemas"][name]
    if schema.keys() & {"examples", "example", "enum", "const", "default"} or schema.get("readOnly"):
        return
    if schema.get("type") in _CLEAR_TYPES or schema.get("format") in _CLEAR_FORMATS:
        return
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        values = [choice for choice in choices if choice.get("type") != "null"]
        yield from min((list(_unclear(choice, described, place)) for choice in values), key=len)
    elif schema["type"] == "array":
        yield from _unclear(schema["items"], described, f"{place}[]")
    elif schema.get("properties"):
        for name, value in schema["properties"].items():
            yield from _unclear(value, described, f"{place}.{name}")
    else:
        yield place
