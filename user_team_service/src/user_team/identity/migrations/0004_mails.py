from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

SUITE_PERMISSIONS = (
    ("directory.read", "See people, projects and teams"),
    ("tasks.read", "See tasks"),
    ("tasks.write", "Create tasks and comments, change one's own tasks"),
    ("tasks.manage", "Change any task of one's projects, and their settings"),
    ("meetings.read", "See meetings"),
    ("meetings.write", "Schedule meetings, change one's own, answer invitations"),
    ("meetings.manage", "Change and cancel any meeting of one's projects"),
    ("projects.all", "Act in every project"),
    ("profiles.manage", "Change other people's profiles"),
    ("notifications.read", "See everybody's mails"),
    ("notifications.send", "Ask for mails to anybody"),
    ("notifications.manage", "Send mails again, and lift the suppression of addresses"),
)
ROLE_GROUPS = ("role: employee", "role: manager", "role: admin")
NEW = ("notifications.send", "notifications.manage")


def let_readers_of_mails_act(apps, schema_editor):
    """A role that sees everybody's mails may act on them, so what administrators took away stays away."""
    create_permissions(installed.get_app_config("identity"), verbosity=0)
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="identity")
    roles = apps.get_model("auth", "Group").objects.filter(
        name__in=ROLE_GROUPS, permissions__in=permissions.filter(codename="notifications.read")
    )
    for group in roles:
        group.permissions.add(*permissions.filter(codename__in=NEW))


def take_acting_away(apps, schema_editor):
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="identity", codename__in=NEW
    ).delete()


class Migration(migrations.Migration):
    """Mails: asking for them, and what one may do when one went wrong."""

    dependencies = [("identity", "0003_meetings")]

    operations = [
        migrations.AlterModelOptions(
            name="suitepermission",
            options={"default_permissions": (), "managed": False, "permissions": SUITE_PERMISSIONS},
        ),
        migrations.RunPython(let_readers_of_mails_act, take_acting_away),
    ]
