"""Around the chart: experiments hit something, Argo CD finds it, and documents name the right versions."""

import re
from collections.abc import Iterator

import pytest
import yaml

from connector.contracts import REPOSITORY
from harness.helm import CHART, of, render

DEPLOY = REPOSITORY / "deploy"
EXPERIMENTS = sorted((DEPLOY / "chaos-mesh").glob("*.yaml"))
PROCESS = "app.kubernetes.io/name"
# Labels that operators give to their pods, so that the chart's output does not have them.
OPERATED = {
    ("strimzi.io/kind", "KafkaConnect"),
    ("strimzi.io/broker-role", "true"),
    ("cnpg.io/instanceRole", "primary"),
    ("cnpg.io/instanceRole", None),
}


def selected(value: object) -> Iterator[tuple[str, str | None]]:
    """Every label that an experiment selects by, with each of its values; None for any value."""
    if isinstance(value, dict):
        yield from value.get("labelSelectors", {}).items()
        for expression in value.get("expressionSelectors", []):
            yield from ((expression["key"], one) for one in expression.get("values", [None]))
        for part in value.values():
            yield from selected(part)


@pytest.mark.parametrize("file", EXPERIMENTS, ids=lambda file: file.stem)
def test_an_experiment_selects_pods_that_there_are(file):
    experiment = yaml.safe_load(file.read_text(encoding="utf-8"))
    pods = [document["spec"]["template"]["metadata"]["labels"] for document in of(render(), "Deployment")]
    known = OPERATED | {label for labels in pods for label in labels.items()}
    labels = set(selected(experiment["spec"]))
    assert labels, "it would hit everything in the namespace"
    assert labels - known == set()


def test_experiments_are_named_alike_listed_and_said_what_must_hold():
    page = (DEPLOY / "chaos-mesh" / "README.md").read_text(encoding="utf-8")
    assert len(EXPERIMENTS) >= 15
    for file in EXPERIMENTS:
        text = file.read_text(encoding="utf-8")
        experiment = yaml.safe_load(text)
        row = int(file.stem.partition("-")[0])
        assert experiment["metadata"] == {"name": file.stem, "namespace": "team-suite"}
        assert re.match(rf"# Row {row}\b.*\n(#.*\n)*?# Must hold: .*\n(# .*\n)*# See: ", text), file.name
        assert f"| {row} |" in page, file.name
        assert f"({file.name})" in page, file.name


def test_metrics_that_experiments_speak_of_exist():
    source = "".join(file.read_text(encoding="utf-8") for file in REPOSITORY.glob("*/src/*/metrics.py"))
    named = {
        name
        for file in EXPERIMENTS
        for name in re.findall(r"\b(?:consumer|mail)_[a-z_]+\b", file.read_text("utf-8"))
    }
    missing = {name for name in named if f'"{name.removesuffix("_total")}"' not in source}
    assert named
    assert missing == set()


def test_argo_cd_installs_the_chart_of_this_repository():
    application = yaml.safe_load((DEPLOY / "argocd" / "application.yaml").read_text(encoding="utf-8"))["spec"]
    assert REPOSITORY / application["source"]["path"] == CHART
    for file in application["source"]["helm"]["valueFiles"]:
        assert (CHART / file).is_file()
    assert application["destination"]["namespace"] == "team-suite"


def test_documents_name_the_versions_that_were_validated_against():
    script = (DEPLOY / "bin" / "vendor_schemas.py").read_text(encoding="utf-8")
    versions = set(re.findall(r'@v(\d+\.\d+\.\d+)"', script)) | set(
        re.findall(r'^STRIMZI = "(.*)"', script, re.MULTILINE)
    )
    assert len(versions) == 5
    for page in (DEPLOY / "schemas" / "README.md", REPOSITORY / "docs" / "kubernetes.md"):
        text = page.read_text(encoding="utf-8")
        assert {version for version in versions if version not in text} == set(), page.name
