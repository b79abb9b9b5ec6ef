"""The matrix of who may do what is complete, and the page shows it."""

import pytest
import yaml

from harness.authorization import PAGE, page, rules
from harness.openapi import FOLDER, SERVICES, committed, operations


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_that_needs_a_token_is_in_the_matrix(service):
    described = [
        f"{method} {path}" for method, path, it in operations(committed(service)) if "security" in it
    ]
    assert sorted(rule.operation for rule in rules(service)) == sorted(described)


@pytest.mark.parametrize("service", SERVICES)
def test_it_asks_for_permissions_that_exist(service):
    contract = yaml.safe_load((FOLDER.parent / "permissions.yaml").read_text(encoding="utf-8"))
    known = {permission["name"] for permission in contract["permissions"]}
    assert {rule.needs for rule in rules(service)} - {None} <= known


def test_the_page_shows_the_matrix():
    assert PAGE.read_text(encoding="utf-8") == page(), "the matrix has changed: `make openapi`"
