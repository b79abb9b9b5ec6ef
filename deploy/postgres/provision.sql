-- Databases and roles, for every stack: `psql -X -f provision.sql`, as the superuser.
--
-- One database per service and one role that owns it, with no rights beyond; one role for Debezium; one that
-- may only look. Names and passwords come from the environment. Safe to repeat: what is missing is made, and
-- every password is set to the one in use, so that a changed one takes effect.

\set ON_ERROR_STOP on
\set QUIET on
\set VERBOSITY terse
\getenv user_team_db USER_TEAM_DB_NAME
\getenv user_team USER_TEAM_DB_USER
\getenv user_team_password USER_TEAM_DB_PASSWORD
\getenv task_meeting_db TASK_MEETING_DB_NAME
\getenv task_meeting TASK_MEETING_DB_USER
\getenv task_meeting_password TASK_MEETING_DB_PASSWORD
\getenv notification_db NOTIFICATION_DB_NAME
\getenv notification NOTIFICATION_DB_USER
\getenv notification_password NOTIFICATION_DB_PASSWORD
\getenv debezium DEBEZIUM_DB_USER
\getenv debezium_password DEBEZIUM_DB_PASSWORD
\getenv viewer VIEWER_DB_USER
\getenv viewer_password VIEWER_DB_PASSWORD

-- Statements with passwords stay out of the server's log.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';

CREATE TEMP TABLE wanted_role (name text, password text, attributes text);
INSERT INTO wanted_role VALUES
    (:'user_team', :'user_team_password', ''),
    (:'task_meeting', :'task_meeting_password', ''),
    (:'notification', :'notification_password', ''),
    (:'debezium', :'debezium_password', 'REPLICATION'),
    (:'viewer', :'viewer_password', '');
SELECT format('CREATE ROLE %I', name) FROM wanted_role
WHERE name NOT IN (SELECT rolname FROM pg_roles) \gexec
SELECT format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE %s PASSWORD %L', name, attributes, password)
FROM wanted_role \gexec
ALTER ROLE :"viewer" SET default_transaction_read_only = on;
ALTER ROLE :"viewer" SET statement_timeout = '60s';

CREATE TEMP TABLE wanted_database (name text, owner text);
INSERT INTO wanted_database VALUES
    (:'user_team_db', :'user_team'), (:'task_meeting_db', :'task_meeting'), (:'notification_db', :'notification');
SELECT format('CREATE DATABASE %I OWNER %I', name, owner) FROM wanted_database
WHERE name NOT IN (SELECT datname FROM pg_database) \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name) FROM wanted_database \gexec
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', name, :'viewer') FROM wanted_database \gexec
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE :"user_team_db", :"task_meeting_db" TO :"debezium";

-- What the viewer sees: all tables of the projections. In the admin's database, which holds password hashes and
-- sessions, the service itself grants table by table when it migrates. And what a role without any right on a
-- table could still write, large objects and messages into the log, nobody needs but Debezium: a message is the
-- heartbeat of an outbox's connector.
\set closed 'lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea), pg_logical_emit_message(boolean, text, text, boolean), pg_logical_emit_message(boolean, text, bytea, boolean)'
\set heartbeat 'pg_logical_emit_message(boolean, text, text, boolean)'
\connect :"user_team_db"
REVOKE EXECUTE ON FUNCTION :closed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION :heartbeat TO :"debezium";
\connect :"task_meeting_db"
REVOKE EXECUTE ON FUNCTION :closed FROM PUBLIC;
GRANT EXECUTE ON FUNCTION :heartbeat TO :"debezium";
GRANT SELECT ON ALL TABLES IN SCHEMA public TO :"viewer";
ALTER DEFAULT PRIVILEGES FOR ROLE :"task_meeting" IN SCHEMA public GRANT SELECT ON TABLES TO :"viewer";
\connect :"notification_db"
REVOKE EXECUTE ON FUNCTION :closed FROM PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO :"viewer";
ALTER DEFAULT PRIVILEGES FOR ROLE :"notification" IN SCHEMA public GRANT SELECT ON TABLES TO :"viewer";
