"""What rules and dashboards ask for is what the running processes export, by name and by label."""

from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import NamedTuple

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from harness.observability import JOBS, Selector, expressions, recorded, selectors
from harness.suite import Suite
from harness.waiting import until
from local_stack.demo.admin import Admin

# Made by Prometheus itself.
BUILT_IN = {"up", "ALERTS"}
BUILT_IN_LABELS = {"job", "instance", "le"}

# The ports of some processes are reached from outside in the local stack only.
pytestmark = pytest.mark.target("local")


class Series(NamedTuple):
    """One series, as Prometheus would keep it."""

    name: str
    labels: Mapping[str, str]


def scrape(running: Suite, job: str) -> Iterator[Series]:
    text = httpx2.get(f"{running.url(JOBS[job])}/metrics", timeout=10).raise_for_status().text
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield Series(sample.name, {**sample.labels, "job": job, "instance": "one"})


@pytest.fixture(scope="module")
async def exported(running: Suite) -> dict[str, list[Mapping[str, str]]]:
    """Every metric's label sets, after everybody has had something to do."""
    variables = running.stack.variables
    async with httpx2.AsyncClient(base_url=running.url("USER_TEAM_PORT"), timeout=30) as client:
        admin = Admin(client)
        await admin.sign_in(variables["DJANGO_SUPERUSER_USERNAME"], variables["DJANGO_SUPERUSER_PASSWORD"])
    desk = running.desk()
    desk.assign(desk.company.people[0], desk.company.places[0])
    running.wait_mailed(desk.company.marker)
    for port, path in (("TASK_MEETING_API_PORT", "/api/users/"), ("NOTIFICATION_API_PORT", "/notifications")):
        running.rest(port).get(path)
    found: dict[str, list[Mapping[str, str]]] = {}
    until(partial(beats, running), "the connector's heartbeat is in the database", timeout_s=30)
    for job in JOBS:
        for series in scrape(running, job):
            found.setdefault(series.name, []).append(series.labels)
    return found


def beats(running: Suite) -> bool:
    return any(series.name == "pipeline_heartbeat_age_seconds" for series in scrape(running, "user-team"))


@cache
def asked() -> list[tuple[str, Selector]]:
    """Everything that is asked of our processes, with its place."""
    known = recorded() | BUILT_IN
    return [
        (expression.place, selector)
        for expression in expressions()
        for selector in selectors(expression)
        if selector.name not in known
    ]


def test_every_metric_that_is_asked_for_is_exported(exported):
    missing = {f"{place}: {selector.name}" for place, selector in asked() if selector.name not in exported}
    assert missing == set()


def test_every_selector_finds_something(exported):
    # A suite that is well answers with no 5xx.
    empty = [
        f"{place}: {selector}"
        for place, selector in asked()
        if not any(label == "status" for label, _, _ in selector.matchers)
        if not any(selector.selects(labels) for labels in exported.get(selector.name, ()))
    ]
    assert empty == []


def test_metrics_are_summed_up_by_labels_that_they_have(exported):
    unknown = [
        f"{place}: {selector.name} has no {label}"
        for place, selector in asked()
        for label in selector.grouped_by - BUILT_IN_LABELS
        if not any(label in labels for labels in exported.get(selector.name, ()))
    ]
    assert unknown == []


def test_all_services_measure_http_alike(exported):
    def shape(job):
        series = [labels for labels in exported["http_request_seconds_bucket"] if labels["job"] == job]
        return {frozenset(labels) for labels in series}, {labels["le"] for labels in series}

    assert shape("user-team") == shape("task-meeting-api") == shape("notification-api")
    assert shape("user-team")[1]


def test_no_label_holds_what_a_client_wrote(exported):
    routes = {labels["route"] for labels in exported["http_request_seconds_count"]}
    assert not {route for route in routes if any(character.isdigit() for character in route)}
