-- A company of 5,000 people with 100,000 meetings, a third of them weekly series: at an ordinary working hour,
-- two in five people are in a meeting. Person 1 to 200 are a team, and so are about twenty people each of the others.
--
-- :meetings is their number. Numbers become oids by numbered(kind, number), so that the benchmark can name them.

CREATE FUNCTION numbered(kind text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN md5(kind || number)::uuid;
SELECT setseed(0.5);

INSERT INTO person (oid, user_id, name, email, role, time_zone, epoch, lsn, deleted)
SELECT numbered('person', number), number, 'Person ' || number, 'person' || number || '@company.example', 'employee',
    'Europe/Berlin', 1, 1, false
FROM generate_series(1, 5000) AS number;
INSERT INTO project (oid, project_id, name, epoch, lsn, deleted)
SELECT numbered('project', number), number, 'Project ' || number, 1, 1, false FROM generate_series(0, 50) AS number;
INSERT INTO team (oid, team_id, name, project_oid, epoch, lsn, deleted)
SELECT numbered('team', number), number, 'Team ' || number, numbered('project', number / 5), 1, 1, false
FROM generate_series(0, 254) AS number;

-- Everybody is in one of 250 teams; the first 200 are also in team 0.
INSERT INTO assignment (id, project_id, team_id, user_id, project_name, team_name, user_oid, user_email, user_name,
    user_role, project_oid, team_oid, captured_at, published_at, applied_at, epoch, lsn, deleted, kafka_partition,
    kafka_offset)
SELECT row_number() OVER (), team / 5, team, person, 'Project ' || team / 5, 'Team ' || team, numbered('person', person),
    'person' || person || '@company.example', 'Person ' || person, 'employee', numbered('project', team / 5),
    numbered('team', team), now(), now(), now(), 1, 1, false, 0, 0
FROM (
    SELECT person, 5 + person % 250 AS team FROM generate_series(1, 5000) AS person
    UNION ALL SELECT person, 0 FROM generate_series(1, 200) AS person
);

-- Single ones of the last year and the next two months; series that begin within two years and go on for a quarter to
-- a year, one in ten without end. Half an hour or an hour of a working day, in whole half hours; few take longer.
CREATE TEMP TABLE planned AS
SELECT number, organizer, weekly, 5 + organizer % 250 AS team, r3 < 0.6 AS of_project, r4 < 0.1 AS of_team,
    date_trunc('week', now() AT TIME ZONE 'UTC' + CASE WHEN weekly THEN (r1 - 1) * interval '730 days'
        ELSE (r1 * 425 - 365) * interval '1 day' END)
        + (r2 * 1e6)::int % 5 * interval '1 day' + interval '8 hours' + (r2 * 1e8)::int % 18 * interval '30 minutes' AS start,
    CASE WHEN r5 < 0.01 THEN 86400 * (1 + number % 5) WHEN r5 < 0.03 THEN 14400 WHEN r5 < 0.5 THEN 1800 ELSE 3600 END
        AS duration_s,
    CASE WHEN r6 < 0.9 THEN 13 + (r6 * 1e6)::int % 40 END AS weeks
FROM (
    SELECT number, number % 3 = 0 AS weekly, 1 + (random() * 4999)::int AS organizer, random() AS r1, random() AS r2,
        random() AS r3, random() AS r4, random() AS r5, random() AS r6
    FROM generate_series(1, :meetings) AS number
);
ALTER TABLE planned ADD PRIMARY KEY (number);

INSERT INTO meeting (oid, title, agenda, minutes, place, project_oid, team_oid, organizer_oid, start, duration_s,
    all_day, time_zone, recurrence, exceptions, status, sequence, version, created_at, updated_at, occurrences_until)
SELECT numbered('meeting', number), 'Meeting ' || number || ' about topic' || number % 1000, 'An agenda.', '',
    'Room ' || number % 300, CASE WHEN of_project THEN numbered('project', team / 5) END,
    CASE WHEN of_project AND of_team THEN numbered('team', team) END, numbered('person', organizer), start, duration_s,
    duration_s >= 86400, 'UTC', CASE WHEN weekly THEN 'FREQ=WEEKLY' || coalesce(';COUNT=' || weeks, '') END, '[]',
    CASE WHEN number % 25 = 0 THEN 'cancelled' ELSE 'scheduled' END, 0, 1, least(start, now()) - interval '3 days',
    now(), CASE WHEN weekly AND weeks IS NULL THEN now() + interval '400 days' END
FROM planned ORDER BY number;

INSERT INTO meeting_occurrence (meeting_id, original_start, starts_at, ends_at)
SELECT m.id, at, at AT TIME ZONE 'UTC', at AT TIME ZONE 'UTC' + m.duration_s * interval '1 second'
FROM planned AS p JOIN meeting AS m ON m.oid = numbered('meeting', number),
    generate_series(p.start, CASE WHEN weekly THEN least(p.start + (coalesce(weeks, 1000) - 1) * interval '7 days',
        now() AT TIME ZONE 'UTC' + interval '400 days') ELSE p.start END, interval '7 days') AS at
WHERE at > now() AT TIME ZONE 'UTC' - interval '365 days';

-- Two to seven people beside the organizer, most of them from the neighbourhood; a tenth asks the organizer's team.
INSERT INTO meeting_person (meeting_id, user_oid)
SELECT DISTINCT m.id, numbered('person', 1 + CASE WHEN random() < 0.6 THEN (organizer + 250 * (random() * 19)::int) % 5000
    ELSE (random() * 4999)::int END)
FROM planned AS p JOIN meeting AS m ON m.oid = numbered('meeting', number), generate_series(1, 2 + number % 6);
INSERT INTO meeting_team (meeting_id, team_oid)
SELECT m.id, numbered('team', team) FROM planned AS p JOIN meeting AS m ON m.oid = numbered('meeting', number) WHERE of_team;
INSERT INTO meeting_response (meeting_id, user_oid, status, responded_at)
SELECT meeting_id, user_oid, (ARRAY['accepted', 'accepted', 'tentative', 'declined'])[1 + (random() * 3)::int], now()
FROM meeting_person WHERE random() < 0.6;
