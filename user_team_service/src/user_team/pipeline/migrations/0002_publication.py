from django.db import migrations


class Migration(migrations.Migration):
    """What may be captured. A delete carries the whole old row; TRUNCATE is not published (a trigger refuses it)."""

    dependencies = [("pipeline", "0001_initial"), ("teams", "0003_team_belongs_to_project")]

    operations = [
        migrations.RunSQL(
            sql="ALTER TABLE teams_userassignment REPLICA IDENTITY FULL",
            reverse_sql="ALTER TABLE teams_userassignment REPLICA IDENTITY DEFAULT",
        ),
        migrations.RunSQL(
            sql="""
                CREATE PUBLICATION debezium_pub
                FOR TABLE teams_userassignment, debezium_heartbeat, debezium_signal
                WITH (publish = 'insert, update, delete')
            """,
            reverse_sql="DROP PUBLICATION debezium_pub",
        ),
    ]
