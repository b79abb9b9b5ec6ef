"""What the admin exports: change capture as its database shows it, and every request by its route."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from urllib.request import urlopen

import psycopg2
import pytest
from django.db import connection
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from user_team.metrics import REGISTRY
from user_team.pipeline import health
from user_team.pipeline.metrics import CaptureCollector
from user_team.pipeline.models import Heartbeat


@pytest.fixture
def scrape(committed_db, django_db_blocker):
    """Ask the collector; returns name → value, of slots that of the assignments' own."""
    collector = CaptureCollector(deadline_s=2)

    def ask():
        return {
            metric.name: sample.value
            for metric in collector.collect()
            for sample in metric.samples
            if sample.labels.get("slot", health.SLOT) == health.SLOT
        }

    return ask


def test_a_database_without_a_slot_says_so(scrape):
    assert scrape() == {
        "pipeline_database_up": 1,
        "pipeline_publication_present": 1,
        "pipeline_slot_present": 0,
    }


def test_a_slot_shows_its_lag_and_what_the_server_keeps_for_it(scrape, slot, committed_company):
    slot("SELECT pg_replication_slot_advance({}, pg_current_wal_lsn())")
    before = scrape()["pipeline_slot_lag_bytes"]
    committed_company.assignment()
    found = scrape()
    assert found["pipeline_slot_lag_bytes"] > before
    assert found["pipeline_slot_retained_bytes"] >= found["pipeline_slot_lag_bytes"]
    assert found["pipeline_slot_safe_bytes"] > 0
    names = ("present", "active", "lost")
    assert [found[f"pipeline_slot_{name}"] for name in names] == [1, 0, 0]


def test_a_connector_that_reads_makes_the_slot_active(scrape, slot, stack, committed_db):
    address = psycopg2.extensions.make_dsn(stack.dsn(committed_db), replication="database")
    with psycopg2.connect(address, connection_factory=psycopg2.extras.LogicalReplicationConnection) as reader:
        options = {"proto_version": "1", "publication_names": health.PUBLICATION}
        reader.cursor().start_replication(slot_name=health.SLOT, options=options)
        assert scrape()["pipeline_slot_active"] == 1
    reader.close()


def test_a_publication_without_the_table_is_as_good_as_none(scrape):
    with connection.cursor() as cursor:
        cursor.execute("ALTER PUBLICATION debezium_pub DROP TABLE teams_userassignment")
    assert scrape()["pipeline_publication_present"] == 0


def test_the_heartbeat_has_an_age(scrape):
    Heartbeat.objects.create(id=1, ts=timezone.now() - timedelta(seconds=90))
    assert 90 <= scrape()["pipeline_heartbeat_age_seconds"] < 100


def test_an_unreachable_database_is_a_metric_not_an_error(scrape, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    assert scrape() == {"pipeline_database_up": 0}


def test_a_database_that_never_answers_does_not_hold_up_the_page(monkeypatch, committed_db):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setitem(connection.settings_dict, "PORT", str(silent.getsockname()[1]))
        collector = CaptureCollector(deadline_s=0.2)
        started = time.monotonic()
        answers = [[metric.samples[0].value for metric in collector.collect()] for _ in range(3)]
        assert answers == [[0]] * 3
        assert time.monotonic() - started < 2
        silent.settimeout(0.2)
        silent.accept()[0].close()
        # One question is under way, whatever the number of scrapes.
        with pytest.raises(TimeoutError):
            silent.accept()
        collector._thread.join(10)


def test_registering_asks_nothing(monkeypatch):
    monkeypatch.setattr(CaptureCollector, "collect", lambda _self: pytest.fail("asked"))
    CollectorRegistry(auto_describe=True).register(CaptureCollector())


def served(method, route, status):
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("http_request_seconds_count", labels) or 0.0


@pytest.mark.parametrize(
    ("method", "path", "label", "route", "status"),
    [
        ("GET", "/admin/", "GET", "/admin/", 200),
        ("GET", "/admin/teams/team/17/change/", "GET", "/admin/teams/team/<path:object_id>/change/", 302),
        ("GET", "/", "GET", "/", 302),
        ("GET", "/nowhere", "GET", "unmatched", 404),
        ("GET", "/%00", "GET", "unmatched", 400),
        ("BREW", "/nowhere", "other", "unmatched", 404),
    ],
)
def test_requests_are_measured_by_their_route(admin, method, path, label, route, status):
    before = served(label, route, status)
    assert admin.generic(method, path).status_code == status
    assert served(label, route, status) == before + 1


def test_probes_and_static_files_are_not_measured(client, db):
    def total():
        return sum(
            sample.value
            for metric in REGISTRY.collect()
            if metric.name == "http_request_seconds"
            for sample in metric.samples
            if sample.name.endswith("_count")
        )

    before = total()
    for path in ("/health/live", "/health/ready", "/static/user_team/admin.css"):
        assert client.head(path).status_code == 200  # HEAD: a file would stay open
    assert total() == before


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as it:
        return it.getsockname()[1]


@pytest.fixture
def gunicorn(stack, committed_db):
    """Start the service as it runs; each process is killed at the end if it still runs."""
    started = []

    def start(**variables):
        environment = {
            **stack.environment,
            "USER_TEAM_DB_NAME": committed_db,
            "USER_TEAM_PORT": str(free_port()),
            "USER_TEAM_METRICS_PORT": str(free_port()),
            **variables,
        }
        command = ("gunicorn", "-c", "python:user_team.gunicorn", "user_team.wsgi")
        process = subprocess.Popen(
            [sys.executable, "-m", *command], env=environment, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process, environment

    yield start
    for process in started:
        process.kill()
        process.communicate()


def fetch(port, path, deadline_s=20):
    for _ in range(deadline_s * 10):
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.1)
    raise TimeoutError


def test_the_metrics_have_a_port_of_their_own(gunicorn):
    process, environment = gunicorn()
    fetch(environment["USER_TEAM_PORT"], "/admin/login/")
    text = fetch(environment["USER_TEAM_METRICS_PORT"], "/metrics")
    families = {family.name for family in text_string_to_metric_families(text)}
    assert {"pipeline_database_up", "http_request_seconds", "process_resident_memory_bytes"} <= families
    assert 'http_request_seconds_count{method="GET",route="/admin/login/",status="200"} 1.0' in text
    with pytest.raises(OSError, match="404"):
        urlopen(f"http://127.0.0.1:{environment['USER_TEAM_PORT']}/metrics", timeout=5)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(15) == 0


def test_a_taken_port_of_the_metrics_is_named(gunicorn):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process, _ = gunicorn(USER_TEAM_METRICS_PORT=str(taken.getsockname()[1]))
        _, log = process.communicate(timeout=30)
    assert process.returncode != 0
    assert "(USER_TEAM_METRICS_PORT)" in log
