from django.db import migrations

from user_team.accounts import triggers

_SAY_WHO_IS_THERE = "SELECT refresh_accounts(array_agg(id)) FROM users_user"


class Migration(migrations.Migration):
    """From here on every change of a person is an event; whoever exists already is said to be created."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("users", "0002_organization_oid"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunSQL(triggers.CREATE, triggers.DROP),
        migrations.RunSQL(_SAY_WHO_IS_THERE, migrations.RunSQL.noop),
    ]
