-- The replication slots of the outboxes, for every stack: `psql -X -f slots.sql`, as the superuser, after provision.sql
-- and before the migrations.
--
-- An event reaches Kafka only through a slot that is older than it. So a slot is made before its outbox: as long as the
-- table is not there. Later, a slot that is missing was lost, and events with it; that must not be mended without a
-- word: `python -m connector register` refuses it (docs/runbooks/slot-lost.md). Safe to repeat.

\set ON_ERROR_STOP on
\set QUIET on
\set VERBOSITY terse
\getenv user_team_db USER_TEAM_DB_NAME
\getenv task_meeting_db TASK_MEETING_DB_NAME
\o /dev/null

\connect :"user_team_db"
SELECT pg_create_logical_replication_slot('django_outbox_slot', 'pgoutput')
WHERE to_regclass('public.outbox_event') IS NULL
    AND NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'django_outbox_slot');

\connect :"task_meeting_db"
SELECT pg_create_logical_replication_slot('task_outbox_slot', 'pgoutput')
WHERE to_regclass('public.outbox_event') IS NULL
    AND NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'task_outbox_slot');
