"""When migrations run: beside everything else on a new database, before everything else on one that is there.

The chart asks the cluster which it is. There is none here, only a server that answers as one with two of the
three databases would.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from harness.helm import of, render

OWNED = {"app.kubernetes.io/managed-by": "Helm"}
OF_OUR_RELEASE = {"meta.helm.sh/release-name": "suite", "meta.helm.sh/release-namespace": "default"}
Pages = dict[str, dict]


def pages_of(chart: list[dict], *databases: str) -> Pages:
    """What an API server says that knows every kind of the chart and holds these databases."""
    kinds = sorted({(document["apiVersion"], document["kind"]) for document in chart})
    versions = {version: [kind for known, kind in kinds if known == version] for version, _ in kinds}
    there = "/apis/postgresql.cnpg.io/v1/namespaces/default/databases"
    return {
        "/version": {"major": "1", "minor": "37", "gitVersion": "v1.37.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {
            "kind": "APIGroupList",
            "groups": [group_of(version) for version in versions if "/" in version],
        },
        **{
            f"/apis/{version}" if "/" in version else f"/api/{version}": resources_of(version, known)
            for version, known in versions.items()
        },
        **{
            f"{there}/{name}": {
                "apiVersion": "postgresql.cnpg.io/v1",
                "kind": "Database",
                "metadata": {"name": name, "labels": OWNED, "annotations": OF_OUR_RELEASE},
            }
            for name in databases
        },
    }


def group_of(version: str) -> dict:
    group, _, short = version.partition("/")
    described = {"groupVersion": version, "version": short}
    return {"name": group, "versions": [described], "preferredVersion": described}


def resources_of(version: str, kinds: list[str]) -> dict:
    resources = [
        {"name": f"{kind.lower()}s", "namespaced": True, "kind": kind, "verbs": ["get"]} for kind in kinds
    ]
    return {"kind": "APIResourceList", "groupVersion": version, "resources": resources}


class _Cluster(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = self.server.pages.get(self.path.partition("?")[0])
        missing = {"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}
        body = json.dumps(missing if page is None else page).encode()
        self.send_response(404 if page is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def cluster(monkeypatch, tmp_path) -> Iterator[str]:
    monkeypatch.setenv("KUBECACHEDIR", str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), _Cluster) as server:
        server.pages = pages_of(render(), "suite-user-team", "suite-task-meeting")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def hooks(chart: list[dict]) -> dict[str, str | None]:
    """Per migration, when helm runs it; None for a plain Job."""
    return {
        job["metadata"]["name"]: job["metadata"]["annotations"].get("helm.sh/hook")
        for job in of(chart, "Job")
    }


def on(cluster: str, *arguments: str) -> dict[str, str | None]:
    server = f"--kube-apiserver={cluster}"
    return hooks(render("--dry-run=server", "--disable-openapi-validation", server, *arguments))


def test_a_database_that_is_there_is_migrated_before_anything_changes(cluster):
    assert on(cluster, "--is-upgrade") == {
        "suite-user-team-migrate": "pre-upgrade",
        "suite-task-meeting-migrate": "pre-upgrade",
        "suite-notification-migrate": None,
    }


def test_databases_that_a_removed_release_left_are_migrated_by_the_next_one(cluster):
    assert set(on(cluster).values()) == {None}


def test_a_new_installation_waits_for_no_hook():
    assert set(hooks(render()).values()) == {None}


def test_argo_cd_migrates_between_the_databases_and_the_services():
    chart = render()
    waves = {
        kind: {
            int(found["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-wave", 0))
            for found in of(chart, kind)
        }
        for kind in ("NetworkPolicy", "Cluster", "Job", "Deployment", "KafkaConnector")
    }
    assert waves == {
        "NetworkPolicy": {-1},
        "Cluster": {0},
        "Job": {1},
        "Deployment": {2},
        "KafkaConnector": {2},
    }
    for job in of(chart, "Job"):
        assert job["metadata"]["annotations"]["argocd.argoproj.io/hook"] == "Sync"
