"""The Helm chart says what the rest of the repository says."""

import re
import subprocess
from types import SimpleNamespace

import pytest
import yaml
from dotenv import dotenv_values

from connector import definition
from connector.contracts import REPOSITORY, TOPICS, load_topics
from harness.compose_files import told_alone
from harness.helm import INSTALLATIONS, containers, of, render, template, the, tool, variables
from local_stack.parts import Process
from local_stack.services import PARTS

SCHEMAS = REPOSITORY / "deploy" / "schemas" / "{{.ResourceKind}}{{.KindSuffix}}.json"
# Gunicorn's own: whose word it takes for "this person came by https". And psql's.
FOREIGN_VARIABLES = {"FORWARDED_ALLOW_IPS", "PGPASSWORD"}
# A name for each pod, which a Deployment does not give.
NAMES_OF_PODS = {"NOTIFICATION_CONSUMER_INSTANCE_ID", "TASK_MEETING_CONSUMER_INSTANCE_ID"}


@pytest.fixture(scope="module", params=INSTALLATIONS.values(), ids=INSTALLATIONS.keys())
def chart(request) -> list[dict]:
    return render(*request.param)


def test_it_runs_the_processes_of_the_local_stack(chart):
    processes = {part.name: part for part in PARTS if isinstance(part, Process)}
    expected = {
        f"suite-{name}": list(part.command(SimpleNamespace(environ={})).argv[2:])
        for name, part in processes.items()
    }
    found = {
        document["metadata"]["name"]: document["spec"]["template"]["spec"]["containers"][0]["args"]
        for document in of(chart, "Deployment")
    }
    assert found == expected


def test_it_migrates_as_the_local_stack_does(chart):
    found = {
        args
        for name, container in containers(chart)
        if name.endswith("-migrate") and container["name"] != "slot"
        for args in [" ".join(container["args"])]
    }
    assert found == {
        "user_team migrate --no-input",
        "user_team ensure_superuser",
        "task_meeting migrate",
        "notification migrate",
    }


def test_topics_are_those_of_the_contracts(chart):
    expected = {
        topic.name: (topic.partitions, 3, dict(topic.config))  # the contract's factor is that of one node
        for topic in load_topics()
    }
    found = {}
    for document in of(chart, "KafkaTopic"):
        spec = document["spec"]
        config = {name: str(value) for name, value in spec["config"].items()}
        found[spec["topicName"]] = (spec["partitions"], spec["replicas"], config)
    assert found == expected


def test_the_connectors_are_those_of_every_stack_but_for_the_failover_of_their_slots(chart):
    found = {}
    for connector in of(chart, "KafkaConnector"):
        spec = connector["spec"]
        found[connector["metadata"]["name"]] = {
            "connector.class": spec["class"],
            "tasks.max": str(spec["tasksMax"]),
            **spec["config"],
        }
    assert found == {one.name: {**one.config, "slot.failover": "true"} for one in definition.load_all()}


def test_the_slot_of_each_outbox_is_made_before_the_migrations_of_its_database(chart):
    made = {}
    for document in of(chart, "Job"):
        first, *_ = document["spec"]["template"]["spec"].get("initContainers", [{"name": "none"}])
        if first["name"] == "slot":
            slot = re.search(r"create_logical_replication_slot\('(\w+)'.*failover => true", first["args"][-1])
            made[slot[1]] = first["args"]
    outboxes = [one for one in definition.load_all() if one.needs_its_slot]
    assert made.keys() == {one.slot for one in outboxes}
    connect = the(chart, "KafkaConnect")["spec"]["template"]["connectContainer"]
    for outbox in outboxes:
        (variable,) = definition.variables_in(outbox.config["database.dbname"])
        assert f"--dbname={variables(connect)[variable]}" in made[outbox.slot]


def test_the_connectors_may_read_the_variables_that_they_need_and_no_others(chart):
    spec = the(chart, "KafkaConnect")["spec"]
    needed = {name for one in definition.load_all() for name in one.variables}
    given = {entry["name"] for entry in spec["template"]["connectContainer"]["env"]}
    assert given == needed
    assert set(spec["config"]["config.providers.env.param.allowlist.pattern"].split("|")) == needed


def test_debezium_is_the_version_of_every_stack():
    coordinates = (REPOSITORY / "debezium" / "jars.lock").read_text(encoding="utf-8")
    (artifact,) = the(render(), "KafkaConnect")["spec"]["build"]["plugins"][0]["artifacts"]
    assert f" {artifact['group']}:{artifact['artifact']}:{artifact['version']} " in coordinates


def test_alerts_are_those_that_promtool_has_tested():
    rules = REPOSITORY / "deploy" / "prometheus" / "rules"
    expected = {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in rules.glob("*.yml")}
    given = of(render("--set", "monitoring.enabled=true"), "PrometheusRule")
    found = {document["metadata"]["name"].removeprefix("suite-"): document["spec"] for document in given}
    assert found == expected


def test_every_variable_is_one_of_env_example(chart):
    documented = dotenv_values(REPOSITORY / ".env.example", interpolate=False).keys()
    used = {name for _, container in containers(chart) for name in variables(container)}
    used |= {
        entry["name"] for entry in the(chart, "KafkaConnect")["spec"]["template"]["connectContainer"]["env"]
    }
    assert used - documented - FOREIGN_VARIABLES == set()


def test_what_compose_passes_on_to_one_process_alone_the_chart_says_too(chart):
    told = told_alone()
    processes = [document["metadata"]["name"] for document in of(chart, "Deployment")]
    missing = {
        name: left
        for name, container in containers(chart)
        if name in processes
        and (
            left := told.get(name.removeprefix("suite-"), set()) - variables(container).keys() - NAMES_OF_PODS
        )
    }
    assert missing == {}


def test_what_the_sender_is_told_is_what_is_documented(chart):
    documented = dotenv_values(REPOSITORY / ".env.example", interpolate=False)
    (sender,) = (one for name, one in containers(chart) if name == "suite-notification-sender")
    told = told_alone()["notification-sender"]
    assert "NOTIFICATION_DOMAIN_LIMITS" in told
    assert {name: variables(sender)[name] for name in told} == {name: documented[name] for name in told}


def test_every_port_variable_says_the_containers_port(chart):
    for name, container in containers(chart):
        given = {
            value
            for variable, value in variables(container).items()
            if re.fullmatch(r".*(API|CONSUMER|JOBS|SENDER|TEAM|METRICS)_PORT", variable)
        }
        assert given == {str(port["containerPort"]) for port in container.get("ports", [])}, name


@pytest.mark.parametrize(
    ("host", "address"),
    [("", "http://suite-task-meeting-api"), ("tasks.example.org", "https://tasks.example.org")],
    ids=["inside", "ingress"],
)
def test_links_to_calendars_begin_with_the_name_that_people_use(host, address):
    given = render("--set", f"services.task-meeting-api.host={host}")
    (api,) = (container for name, container in containers(given) if name == "suite-task-meeting-api")
    assert variables(api)["TASK_MEETING_PUBLIC_URL"] == address


@pytest.mark.parametrize(
    ("host", "address"),
    [("", "http://suite-notification-api"), ("mail.example.org", "https://mail.example.org")],
    ids=["inside", "ingress"],
)
def test_links_to_unsubscribe_lead_to_the_api_by_the_name_that_people_use(host, address):
    given = dict(containers(render("--set", f"services.notification-api.host={host}")))
    for process in ("suite-notification-sender", "suite-notification-api"):
        assert variables(given[process])["NOTIFICATION_PUBLIC_URL"] == address


def test_consumers_scale_on_the_lags_of_their_own_group_up_to_the_partitions(chart):
    contracts = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in TOPICS.glob("*.yaml")]
    allowed = {
        (contract["topic"], consumer["group"]): contract["partitions"]
        for contract in contracts
        for consumer in contract["consumers"]
    }
    seen = set()
    for document in of(chart, "ScaledObject"):
        for trigger in document["spec"]["triggers"]:
            place = trigger["metadata"]["topic"], trigger["metadata"]["consumerGroup"]
            seen.add(place)
            assert (
                document["spec"]["minReplicaCount"] <= document["spec"]["maxReplicaCount"] <= allowed[place]
            )
        target = document["spec"]["scaleTargetRef"]["name"]
        deployment = next(found for found in of(chart, "Deployment") if found["metadata"]["name"] == target)
        assert "replicas" not in deployment["spec"], "KEDA and the chart would both count"
    assert seen == allowed.keys()


def test_more_consumers_than_partitions_are_not_started_without_keda_either():
    scaled = render("--set", "autoscaling.enabled=false,services.task-meeting-consumer.scaling.min=99")
    deployment = next(
        found
        for found in of(scaled, "Deployment")
        if found["metadata"]["name"] == "suite-task-meeting-consumer"
    )
    assert deployment["spec"]["replicas"] == load_topics()[0].partitions


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        ("services.user-team.prot=8000", "additional properties 'prot' not allowed"),
        ("services.user-team.port=high", "got string, want integer"),
        ("services.user-team.database=nowhere", "services.user-team.database"),
        (
            "services.task-meeting-consumer.consumes.topics[0]=unknown",
            'contracts/topics has no topic "unknown"',
        ),
        ("services.task-meeting-consumer.consumes.as=unknown", 'has no consumer "unknown"'),
        ("services.user-team.tokens=verifies", "exactly one of services has to have tokens: issues"),
        ("kafka.nodes=1", "minimum: got 1, want 3"),
        ("postgres.instances=1", "minimum: got 1, want 2"),
    ],
)
def test_a_wrong_value_is_refused_in_words(mistake, words):
    done = template("--set", mistake)
    assert done.returncode != 0
    assert words in done.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {prots: []}}",
        "{apiVersion: kafka.strimzi.io/v1, kind: KafkaTopic, metadata: {name: a}, spec: {partition: 1}}",
        "{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: a}, spec: {instances: three}}",
        "{apiVersion: chaos-mesh.org/v1alpha1, kind: PodChaos, metadata: {name: a}, spec: {action: kill}}",
        "{apiVersion: example.org/v1, kind: Unknown, metadata: {name: a}}",
    ],
)
def test_the_lint_refuses_what_no_api_server_would_take(wrong):
    command = [tool("kubeconform"), "-strict", "-schema-location", str(SCHEMAS)]
    assert subprocess.run(command, input=wrong, text=True, capture_output=True, check=False).returncode != 0
