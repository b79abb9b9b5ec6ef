"""The triggers that turn published news into events on the topic `news-bus`, whoever publishes and however.

News is told once. `announced_at` remembers that, and only the database writes it: it is set when
`published_at` gets a value for the first time, and stays, whatever becomes of the news.

The events name everybody who is to be told, as they are at this moment: of a team whoever has an assignment
in it, otherwise the organization's people; in both cases only those whose account is active.
"""

from datetime import timedelta

import pgtrigger

from user_team.copies import FULL_NAME_SQL

# A browser's clock and the server's differ a little: what somebody calls "now" is not the future.
LENIENCE = timedelta(minutes=1)

# What the form says in words, for SQL too. Twice the lenience, as our clock and the database's differ too.
# The locks keep the team where it is until we are done.
_REFUSE = f"""
    PERFORM FROM teams_team t JOIN teams_project p ON p.id = t.project_id
    WHERE t.id = NEW.team_id AND p.organization_id = NEW.organization_id FOR SHARE;
    IF NEW.team_id IS NOT NULL AND NOT FOUND THEN
        RAISE 'news cannot be for a team of another organization' USING ERRCODE = 'foreign_key_violation';
    END IF;
    IF NEW.published_at IS DISTINCT FROM OLD.published_at
        AND NEW.published_at > clock_timestamp() + 2 * interval '{LENIENCE.seconds} seconds' THEN
        RAISE 'news cannot be published in the future' USING ERRCODE = 'check_violation';
    END IF;
"""

_REMEMBER = """
    NEW.announced_at := OLD.announced_at;
    IF NEW.announced_at IS NULL AND NEW.published_at IS DISTINCT FROM OLD.published_at
        AND NEW.published_at IS NOT NULL THEN
        NEW.announced_at := clock_timestamp();
    END IF;
    RETURN NEW;
"""

# NewsEvent, as contracts/events/news-bus.schema.json has it. Each one begins a trace.
_TELL = f"""
    IF NEW.announced_at IS NULL OR OLD.announced_at IS NOT NULL THEN
        RETURN NULL;
    END IF;
    WITH person AS (
        SELECT id FROM users_user WHERE NEW.team_id IS NULL AND organization_id = NEW.organization_id
        UNION
        SELECT user_id FROM teams_userassignment WHERE team_id = NEW.team_id
    ), recipient AS (
        SELECT id, (row_number() OVER (ORDER BY id) - 1) / 500 AS chunk, jsonb_build_object(
            'oid', oid, 'name', {FULL_NAME_SQL.format(row="users_user")}, 'email', email,
            'locale', locale, 'time_zone', time_zone
        ) AS data
        FROM users_user JOIN person USING (id) WHERE is_active
    ), chunks AS (
        SELECT chunk, jsonb_agg(data ORDER BY id) AS recipients FROM recipient GROUP BY chunk
        UNION ALL
        SELECT 0, '[]' WHERE NOT EXISTS (SELECT FROM recipient)
    ), event AS (
        SELECT gen_random_uuid() AS uid, chunk, jsonb_build_object(
            'oid', NEW.oid, 'title', NEW.title, 'body', NEW.body, 'published_at', iso_time(NEW.published_at),
            'organization_uid', o.oid, 'organization_name', o.name, 'team_oid', t.oid, 'team_name', t.name,
            'recipients', recipients
        ) AS data, replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '') AS hex
        FROM chunks JOIN users_organization o ON o.id = NEW.organization_id
        LEFT JOIN teams_team t ON t.id = NEW.team_id
    )
    INSERT INTO outbox_event (id, topic, key, type, payload, traceparent)
    SELECT uid, 'news-bus', NEW.oid, 'news.published.v1', jsonb_build_object(
        'uid', uid, 'version', 1, 'type', 'create', 'news_uid', NEW.oid, 'data', data,
        'created_at', iso_time(NEW.announced_at)
    ), '00-' || left(hex, 32) || '-' || right(hex, 16) || '-01'
    FROM event ORDER BY chunk;
    RETURN NULL;
"""  # noqa: S608 - made of constants

_WRITTEN = pgtrigger.Insert | pgtrigger.Update
TRIGGERS = [
    pgtrigger.Trigger(
        name="announce_once", when=pgtrigger.Before, operation=_WRITTEN, func=_REFUSE + _REMEMBER
    ),
    pgtrigger.Trigger(name="announce", when=pgtrigger.After, operation=_WRITTEN, func=_TELL),
]
