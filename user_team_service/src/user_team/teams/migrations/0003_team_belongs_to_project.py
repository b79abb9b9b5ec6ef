from django.db import migrations


class Migration(migrations.Migration):
    """An assignment's team is a team of its project, whoever writes. Rows without a team are not checked."""

    dependencies = [("teams", "0002_triggers")]

    operations = [
        migrations.RunSQL(
            sql="ALTER TABLE teams_team ADD CONSTRAINT teams_team_id_project_unique UNIQUE (id, project_id)",
            reverse_sql="ALTER TABLE teams_team DROP CONSTRAINT teams_team_id_project_unique",
        ),
        migrations.RunSQL(
            sql="""
                ALTER TABLE teams_userassignment ADD CONSTRAINT teams_userassignment_team_of_project
                FOREIGN KEY (team_id, project_id) REFERENCES teams_team (id, project_id)
            """,
            reverse_sql="ALTER TABLE teams_userassignment DROP CONSTRAINT teams_userassignment_team_of_project",
        ),
    ]
