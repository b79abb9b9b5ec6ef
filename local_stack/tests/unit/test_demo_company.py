"""The company of the examples, and its copies."""

import pytest

from local_stack.demo.act import COMPANY
from local_stack.demo.company import Company
from local_stack.demo.timing import percentile


@pytest.fixture(scope="module")
def company():
    return Company.read(COMPANY)


def test_it_is_as_big_as_promised(company):
    projects = company.tables["3-projects.csv"].lines
    assert (len(company.people), len(projects), len(company.teams)) == (60, 5, 12)
    assert len(company.assignments) == 150


def test_everybody_of_it_is_assigned_and_some_without_a_team(company):
    assert {it.email for it in company.assignments} == {person.email for person in company.people}
    assert any(not it.team for it in company.assignments)


def test_the_first_copy_is_the_files_themselves(company):
    assert company.numbered(1) is company


def test_a_further_copy_shares_nothing_unique(company):
    copy = company.numbered(2)
    assert copy.organization != company.organization
    assert not {it.email for it in copy.people} & {it.email for it in company.people}
    assert not set(copy.teams) & set(company.teams)
    assert len(copy.assignments) == len(company.assignments)


def test_a_further_copy_is_consistent_in_itself(company):
    copy = company.numbered(2)
    projects = {line["name"] for line in copy.tables["3-projects.csv"].lines}
    assert {it.project for it in copy.assignments} == projects
    assert {(it.project, it.team) for it in copy.assignments if it.team} == set(copy.teams)


@pytest.mark.parametrize(("percent", "value"), [(50, 10.0), (95, 19.0), (100, 20.0)])
def test_percentiles_are_of_the_nearest_rank(percent, value):
    assert percentile([float(n) for n in range(20, 0, -1)], percent) == value
