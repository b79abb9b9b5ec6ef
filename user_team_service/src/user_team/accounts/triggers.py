"""The SQL that turns every change of a person, whoever makes it and however, into account events.

Whatever happens, the answer is the same: `refresh_accounts` compares some people as they are now with what
was last said of them (table `accounts_account`), and sends the difference. The triggers only say whom it may
concern. They are for each statement, so that a change of 50,000 people is one comparison.

Two transactions may change what one person may do from two sides, each unable to see the other: one puts them
into a group, one takes a permission from the group. So who changes a group's permissions locks the group, and
who looks at a person's permissions locks the person's groups against that, before looking. Groups first, then
accounts, by id.
"""

# By the index, always: a table that is always empty looks cheap to scan, and may be full of dead rows.
EMPTY_OUTBOX = """
CREATE FUNCTION empty_outbox() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    DELETE FROM outbox_event WHERE id = ANY (ARRAY(SELECT id FROM inserted));
    RETURN NULL;
END $$;
CREATE TRIGGER empty_outbox AFTER INSERT ON outbox_event REFERENCING NEW TABLE AS inserted
FOR EACH STATEMENT EXECUTE FUNCTION empty_outbox();
"""

ISO = """
CREATE FUNCTION iso_time(moment timestamptz) RETURNS text LANGUAGE sql STABLE
RETURN to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
"""

# What a person may do, as in `user_team.identity.permissions.effective_permissions`; a test compares both.
DATA = """
CREATE FUNCTION account_data(people bigint[]) RETURNS TABLE (user_oid uuid, user_id bigint, data jsonb)
LANGUAGE sql STABLE AS $$
    WITH person AS (
        SELECT * FROM users_user WHERE id = ANY (people)
    ), suite AS (
        SELECT p.id, p.codename FROM auth_permission p JOIN django_content_type c ON c.id = p.content_type_id
        WHERE c.app_label = 'identity' AND c.model = 'suitepermission'
    ), held AS (
        SELECT p.id, s.codename FROM person p CROSS JOIN suite s WHERE p.is_superuser
        UNION
        SELECT p.id, s.codename FROM person p JOIN auth_group g ON g.name = 'role: ' || p.role
        JOIN auth_group_permissions h ON h.group_id = g.id JOIN suite s ON s.id = h.permission_id
        UNION
        SELECT p.id, s.codename FROM person p JOIN users_user_groups m ON m.user_id = p.id
        JOIN auth_group_permissions h ON h.group_id = m.group_id JOIN suite s ON s.id = h.permission_id
        UNION
        SELECT p.id, s.codename FROM person p JOIN users_user_user_permissions h ON h.user_id = p.id
        JOIN suite s ON s.id = h.permission_id
    ), permitted AS (
        SELECT id, jsonb_agg(codename ORDER BY codename) AS permissions FROM held GROUP BY id
    )
    SELECT p.oid, p.id, jsonb_build_object(
        'uid', p.oid, 'username', p.username, 'name', p.first_name, 'surname', p.last_name, 'email', p.email,
        'role', p.role, 'permissions', coalesce(permitted.permissions, '[]'), 'is_active', p.is_active,
        'locale', p.locale, 'time_zone', p.time_zone, 'organization_uid', o.oid,
        'created_at', iso_time(p.date_joined)
    )
    FROM person p LEFT JOIN permitted USING (id) LEFT JOIN users_organization o ON o.id = p.organization_id
    ORDER BY p.id
$$;
"""

# AccountEvent, as contracts/events/account-bus.schema.json has it. Each one begins a trace.
EVENT = """
CREATE FUNCTION account_event(kind text, user_oid uuid, data jsonb, updated_at timestamptz)
RETURNS outbox_event LANGUAGE plpgsql AS $$
DECLARE
    uid uuid := gen_random_uuid();
    payload jsonb := jsonb_build_object(
        'uid', uid, 'version', 1, 'type', kind, 'user_uid', user_oid,
        'created_at', iso_time(clock_timestamp()),
        'data', data || jsonb_build_object('updated_at', iso_time(updated_at))
    );
    hex text := replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '');
BEGIN
    RETURN ROW(
        uid, 'account-bus', user_oid::text, 'account.' || kind || 'd.v1', payload,
        '00-' || left(hex, 32) || '-' || right(hex, 16) || '-01', now()
    )::outbox_event;
END $$;
"""

# Planned anew each time: a plan for one person would take quadratic time for thousands.
REFRESH = """
CREATE FUNCTION refresh_accounts(people bigint[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    PERFORM FROM auth_group WHERE id IN (SELECT group_id FROM users_user_groups WHERE user_id = ANY (people))
        OR name IN (SELECT 'role: ' || role FROM users_user WHERE id = ANY (people))
    ORDER BY id FOR SHARE;
    PERFORM FROM accounts_account WHERE user_id = ANY (people) ORDER BY user_id FOR UPDATE;

    WITH gone AS (
        DELETE FROM accounts_account a
        WHERE user_id = ANY (people) AND NOT EXISTS (SELECT FROM users_user WHERE oid = a.user_oid)
        RETURNING *
    )
    INSERT INTO outbox_event
    SELECT event.* FROM gone, account_event('delete', user_oid, data, updated_at) event;

    WITH said AS (
        INSERT INTO accounts_account AS known (user_oid, user_id, data, updated_at)
        SELECT user_oid, user_id, data, now() FROM account_data(people)
        ON CONFLICT (user_oid) DO UPDATE
        SET user_id = excluded.user_id, data = excluded.data, updated_at = excluded.updated_at
        WHERE (known.user_id, known.data) IS DISTINCT FROM (excluded.user_id, excluded.data)
        RETURNING CASE WHEN old IS NULL THEN 'create' ELSE 'update' END AS kind, new.*
    )
    INSERT INTO outbox_event
    SELECT event.* FROM said, account_event(kind, user_oid, data, updated_at) event;
END $$;
"""

# For `republish_accounts`: say it again.
REPUBLISH = """
CREATE FUNCTION republish_accounts(people bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM refresh_accounts(people);
    INSERT INTO outbox_event
    SELECT event.* FROM accounts_account, account_event('update', user_oid, data, updated_at) event
    WHERE user_id = ANY (people) ORDER BY user_id;
END $$;
"""

# What concerns whom: each selects people from a trigger's transition table `changed`.
_PEOPLE = {
    "users": "SELECT array_agg(id) FROM changed",
    "memberships": "SELECT array_agg(DISTINCT user_id) FROM changed",
    "groups": """
        SELECT array_agg(u.id) FROM users_user u WHERE 'role: ' || u.role IN (SELECT name FROM changed)
    """,
    "permissions": """
        SELECT array_agg(u.id) FROM users_user u WHERE EXISTS (
            SELECT FROM changed JOIN django_content_type c ON c.id = changed.content_type_id
            WHERE c.app_label = 'identity' AND c.model = 'suitepermission'
        )
    """,
    "group_permissions": """
        SELECT array_agg(u.id) FROM users_user u
        WHERE 'role: ' || u.role IN (SELECT g.name FROM auth_group g JOIN changed ON changed.group_id = g.id)
        OR u.id IN (SELECT m.user_id FROM users_user_groups m JOIN changed USING (group_id))
    """,
}
_LOCK_GROUPS = """
    PERFORM FROM auth_group WHERE id IN (SELECT group_id FROM changed) ORDER BY id FOR NO KEY UPDATE;
"""
_FUNCTION = """
CREATE FUNCTION accounts_of_{subject}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    people bigint[];
BEGIN
    {lock}
    people := ({people});
    IF people IS NOT NULL THEN
        PERFORM refresh_accounts(people);
    END IF;
    RETURN NULL;
END $$;
"""
_TRIGGER = """
CREATE TRIGGER accounts_{event}_{side} AFTER {event} ON {table} REFERENCING {side} TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION accounts_of_{subject}();
"""
# A sign-in writes `last_login`, and nothing that anybody hears of.
_UPDATED_USERS = """
CREATE FUNCTION accounts_of_updated_users() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    people bigint[];
BEGIN
    people := (
        SELECT array_agg(coalesce(b.id, a.id)) FROM before b FULL JOIN after a USING (id)
        WHERE to_jsonb(b) - '{last_login,password}'::text[]
            IS DISTINCT FROM to_jsonb(a) - '{last_login,password}'::text[]
    );
    IF people IS NOT NULL THEN
        PERFORM refresh_accounts(people);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER accounts_update AFTER UPDATE ON users_user REFERENCING OLD TABLE AS before NEW TABLE AS after
FOR EACH STATEMENT EXECUTE FUNCTION accounts_of_updated_users();
"""
_INSERT, _DELETE = ("INSERT", "NEW"), ("DELETE", "OLD")
_UPDATE = (("UPDATE", "OLD"), ("UPDATE", "NEW"))
_ALWAYS = (_INSERT, *_UPDATE, _DELETE)
_WATCHED = (
    ("users_user", "users", (_INSERT, _DELETE)),
    ("users_user_groups", "memberships", _ALWAYS),
    ("users_user_user_permissions", "memberships", _ALWAYS),
    ("auth_group_permissions", "group_permissions", _ALWAYS),
    ("auth_group", "groups", _UPDATE),
    ("auth_permission", "permissions", _ALWAYS),
)


def _functions() -> str:
    return "".join(
        _FUNCTION.format(
            subject=subject, people=people, lock=_LOCK_GROUPS if subject == "group_permissions" else ""
        )
        for subject, people in _PEOPLE.items()
    )


def _triggers() -> str:
    return "".join(
        _TRIGGER.format(table=table, subject=subject, event=event, side=side)
        for table, subject, moments in _WATCHED
        for event, side in moments
    )


_NAMES = (
    *("account_data", "account_event", "refresh_accounts", "republish_accounts", "iso_time"),
    *(f"accounts_of_{subject}" for subject in (*_PEOPLE, "updated_users")),
)

CREATE = ISO + DATA + EVENT + REFRESH + REPUBLISH + _functions() + _UPDATED_USERS + _triggers()
DROP = f"DROP FUNCTION {', '.join(_NAMES)} CASCADE"
