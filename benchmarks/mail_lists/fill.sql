-- So many mails, one every minute (a million are two years): half of them of the commonest kind, nearly all accepted.
-- One person has a fifth of them, one a fiftieth, the others some hundreds each; one piece of news went to 5,000.

INSERT INTO notification (id, kind, source, subject, assignment_id, user_oid, epoch, lsn, committed_at, recipient, locale,
    payload, message_id, state, reason, attempts, in_doubt, next_attempt_at, created_at, accepted_at)
SELECT md5('mail' || number)::uuid, kinds.all_[1 + floor(array_length(kinds.all_, 1) * by_kind ^ 2)::int], 'tasks', subject,
    CASE WHEN subject LIKE 'assignment:%%' THEN number / 3 END, md5('person' || person)::uuid, 0, number, written,
    'Person' || person || '@company.example', 'en',
    jsonb_build_object('person', jsonb_build_object('name', 'Person ' || person, 'time_zone', 'Europe/Berlin'),
        'task', jsonb_build_object('title', 'Task ' || number, 'description', repeat('What there is to do. ', 25))),
    '<' || md5('mail' || number) || '@team-suite.example>', standing,
    CASE WHEN standing = 'suppressed' THEN (ARRAY['unsubscribed', 'stale', 'digest', 'bounced_before'])[1 + floor(4 * by_reason)::int] END,
    1, false, written, written, CASE WHEN standing = 'accepted' THEN written END
FROM (
    SELECT number, random() AS by_kind, random() AS by_reason,
        CASE WHEN number BETWEEN %(mails)s / 3 AND %(mails)s / 3 + 4999 THEN 'news:everybody'
            WHEN number %% 2 = 0 THEN 'assignment:' || number / 3 ELSE 'task:' || number / 3 END AS subject,
        CASE WHEN number %% 100 < 20 THEN 1 WHEN number %% 100 < 22 THEN 2 ELSE 3 + floor(2000 * random())::int END AS person,
        now() - (%(mails)s - number) * interval '1 minute' AS written,
        CASE WHEN number > %(mails)s - 100 THEN 'queued' WHEN number <= 3000 THEN 'bounced'
            WHEN luck < 0.95 THEN 'accepted' WHEN luck < 0.99 THEN 'suppressed'
            WHEN luck < 0.999 THEN 'retrying' ELSE 'unconfirmed' END AS standing
    FROM (SELECT number, random() AS luck FROM generate_series(1, %(mails)s) AS number OFFSET 0) AS numbers
    OFFSET 0) AS mails,
    (SELECT CAST(%(kinds)s AS text[]) AS all_) AS kinds;
