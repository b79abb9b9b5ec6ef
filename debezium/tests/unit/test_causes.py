"""Every failure that people meet is explained in words, from the text that the real parts produce."""

import pytest

from connector.causes import explain, explain_trace, innermost

TRACE = """\
org.apache.kafka.connect.errors.ConnectException: An exception occurred in the change event producer.
\tat io.debezium.pipeline.ErrorHandler.setProducerThrowable(ErrorHandler.java:69)
Caused by: io.debezium.DebeziumException: Failed to start replication stream at LSN{0/2509208}
\tat io.debezium.connector.postgresql.PostgresStreamingChangeEventSource.execute(Postgres.java:219)
Caused by: org.postgresql.util.PSQLException: ERROR: something unheard of
\t... 4 more
"""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ('FATAL: password authentication failed for user "debezium"', "DEBEZIUM_DB_PASSWORD"),
        ('FATAL: role "debezium" does not exist', "LOGIN REPLICATION"),
        ('FATAL: database "nodb" does not exist', "USER_TEAM_DB_NAME"),
        ("ERROR: permission denied for table teams_userassignment", "teams_userassignment"),
        (
            "Publication autocreation is disabled, please create one and restart the connector.",
            "publication is missing",
        ),
        ('ERROR: publication "debezium_pub" does not exist', "publication is missing"),
        ('ERROR: replication slot "debezium_slot" is active for PID 20287', "in use by another process"),
        ('ERROR: can no longer access replication slot "debezium_slot"', "slot is lost"),
        ("ERROR: cannot advance replication slot to 0/3A0, minimum is 0/4B8", "past the connector's stored"),
        ("ERROR: requested WAL segment 00000001 has already been removed", "slot is lost"),
        ("ERROR: all replication slots are in use", "max_replication_slots"),
        ("Postgres server wal_level property must be 'logical' but is: 'replica'", "wal_level=logical"),
        ("ERROR: permission denied to start WAL sender", "REPLICATION"),
        ("ClassNotFoundException: io.debezium.Nope", "plugin is not installed"),
        ("Failed to find any class that implements Connector and which name matches", "not installed"),
        ("Connection to 127.0.0.1:1 refused. Check that the hostname and port are correct", "POSTGRES_HOST"),
        ("The connection attempt failed.", "POSTGRES_HOST"),
        ("[Errno 111] Connect call failed ('127.0.0.1', 1)", "POSTGRES_HOST"),
        ("FATAL: sorry, too many clients already", "max_connections"),
    ],
)
def test_a_known_error_is_explained(error: str, words: str) -> None:
    assert words in explain(error)


def test_an_explanation_names_what_the_error_names() -> None:
    words = explain('Caused by: ERROR: replication slot "debezium_slot" is active for PID 20287\n\tat x')
    assert "'debezium_slot'" in words
    assert "20287" in words


def test_an_unknown_error_is_reduced_to_its_innermost_cause() -> None:
    assert explain(TRACE) == "The innermost cause is: ERROR: something unheard of"


def test_of_a_trace_the_explanation_is_followed_by_what_was_said() -> None:
    said = 'ERROR: can no longer access replication slot "debezium_slot"'
    words = explain_trace(TRACE.replace("ERROR: something unheard of", said))
    assert words.startswith("The replication slot is lost")
    assert words.endswith(f"It said: {said}")
    assert explain_trace(TRACE) == explain(TRACE)


def test_an_unknown_error_may_have_another_answer() -> None:
    assert explain("no idea", otherwise="database.port: no idea") == "database.port: no idea"


def test_a_text_without_a_trace_is_its_own_cause() -> None:
    assert innermost("plain words\nand more") == "plain words"
