"""The start page knows how change capture is doing, from this service's own database."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from user_team.pipeline import health
from user_team.pipeline.health import State, read_health
from user_team.pipeline.models import Heartbeat


def test_without_a_slot_the_page_says_so(admin):
    response = admin.get("/admin/")
    assert response.context["health"].state == State.ABSENT
    assert "Not connected" in response.content.decode()


def test_what_the_connector_has_not_read_yet_is_counted(committed_company, slot):
    confirmed = committed_company.assignment()
    slot("SELECT pg_replication_slot_advance({}, pg_current_wal_lsn())")
    committed_company.assignment()
    report = read_health()
    assert report.waiting == 1
    assert report.slot.lag_bytes > 0
    assert report.last_captured == confirmed
    slot("SELECT pg_replication_slot_advance({}, pg_current_wal_lsn())")
    assert read_health().waiting == 0


def test_a_slot_that_nobody_reads_is_stopped(committed_company, slot, sign_in):
    assert read_health().state == State.STOPPED
    assert "Stopped" in sign_in(committed_company.administrator()).get("/admin/").content.decode()


def test_the_age_of_the_heartbeat_is_shown(admin):
    Heartbeat.objects.create(id=1, ts=timezone.now() - timedelta(seconds=90))
    assert "90 seconds ago" in admin.get("/admin/").content.decode()


@pytest.mark.parametrize(
    ("values", "age", "state"),
    [
        ({}, 1, State.WORKING),
        ({}, None, State.WORKING),
        ({}, 61, State.BEHIND),
        ({"lag_bytes": 65 * 1024 * 1024}, 1, State.BEHIND),
        ({"active": False}, 1, State.STOPPED),
        ({"wal_status": "lost", "active": False}, 1, State.LOST),
    ],
)
def test_the_worst_sign_decides(values, age, state):
    healthy = {"is_ours": True, "active": True, "wal_status": "reserved", "lag_bytes": 0, "confirmed": 0}
    slot = health.Slot(**{**healthy, "retained_bytes": 0, "safe_bytes": None, **values})
    assert health._state(slot, None if age is None else timedelta(seconds=age)) == state


def test_a_missing_slot_of_the_outbox_is_a_loss(committed_company, slot, monkeypatch):
    monkeypatch.setattr(health, "OUTBOX_SLOT", "no_such_slot")
    assert read_health().state == State.LOST


def test_health_is_asked_over_http(client, db):
    assert client.get("/health/live").json() == {"status": "ok"}
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "checks": {"database": "ok"}})


def test_pending_migrations_are_not_ready(client, db):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'pipeline'")
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()["checks"]) == (503, {"database": "migrations pending"})


def test_an_unreachable_database_is_not_ready_but_alive(client, django_db_blocker, monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "PORT", "1")
    with django_db_blocker.unblock():
        connection.close()
        ready = client.get("/health/ready")
        connection.close()
    assert (ready.status_code, ready.json()["checks"]) == (503, {"database": "unreachable"})
    assert client.get("/health/live").status_code == 200
