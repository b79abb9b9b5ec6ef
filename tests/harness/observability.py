"""What deploy/prometheus and deploy/grafana say: rules, alerts, dashboards, and what they ask for."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import promql_parser
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
GRAFANA = ROOT / "deploy" / "grafana"
# Each job is a process, with the variable of the port that its metrics are on.
JOBS = {
    "user-team": "USER_TEAM_METRICS_PORT",
    "task-meeting-api": "TASK_MEETING_API_PORT",
    "task-meeting-consumer": "TASK_MEETING_CONSUMER_PORT",
    "task-meeting-jobs": "TASK_MEETING_JOBS_PORT",
    "notification-api": "NOTIFICATION_API_PORT",
    "notification-consumer": "NOTIFICATION_CONSUMER_PORT",
    "notification-sender": "NOTIFICATION_SENDER_PORT",
}
_LABEL_VALUES = re.compile(r"label_values\((?P<metric>\w+), (?P<label>\w+)\)")
# Grafana fills these in; a variable of a dashboard stands for a regular expression.
_INTERVAL = re.compile(r"\$__\w+")
_VARIABLE = re.compile(r"\$\w+")


class Expression(NamedTuple):
    """A PromQL expression and where it stands."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric's name and what its labels must be, e.g. `up{job="a"}`."""

    name: str
    matchers: tuple[tuple[str, promql_parser.MatchOp, str], ...]
    # The labels by which it is summed up, or joined, further out.
    grouped_by: frozenset[str]

    def selects(self, labels: Mapping[str, str]) -> bool:
        return all(_matches(op, labels.get(label, ""), value) for label, op, value in self.matchers)

    def __str__(self) -> str:
        matchers = ",".join(f"{label} {op} {value}" for label, op, value in self.matchers)
        return f"{self.name}{{{matchers}}}"


def _matches(op: promql_parser.MatchOp, given: str, wanted: str) -> bool:
    match op:
        case promql_parser.MatchOp.Equal:
            return given == wanted
        case promql_parser.MatchOp.NotEqual:
            return given != wanted
        case promql_parser.MatchOp.Re:
            return re.fullmatch(wanted, given) is not None
        case _:
            return re.fullmatch(wanted, given) is None


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def rules() -> list[dict[str, Any]]:
    """All rules, alerting and recording."""
    files = sorted((PROMETHEUS / "rules").glob("*.yml"))
    return [rule for file in files for group in load(file)["groups"] for rule in group["rules"]]


def alerts() -> dict[str, dict[str, Any]]:
    """The alerting rules by their names."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def recorded() -> set[str]:
    """The names of what the recording rules make."""
    return {rule["record"] for rule in rules() if "record" in rule}


def dashboards() -> dict[str, dict[str, Any]]:
    """The dashboards by their file's name."""
    files = sorted((GRAFANA / "dashboards").glob("*.json"))
    return {file.name: json.loads(file.read_text(encoding="utf-8")) for file in files}


def expressions() -> Iterator[Expression]:
    """Every expression of the rules and the dashboards."""
    for rule in rules():
        yield Expression(rule.get("alert") or rule["record"], rule["expr"])
    for name, dashboard in dashboards().items():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                yield Expression(f"{name}: {panel['title']}", target["expr"])
        for variable in dashboard["templating"]["list"]:
            match = _LABEL_VALUES.fullmatch(variable["query"])
            assert match, variable["query"]
            # The variable's values are those of this label.
            yield Expression(f"{name}: ${variable['name']}", f"sum by ({match['label']}) ({match['metric']})")


def selectors(expression: Expression) -> list[Selector]:
    """What an expression asks for."""
    text = _VARIABLE.sub(".+", _INTERVAL.sub("5m", expression.text))
    return list(_selectors(promql_parser.parse(text), frozenset()))


def _selectors(node: promql_parser.Expr, grouped_by: frozenset[str]) -> Iterator[Selector]:
    match node:
        case promql_parser.VectorSelector():
            yield Selector(node.name, _matchers(node), grouped_by)
        case promql_parser.MatrixSelector():
            yield from _selectors(node.vector_selector, grouped_by)
        case promql_parser.AggregateExpr():
            yield from _selectors(node.expr, frozenset(node.modifier.labels) if node.modifier else grouped_by)
        case promql_parser.BinaryExpr():
            yield from _selectors(node.lhs, grouped_by)
            yield from _selectors(node.rhs, grouped_by)
        case promql_parser.Call():
            for argument in node.args:
                yield from _selectors(argument, grouped_by)
        case promql_parser.ParenExpr() | promql_parser.UnaryExpr() | promql_parser.SubqueryExpr():
            yield from _selectors(node.expr, grouped_by)
        case promql_parser.NumberLiteral() | promql_parser.StringLiteral():
            pass
        case _:
            raise AssertionError(f"an expression of an unknown kind: {type(node).__name__}")


def _matchers(node: promql_parser.VectorSelector) -> tuple[tuple[str, promql_parser.MatchOp, str], ...]:
    return tuple((matcher.name, matcher.op, matcher.value) for matcher in node.matchers.matchers)
