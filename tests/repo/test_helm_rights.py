"""What the chart lets each process and each role do: no more than it must."""

import json
import re
from collections.abc import Iterator

import pytest

from connector.contracts import REPOSITORY
from harness.helm import INSTALLATIONS, containers, of, render, the, variables, workloads


@pytest.fixture(scope="module", params=INSTALLATIONS.values(), ids=INSTALLATIONS.keys())
def chart(request) -> list[dict]:
    return render(*request.param)


def secret_references(value: object) -> Iterator[tuple[str, str]]:
    """Secret and key of every reference in a manifest."""
    if isinstance(value, dict):
        if reference := value.get("secretKeyRef"):
            yield reference["name"], reference["key"]
        for part in value.values():
            yield from secret_references(part)
    elif isinstance(value, list):
        for part in value:
            yield from secret_references(part)


def test_there_is_no_secret_but_by_reference(chart):
    assert "Secret" not in {document["kind"] for document in chart}
    for name, container in containers(chart):
        literal = [
            variable
            for variable, value in variables(container).items()
            if value and re.search(r"PASSWORD|SECRET|TOKEN", variable)
        ]
        assert literal == [], name
    connect = the(chart, "KafkaConnect")["spec"]["template"]["connectContainer"]
    assert variables(connect)["DEBEZIUM_DB_PASSWORD"] is None


def test_every_secret_that_is_needed_is_documented(chart):
    page = (REPOSITORY / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    missing = [
        (name, key)
        for name, key in secret_references(chart)
        if f"`{name}`" not in page or f"`{key}`" not in page
    ]
    assert missing == []


def test_no_container_of_ours_may_anything(chart):
    for name, pod in workloads(chart):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] == 10001, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
    for name, container in containers(chart):
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True, name
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"] == {"drop": ["ALL"]}, name
        assert container["resources"]["limits"].keys() == {"cpu", "memory"}, name
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}, name
    for account in of(chart, "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


def test_every_process_has_probes_and_a_disruption_budget(chart):
    budgets = [document["spec"]["selector"]["matchLabels"] for document in of(chart, "PodDisruptionBudget")]
    for document in of(chart, "Deployment"):
        (container,) = document["spec"]["template"]["spec"]["containers"]
        probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
        assert {probe["port"] for probe in probes.values()} == {"http"}
        assert [probe["path"] for probe in probes.values()] == [
            "/health/live",
            "/health/live",
            "/health/ready",
        ]
        assert document["spec"]["selector"]["matchLabels"] in budgets


def policies_for(chart: list[dict], labels: dict[str, str]) -> list[dict]:
    """The specs of the policies that select pods by these labels, not counting those that select all."""
    selectors = [
        (document["spec"]["podSelector"].get("matchLabels"), document["spec"])
        for document in of(chart, "NetworkPolicy")
    ]
    return [spec for selector, spec in selectors if selector and selector.items() <= labels.items()]


def test_nothing_is_spoken_to_but_by_a_policy(chart):
    everything = [
        document["spec"] for document in of(chart, "NetworkPolicy") if document["spec"]["podSelector"] == {}
    ]
    assert everything == [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}]
    for name, pod in workloads(chart):
        (policy,) = policies_for(chart, pod["metadata"]["labels"])
        assert policy["policyTypes"] == ["Ingress", "Egress"], name


def test_each_process_reaches_what_it_has_an_address_of(chart):
    for name, pod in workloads(chart):
        (policy,) = policies_for(chart, pod["metadata"]["labels"])
        needed = {"53"}
        for container in pod["spec"].get("initContainers", []) + pod["spec"]["containers"]:
            given = variables(container)
            needed |= {given["POSTGRES_PORT"]}
            needed |= {
                address.rpartition(":")[2] for address in [given.get("KAFKA_BOOTSTRAP_SERVERS")] if address
            }
            needed |= {port for port in [given.get("NOTIFICATION_SMTP_PORT")] if port}
            needed |= {"8000"} if "AUTH_JWKS_URL" in given else set()
        ports = {str(port["port"]) for rule in policy["egress"] for port in rule["ports"]}
        assert ports == needed, name


def test_the_keys_of_tokens_are_asked_of_the_issuer_by_those_who_verify(chart):
    """By the name and through the door that it has for them; what it calls itself is the same everywhere."""
    given = {name: variables(container) for name, container in containers(chart)}
    verifiers = {name for name, found in given.items() if "AUTH_JWKS_URL" in found}
    assert verifiers == {"suite-task-meeting-api", "suite-notification-api"}
    assert {given[name]["AUTH_JWKS_URL"] for name in verifiers} == {
        f"http://{given['suite-user-team']['USER_TEAM_INTERNAL_HOSTS']}/.well-known/jwks.json"
    }
    assert len({given[name]["AUTH_ISSUER"] for name in (*verifiers, "suite-user-team")}) == 1
    (policy,) = policies_for(
        chart, {"app.kubernetes.io/name": "user-team", "app.kubernetes.io/instance": "suite"}
    )
    let_in = {
        f"suite-{peer['podSelector']['matchLabels']['app.kubernetes.io/name']}"
        for rule in policy["ingress"]
        for peer in rule["from"]
        if "podSelector" in peer
    }
    assert let_in == verifiers


def test_only_a_process_with_a_name_for_people_is_open_to_the_ingress():
    given = render("--set", "ingress.enabled=true,services.user-team.host=admin.example.org")
    (ingress,) = of(given, "Ingress")
    assert ingress["spec"]["rules"][0]["host"] == "admin.example.org"
    peers = {
        document["metadata"]["name"]
        for document in of(given, "NetworkPolicy")
        if "ingress-nginx" in json.dumps(document["spec"].get("ingress", []))
    }
    assert peers == {"suite-user-team"}


def test_the_slot_outlives_the_primary(chart):
    spec = the(chart, "Cluster")["spec"]
    parameters = spec["postgresql"]["parameters"]
    assert spec["instances"] >= 2
    assert spec["replicationSlots"]["highAvailability"] == {
        "enabled": True,
        "synchronizeLogicalDecoding": True,
    }
    assert (parameters["sync_replication_slots"], parameters["hot_standby_feedback"]) == ("on", "on")
    assert spec["postgresql"]["synchronous"]["dataDurability"] == "required"
    assert parameters["max_slot_wal_keep_size"].removesuffix("GB").isdigit(), (
        "a dead slot may not fill the disk"
    )


def test_every_role_reaches_its_own_database_only(chart):
    spec = the(chart, "Cluster")["spec"]
    databases = {document["spec"]["owner"]: document["spec"]["name"] for document in of(chart, "Database")}
    roles = {role["name"] for role in spec["managed"]["roles"]}
    assert roles == {*databases, "debezium", "viewer"}
    *rules, last = [rule.split() for rule in spec["postgresql"]["pg_hba"]]
    assert last == ["host", "all", "all", "all", "reject"]
    assert {rule[0] for rule in rules} == {"hostssl"}
    reach = {(rule[2], rule[1]) for rule in rules}
    assert reach == {
        *databases.items(),
        *(("debezium", name) for name in (databases["user_team"], databases["task_meeting"])),
        *(("viewer", name) for name in databases.values()),
    }


def test_roles_that_migrations_grant_rights_to_exist_before_anybody_connects(chart):
    initdb = the(chart, "Cluster")["spec"]["bootstrap"]["initdb"]
    assert {"CREATE ROLE debezium", "CREATE ROLE viewer"} <= set(initdb["postInitSQL"])


def test_text_compares_as_in_every_other_stack(chart):
    initdb = the(chart, "Cluster")["spec"]["bootstrap"]["initdb"]
    compose = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    options = (
        f"--encoding={initdb['encoding']} --locale-provider={initdb['localeProvider']}"
        f" --builtin-locale={initdb['builtinLocale']} --locale={initdb['locale']}"
    )
    assert options in compose
