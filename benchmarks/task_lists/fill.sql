-- A company with a million tasks: 500 projects, the largest with a seventh of all tasks and the smallest with
-- three hundred; 5,000 people; three years. Old tasks are done, young ones are open.
--
-- :tasks is their number. Numbers become oids by numbered(kind, number), so that the benchmark can name them.

CREATE FUNCTION numbered(kind text, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN md5(kind || number)::uuid;
SELECT setseed(0.5);

-- Words as in a language: few are common, most are rare.
CREATE TEMP TABLE phrase AS
SELECT string_agg('word' || exp(random() * ln(5000))::int, ' ') AS text, length
FROM (SELECT phrase, CASE WHEN phrase % 2 = 0 THEN 6 ELSE 40 END AS length FROM generate_series(1, 40000) AS phrase),
    generate_series(1, length)
GROUP BY phrase, length;
CREATE TEMP TABLE title AS SELECT row_number() OVER () AS place, text FROM phrase WHERE length = 6;
CREATE TEMP TABLE description AS SELECT row_number() OVER () AS place, text FROM phrase WHERE length = 40;
ALTER TABLE title ADD PRIMARY KEY (place);
ALTER TABLE description ADD PRIMARY KEY (place);

INSERT INTO task (oid, project_oid, team_oid, title, description, status, open, priority, labels, assignee_oid,
    reporter_oid, deadline, deadline_time_zone, version, created_at, updated_at, completed_at)
SELECT numbered('task', number), numbered('project', project),
    CASE WHEN number % 5 > 0 THEN numbered('team', 4 * project + number % 4) END,
    title.text, description.text, status, status IN ('new', 'in_progress', 'review'),
    (ARRAY[0, 1, 1, 1, 1, 1, 1, 2, 2, 3])[1 + (r6 * 1e6)::int % 10],
    CASE WHEN number % 10000 = 0 THEN ARRAY['rare']
        WHEN number % 5 = 0 THEN ARRAY['common', 'label' || number % 200]
        WHEN number % 3 = 0 THEN ARRAY['label' || number % 200] ELSE '{}' END,
    CASE WHEN number % 20 > 0 THEN numbered('person', (r4 * r4 * 5000)::int) END, numbered('person', (r5 * 5000)::int),
    deadline, CASE WHEN deadline IS NOT NULL THEN 'Europe/Berlin' END, 2, created_at,
    least(created_at + r6 * interval '60 days', now()),
    CASE WHEN status = 'done' THEN least(created_at + r6 * interval '60 days', now()) END
FROM (
    SELECT *, exp(r1 * ln(500))::int AS project,
        CASE
            WHEN r2 < CASE WHEN age < interval '30 days' THEN 0.9 WHEN age < interval '180 days' THEN 0.3 ELSE 0.03 END
            THEN (ARRAY['new', 'new', 'in_progress', 'in_progress', 'review'])[1 + number % 5]
            WHEN r2 < 0.98 THEN 'done' ELSE 'cancelled'
        END AS status,
        CASE WHEN r3 < 0.7 THEN date_trunc('hour', created_at + (1 + r3 * 85) * interval '1 day') END AS deadline
    FROM (
        SELECT number, now() - age AS created_at, age, random() AS r1, random() AS r2, random() AS r3,
            random() AS r4, random() AS r5, random() AS r6,
            1 + (random() * 19999)::int AS title_place, 1 + (random() * 19999)::int AS description_place
        FROM (
            SELECT number, (1 - number::float / :tasks) * interval '3 years' AS age
            FROM generate_series(1, :tasks) AS number
        )
    )
)
JOIN title ON title.place = title_place
JOIN description ON description.place = description_place;

-- Person 1 is in three projects, a large one among them; person 2 in forty, of all sizes; others in three.
INSERT INTO assignment (id, project_id, team_id, user_id, project_name, team_name, user_oid, user_email, user_name,
    user_role, project_oid, team_oid, captured_at, published_at, applied_at, epoch, lsn, deleted, kafka_partition,
    kafka_offset)
SELECT row_number() OVER (), project, NULL, person, 'Project ' || project, NULL, numbered('person', person),
    'person' || person || '@company.example', 'Person ' || person, 'employee', numbered('project', project), NULL,
    now(), now(), now(), 1, 1, false, 0, 0
FROM (
    SELECT 1 AS person, unnest(ARRAY[2, 50, 300]) AS project
    UNION ALL SELECT 2, generate_series(3, 471, 12)
    UNION ALL SELECT person, 1 + (person * 7 + place * 131) % 500
    FROM generate_series(3, 5000) AS person, generate_series(1, 3) AS place
);
