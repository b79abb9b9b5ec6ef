"""The triggers that keep the copies in `teams_userassignment` true, whoever writes, and however.

One assignment row says everything about an assignment, so that one row change is one complete message. The
price is copies of columns of the project, the team and the person. The database keeps them, because only it
sees `save()`, `update()`, `bulk_create()` and plain SQL alike:

- `fill_copies` sets the copies of a new row, and of a row that now points elsewhere. It reads the originals
  `FOR SHARE`: a rename in flight makes it wait, and a rename that starts later waits for it. So there is no
  moment at which it can copy a name that is just being replaced.
- `copy_to_assignments` runs after a copied column of a project, a team or a person really changed, and writes
  the new values into their assignments.
- What a client writes into a copy itself is ignored.
- `import_oid` says which import a change was part of; the next change that says nothing of it empties it.

Locks are always taken project, team, person, and assignments by ascending id, which keeps deadlocks unlikely.
"""

import pgtrigger

FULL_NAME_SQL = (
    "COALESCE(NULLIF(btrim(concat_ws(' ', {row}.first_name, {row}.last_name)), ''), {row}.username)"
)

# A client's values are ignored. A nested update is one of our own triggers bringing the copies up to date.
_KEEP = """
    IF TG_OP = 'UPDATE' AND pg_trigger_depth() = 1 THEN
        NEW.project_name := OLD.project_name;
        NEW.project_oid := OLD.project_oid;
        NEW.team_name := OLD.team_name;
        NEW.team_oid := OLD.team_oid;
        NEW.user_oid := OLD.user_oid;
        NEW.user_email := OLD.user_email;
        NEW.user_name := OLD.user_name;
        NEW.user_role := OLD.user_role;
        NEW.user_locale := OLD.user_locale;
        NEW.user_time_zone := OLD.user_time_zone;
    END IF;
"""

_FILL = f"""
    IF TG_OP = 'INSERT' OR NEW.project_id <> OLD.project_id THEN
        SELECT p.name, p.oid INTO NEW.project_name, NEW.project_oid
        FROM teams_project p WHERE p.id = NEW.project_id FOR SHARE;
    END IF;
    IF NEW.team_id IS NULL THEN
        NEW.team_name := NULL;
        NEW.team_oid := NULL;
    ELSIF TG_OP = 'INSERT' OR NEW.team_id IS DISTINCT FROM OLD.team_id THEN
        SELECT t.name, t.oid INTO NEW.team_name, NEW.team_oid
        FROM teams_team t WHERE t.id = NEW.team_id FOR SHARE;
    END IF;
    IF TG_OP = 'INSERT' OR NEW.user_id <> OLD.user_id THEN
        SELECT u.oid, u.email, {FULL_NAME_SQL.format(row="u")}, u.role, u.locale, u.time_zone
        INTO NEW.user_oid, NEW.user_email, NEW.user_name, NEW.user_role, NEW.user_locale, NEW.user_time_zone
        FROM users_user u WHERE u.id = NEW.user_id FOR SHARE;
    END IF;
"""  # noqa: S608 - made of constants

# Where this row's change stands in the log, never later than its own change: readers of a snapshot compare by
# it.
_STAMP = """
    IF NEW.import_oid = OLD.import_oid THEN
        NEW.import_oid := NULL;
    END IF;
    NEW.row_lsn := (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint;
    RETURN NEW;
"""

ASSIGNMENT_TRIGGERS = [
    pgtrigger.Trigger(
        name="fill_copies",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert | pgtrigger.Update,
        func=_KEEP + _FILL + _STAMP,
    ),
    pgtrigger.Trigger(
        name="refuse_truncate",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'teams_userassignment cannot be truncated: nobody would hear. Use DELETE.';",
    ),
]


def _copy_to_assignments(reference: str, values: dict[str, str], changed: list[str]) -> pgtrigger.Trigger:
    """When a column of `changed` did, write `values` (copy -> SQL of NEW) where `reference` is this row."""
    assignments = ", ".join(f"{copy} = {value}" for copy, value in values.items())
    return pgtrigger.Trigger(
        name="copy_to_assignments",
        when=pgtrigger.After,
        operation=pgtrigger.Update,
        condition=pgtrigger.AnyChange(*changed),
        func=f"""
            PERFORM 1 FROM teams_userassignment WHERE {reference} = NEW.id ORDER BY id FOR NO KEY UPDATE;
            UPDATE teams_userassignment SET {assignments}
            WHERE {reference} = NEW.id
            AND ({", ".join(values)}) IS DISTINCT FROM ({", ".join(values.values())});
            RETURN NULL;
        """,  # noqa: S608 - made of constants
    )


PROJECT_TRIGGERS = [
    _copy_to_assignments(
        "project_id", {"project_name": "NEW.name", "project_oid": "NEW.oid"}, ["name", "oid"]
    )
]

TEAM_TRIGGERS = [
    _copy_to_assignments("team_id", {"team_name": "NEW.name", "team_oid": "NEW.oid"}, ["name", "oid"])
]

USER_TRIGGERS = [
    _copy_to_assignments(
        "user_id",
        {
            "user_oid": "NEW.oid",
            "user_email": "NEW.email",
            "user_name": FULL_NAME_SQL.format(row="NEW"),
            "user_role": "NEW.role",
            "user_locale": "NEW.locale",
            "user_time_zone": "NEW.time_zone",
        },
        ["oid", "email", "username", "first_name", "last_name", "role", "locale", "time_zone"],
    )
]
