import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    """Copies kept true, and every change kept as an event. Generated from `user_team.copies` and the models."""

    dependencies = [('teams', '0001_initial')]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name='project',
            trigger=pgtrigger.compiler.Trigger(name='copy_to_assignments', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."oid" IS DISTINCT FROM (NEW."oid"))', func='\n            PERFORM 1 FROM teams_userassignment WHERE project_id = NEW.id ORDER BY id FOR NO KEY UPDATE;\n            UPDATE teams_userassignment SET project_name = NEW.name, project_oid = NEW.oid\n            WHERE project_id = NEW.id\n            AND (project_name, project_oid) IS DISTINCT FROM (NEW.name, NEW.oid);\n            RETURN NULL;\n        ', hash='9dce9ff1e897f34f4b530ce6c68cc85add8f2a73', operation='UPDATE', pgid='pgtrigger_copy_to_assignments_54c6a', table='teams_project', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='project',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "teams_projectevent" ("id", "name", "oid", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."id", NEW."name", NEW."oid", NEW."organization_id", _pgh_attach_context(), NOW(), \'insert\', NEW."id"); RETURN NULL;', hash='067655150cb64a8d494dc0ae8ef345fa22df3be4', operation='INSERT', pgid='pgtrigger_insert_insert_f15dc', table='teams_project', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='project',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "teams_projectevent" ("id", "name", "oid", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (NEW."id", NEW."name", NEW."oid", NEW."organization_id", _pgh_attach_context(), NOW(), \'update\', NEW."id"); RETURN NULL;', hash='9964dba54cf3c62ac656d6476cbc15552f946b37', operation='UPDATE', pgid='pgtrigger_update_update_45644', table='teams_project', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='project',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "teams_projectevent" ("id", "name", "oid", "organization_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id") VALUES (OLD."id", OLD."name", OLD."oid", OLD."organization_id", _pgh_attach_context(), NOW(), \'delete\', OLD."id"); RETURN NULL;', hash='b2adeffd3426804102ea4e9cfc518206e13ee22e', operation='DELETE', pgid='pgtrigger_delete_delete_7e804', table='teams_project', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='team',
            trigger=pgtrigger.compiler.Trigger(name='copy_to_assignments', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."oid" IS DISTINCT FROM (NEW."oid"))', func='\n            PERFORM 1 FROM teams_userassignment WHERE team_id = NEW.id ORDER BY id FOR NO KEY UPDATE;\n            UPDATE teams_userassignment SET team_name = NEW.name, team_oid = NEW.oid\n            WHERE team_id = NEW.id\n            AND (team_name, team_oid) IS DISTINCT FROM (NEW.name, NEW.oid);\n            RETURN NULL;\n        ', hash='a9623be4f09905ee2b9ded3c24274e877f90762f', operation='UPDATE', pgid='pgtrigger_copy_to_assignments_435c0', table='teams_team', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='team',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "teams_teamevent" ("id", "name", "oid", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "project_id") VALUES (NEW."id", NEW."name", NEW."oid", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."project_id"); RETURN NULL;', hash='21e818fc82f8d3d6118ba3b4f9919c9208432c26', operation='INSERT', pgid='pgtrigger_insert_insert_59b08', table='teams_team', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='team',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "teams_teamevent" ("id", "name", "oid", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "project_id") VALUES (NEW."id", NEW."name", NEW."oid", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."project_id"); RETURN NULL;', hash='7705796132b0c8b6c3a5a9458765448cf181380f', operation='UPDATE', pgid='pgtrigger_update_update_17c2b', table='teams_team', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='team',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "teams_teamevent" ("id", "name", "oid", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "project_id") VALUES (OLD."id", OLD."name", OLD."oid", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."project_id"); RETURN NULL;', hash='b67f7ba41a6bbd7c656bd5c5d1d5fd98b2cd12f2', operation='DELETE', pgid='pgtrigger_delete_delete_6cc68', table='teams_team', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userassignment',
            trigger=pgtrigger.compiler.Trigger(name='fill_copies', sql=pgtrigger.compiler.UpsertTriggerSql(func="\n    IF TG_OP = 'UPDATE' AND pg_trigger_depth() = 1 THEN\n        NEW.project_name := OLD.project_name;\n        NEW.project_oid := OLD.project_oid;\n        NEW.team_name := OLD.team_name;\n        NEW.team_oid := OLD.team_oid;\n        NEW.user_oid := OLD.user_oid;\n        NEW.user_email := OLD.user_email;\n        NEW.user_name := OLD.user_name;\n        NEW.user_role := OLD.user_role;\n        NEW.user_locale := OLD.user_locale;\n        NEW.user_time_zone := OLD.user_time_zone;\n    END IF;\n\n    IF TG_OP = 'INSERT' OR NEW.project_id <> OLD.project_id THEN\n        SELECT p.name, p.oid INTO NEW.project_name, NEW.project_oid\n        FROM teams_project p WHERE p.id = NEW.project_id FOR SHARE;\n    END IF;\n    IF NEW.team_id IS NULL THEN\n        NEW.team_name := NULL;\n        NEW.team_oid := NULL;\n    ELSIF TG_OP = 'INSERT' OR NEW.team_id IS DISTINCT FROM OLD.team_id THEN\n        SELECT t.name, t.oid INTO NEW.team_name, NEW.team_oid\n        FROM teams_team t WHERE t.id = NEW.team_id FOR SHARE;\n    END IF;\n    IF TG_OP = 'INSERT' OR NEW.user_id <> OLD.user_id THEN\n        SELECT u.oid, u.email, COALESCE(NULLIF(btrim(concat_ws(' ', u.first_name, u.last_name)), ''), u.username), u.role, u.locale, u.time_zone\n        INTO NEW.user_oid, NEW.user_email, NEW.user_name, NEW.user_role, NEW.user_locale, NEW.user_time_zone\n        FROM users_user u WHERE u.id = NEW.user_id FOR SHARE;\n    END IF;\n\n    NEW.row_lsn := (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint;\n    RETURN NEW;\n", hash='8c46db476f31fb7144e4c8949e90ca8aeac715c5', operation='INSERT OR UPDATE', pgid='pgtrigger_fill_copies_12f00', table='teams_userassignment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userassignment',
            trigger=pgtrigger.compiler.Trigger(name='refuse_truncate', sql=pgtrigger.compiler.UpsertTriggerSql(func="RAISE EXCEPTION 'teams_userassignment cannot be truncated: nobody would hear. Use DELETE.';", hash='5fce0957aad01a573e18cdabc542d9ca343b7171', level='STATEMENT', operation='TRUNCATE', pgid='pgtrigger_refuse_truncate_7a50f', table='teams_userassignment', when='BEFORE')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userassignment',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "teams_userassignmentevent" ("application_url", "created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "project_id", "project_name", "project_oid", "team_id", "team_name", "team_oid", "user_email", "user_id", "user_locale", "user_name", "user_oid", "user_role", "user_time_zone") VALUES (NEW."application_url", NEW."created_at", NEW."id", _pgh_attach_context(), NOW(), \'insert\', NEW."id", NEW."project_id", NEW."project_name", NEW."project_oid", NEW."team_id", NEW."team_name", NEW."team_oid", NEW."user_email", NEW."user_id", NEW."user_locale", NEW."user_name", NEW."user_oid", NEW."user_role", NEW."user_time_zone"); RETURN NULL;', hash='fae5daf518caa1995bd24924ac2e8087b490271b', operation='INSERT', pgid='pgtrigger_insert_insert_2d6a7', table='teams_userassignment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userassignment',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."application_url" IS DISTINCT FROM (NEW."application_url") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."project_id" IS DISTINCT FROM (NEW."project_id") OR OLD."project_name" IS DISTINCT FROM (NEW."project_name") OR OLD."project_oid" IS DISTINCT FROM (NEW."project_oid") OR OLD."team_id" IS DISTINCT FROM (NEW."team_id") OR OLD."team_name" IS DISTINCT FROM (NEW."team_name") OR OLD."team_oid" IS DISTINCT FROM (NEW."team_oid") OR OLD."user_id" IS DISTINCT FROM (NEW."user_id") OR OLD."user_email" IS DISTINCT FROM (NEW."user_email") OR OLD."user_locale" IS DISTINCT FROM (NEW."user_locale") OR OLD."user_name" IS DISTINCT FROM (NEW."user_name") OR OLD."user_oid" IS DISTINCT FROM (NEW."user_oid") OR OLD."user_role" IS DISTINCT FROM (NEW."user_role") OR OLD."user_time_zone" IS DISTINCT FROM (NEW."user_time_zone"))', func='INSERT INTO "teams_userassignmentevent" ("application_url", "created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "project_id", "project_name", "project_oid", "team_id", "team_name", "team_oid", "user_email", "user_id", "user_locale", "user_name", "user_oid", "user_role", "user_time_zone") VALUES (NEW."application_url", NEW."created_at", NEW."id", _pgh_attach_context(), NOW(), \'update\', NEW."id", NEW."project_id", NEW."project_name", NEW."project_oid", NEW."team_id", NEW."team_name", NEW."team_oid", NEW."user_email", NEW."user_id", NEW."user_locale", NEW."user_name", NEW."user_oid", NEW."user_role", NEW."user_time_zone"); RETURN NULL;', hash='519afb0b460eca8cd85a4d22747e8280e7721088', operation='UPDATE', pgid='pgtrigger_update_update_e90de', table='teams_userassignment', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='userassignment',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "teams_userassignmentevent" ("application_url", "created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "project_id", "project_name", "project_oid", "team_id", "team_name", "team_oid", "user_email", "user_id", "user_locale", "user_name", "user_oid", "user_role", "user_time_zone") VALUES (OLD."application_url", OLD."created_at", OLD."id", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."project_id", OLD."project_name", OLD."project_oid", OLD."team_id", OLD."team_name", OLD."team_oid", OLD."user_email", OLD."user_id", OLD."user_locale", OLD."user_name", OLD."user_oid", OLD."user_role", OLD."user_time_zone"); RETURN NULL;', hash='a772b93ac20bdc02548f942d0c6112cdc2767a69', operation='DELETE', pgid='pgtrigger_delete_delete_29167', table='teams_userassignment', when='AFTER')),
        ),
    ]
