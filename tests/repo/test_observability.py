"""Alerts, their tests, their runbooks and the dashboards agree with each other."""

import re
import shutil
import subprocess

import pytest
from dotenv import dotenv_values

from harness.observability import (
    GRAFANA,
    JOBS,
    PROMETHEUS,
    ROOT,
    alerts,
    dashboards,
    expressions,
    load,
    selectors,
)

RUNBOOKS = ROOT / "docs" / "runbooks"


@pytest.mark.skipif(
    shutil.which("promtool") is None,
    reason="promtool is not on PATH; it comes with Prometheus (Debian: package prometheus)",
)
def test_promtool_accepts_the_configuration_and_every_unit_test():
    done = subprocess.run(
        [ROOT / "deploy" / "bin" / "promtool-check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_is_scraped_on_the_port_that_it_listens_on():
    documented = dotenv_values(ROOT / ".env.example")
    services = load(ROOT / "docker-compose.yml")["services"]
    scraped = {
        job["job_name"]: job["dns_sd_configs"][0]
        for job in load(PROMETHEUS / "prometheus.yml")["scrape_configs"]
        if "dns_sd_configs" in job
    }
    assert scraped.keys() == JOBS.keys()
    for job, found in scraped.items():
        assert found["names"] == [job]
        assert job in services
        assert str(found["port"]) == documented[JOBS[job]]


def test_a_service_that_has_no_process_at_all_is_missed():
    missed = {
        value for selector in selectors_of("ServiceMissing") for label, _, value in selector.matchers if label
    }
    assert missed == JOBS.keys()


def selectors_of(alert):
    return [found for it in expressions() if it.place == alert for found in selectors(it)]


@pytest.mark.parametrize("name", alerts())
def test_an_alert_says_how_bad_it_is_and_what_to_do(name):
    alert = alerts()[name]
    assert alert["labels"]["severity"] in {"critical", "warning"}
    assert alert["annotations"].keys() == {"summary", "description", "runbook_url"}
    runbook = ROOT / alert["annotations"]["runbook_url"]
    assert runbook.is_file()
    assert f"`{name}`" in runbook.read_text(encoding="utf-8"), "the runbook's sign names the alert"


@pytest.mark.parametrize("name", alerts())
def test_an_alert_is_tested_to_fire_and_to_be_silent(name):
    expected = [
        bool(check.get("exp_alerts"))
        for file in (PROMETHEUS / "tests").glob("*.yml")
        for group in load(file)["tests"]
        for check in group["alert_rule_test"]
        if check["alertname"] == name
    ]
    assert set(expected) == {True, False}


def test_the_table_of_runbooks_names_every_page_and_every_alert():
    table = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    pages = {file.name for file in RUNBOOKS.glob("*.md")} - {"README.md"}
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", table)) == pages
    rows = [line for line in table.splitlines() if line.startswith("|")]
    listed = {
        name: f"docs/runbooks/{page}"
        for row in rows
        for page in re.findall(r"\(([\w-]+\.md)\)", row)
        for name in re.findall(r"`([A-Z]\w+)`", row)
    }
    assert listed == {name: alert["annotations"]["runbook_url"] for name, alert in alerts().items()}


def test_dashboards_are_told_apart_and_stand_alone():
    found = dashboards()
    assert len({dashboard["uid"] for dashboard in found.values()}) == len(found)
    (source,) = load(GRAFANA / "provisioning" / "datasources" / "prometheus.yml")["datasources"]
    for name, dashboard in found.items():
        assert "id" not in dashboard, name
        panels = dashboard["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels), name
        for panel in [*panels, *dashboard["templating"]["list"]]:
            assert panel["datasource"] == {"type": source["type"], "uid": source["uid"]}, name


@pytest.mark.parametrize("name", dashboards())
def test_every_panel_says_what_it_shows(name):
    for panel in dashboards()[name]["panels"]:
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert all(target["legendFormat"] for target in panel["targets"]), panel["title"]


@pytest.mark.parametrize("name", dashboards())
def test_no_two_panels_lie_on_each_other(name):
    taken = set()
    for panel in dashboards()[name]["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells
