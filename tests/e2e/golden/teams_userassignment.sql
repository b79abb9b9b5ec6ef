-- The life of five assignments. Each block between empty lines is one transaction.
-- Ids, oids and times are given, so that every byte of the messages is known; the ids begin with 9900000.
INSERT INTO users_organization (id, name) VALUES (990000001, 'Golden «Рога и копыта» 🦌');
INSERT INTO users_user (id, oid, username, first_name, last_name, email, role, locale, time_zone, organization_id,
    password, is_superuser, is_staff, is_active, date_joined)
VALUES
    (990000001, 'a0000000-0000-4000-8000-000000000001', 'golden-1', 'Зоя', 'Щёголева-O''Connor',
        'golden-1@company.example', 'employee', 'ru', 'Asia/Yekaterinburg', 990000001, '!', false, false, true, now()),
    (990000002, 'a0000000-0000-4000-8000-000000000002', 'golden-2', 'Jean "JJ"', 'D\Arc & <Söhne> 😀👩‍🚀',
        'golden-2@company.example', 'manager', 'en', 'UTC', 990000001, '!', false, false, true, now()),
    -- Without a name the username is shown.
    (990000003, 'a0000000-0000-4000-8000-000000000003', 'golden-3', '', '',
        'golden-3@company.example', 'admin', 'en', 'America/Argentina/Buenos_Aires', 990000001, '!', false, false,
        true, now());
INSERT INTO teams_project (id, oid, name, organization_id) VALUES
    (990000001, 'b0000000-0000-4000-8000-000000000001', 'Личный кабинет', 990000001),
    (990000002, 'b0000000-0000-4000-8000-000000000002', 'Projet « Été » / 100% {"a": [1]}', 990000001);
INSERT INTO teams_team (id, oid, name, project_id) VALUES
    (990000001, 'c0000000-0000-4000-8000-000000000001', 'Команда «Ёлка» 🎄', 990000001),
    (990000002, 'c0000000-0000-4000-8000-000000000002', 'שלום 你好', 990000002);

-- With everything that may be missing, and with nothing of it.
INSERT INTO teams_userassignment (id, user_id, project_id, team_id, application_url, created_at)
VALUES (990000001, 990000001, 990000001, 990000001, 'https://apply.example/1?a=1&b=%D0%AF#x', '2026-03-02 09:14:05.120458+00');

-- By an import.
INSERT INTO teams_userassignment (id, user_id, project_id, team_id, application_url, created_at, import_oid)
VALUES (990000002, 990000002, 990000002, NULL, NULL, '2000-02-29 23:59:59+00', 'd0000000-0000-4000-8000-000000000001');

-- Many in one transaction, one of them changed in it at once.
INSERT INTO teams_userassignment (id, user_id, project_id, team_id, application_url, created_at) VALUES
    (990000003, 990000003, 990000001, NULL, NULL, '2026-03-02 12:14:05.5+03'),
    (990000004, 990000003, 990000001, 990000001, 'http://apply.example/"quoted"\path', '1999-12-31 23:59:59.999999+00'),
    (990000005, 990000003, 990000002, 990000002, 'https://пример.example/заявка', '2038-01-19 03:14:08.000001+00');
UPDATE teams_userassignment SET application_url = 'https://apply.example/3' WHERE id = 990000003;

-- Nothing that was undone is sent.
UPDATE teams_userassignment SET application_url = 'https://apply.example/undone' WHERE id = 990000001;
ROLLBACK;

-- Set by hand, changed by another import, and taken away by hand.
UPDATE teams_userassignment SET team_id = 990000002 WHERE id = 990000002;

UPDATE teams_userassignment SET team_id = NULL, application_url = 'https://apply.example/2',
    import_oid = 'd0000000-0000-4000-8000-000000000002' WHERE id = 990000002;

UPDATE teams_userassignment SET application_url = NULL WHERE id = 990000002;

-- To another person, and to another project.
UPDATE teams_userassignment SET user_id = 990000002 WHERE id = 990000001;

UPDATE teams_userassignment SET project_id = 990000002, team_id = NULL WHERE id = 990000004;

-- Renames reach every assignment concerned.
UPDATE teams_project SET name = 'Кабинет ''личный''' WHERE id = 990000001;

UPDATE teams_team SET name = 'Берёза' WHERE id = 990000002;

UPDATE users_user SET last_name = 'Ёжикова', email = 'golden-3b@company.example', role = 'employee', locale = 'ru',
    time_zone = 'Europe/Moscow' WHERE id = 990000003;

-- An update that changes nothing is a change of the row all the same.
UPDATE teams_userassignment SET application_url = application_url WHERE id = 990000005;

DELETE FROM teams_userassignment WHERE id = 990000001;

-- An id that comes back is told like any other.
INSERT INTO teams_userassignment (id, user_id, project_id, team_id, application_url, created_at)
VALUES (990000001, 990000001, 990000002, NULL, NULL, '2026-03-03 00:00:00+00');

DELETE FROM teams_userassignment WHERE id BETWEEN 990000001 AND 990000005;
