-- :count people, each with an assignment that they have not heard of: as many mails that are due.

TRUNCATE notification, attempt, assignment, person, bounced_address;

INSERT INTO person (oid, name, email, locale, time_zone, role, is_active, updated_at, epoch, lsn, deleted)
SELECT md5('person' || number)::uuid, 'Person ' || number, 'person' || number || '@company' || number %% 50 || '.example',
    CASE number %% 2 WHEN 0 THEN 'ru' ELSE 'en' END, 'Europe/Berlin', 'employee', true, now(), 1, 1, false
FROM generate_series(1, %(count)s) AS number;

INSERT INTO assignment (id, project_id, project_name, team_id, team_name, user_oid, user_name, user_email, user_locale,
    user_time_zone, epoch, lsn, deleted, kafka_partition, kafka_offset)
SELECT number, 1, 'Project ' || number %% 200, 1, 'Team ' || number %% 500, md5('person' || number)::uuid,
    'Person ' || number, 'person' || number || '@company.example', 'en', 'Europe/Berlin', 1, number, false, 0, number
FROM generate_series(1, %(count)s) AS number;

INSERT INTO notification (id, kind, source, subject, assignment_id, user_oid, epoch, lsn, committed_at, recipient, locale,
    payload, message_id, state, attempts, in_doubt, next_attempt_at, created_at)
SELECT md5('mail' || number)::uuid, 'assigned', 'assignments', 'assignment:' || number, number,
    md5('person' || number)::uuid, 1, number, now(), 'person' || number || '@company.example', 'en',
    jsonb_build_object('before', NULL,
        'after', jsonb_build_object('project_name', 'Project ' || number %% 200, 'team_name', 'Team ' || number %% 500,
            'application_url', 'https://hr.example/requests/' || number),
        'person', jsonb_build_object('name', 'Person ' || number, 'time_zone', 'Europe/Berlin')),
    '<' || md5('mail' || number) || '@team-suite.example>', 'queued', 0, false, now(), now()
FROM generate_series(1, %(count)s) AS number;

ANALYZE notification, assignment, person;
