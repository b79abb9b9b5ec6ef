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
)
ROLE_GROUPS = ("role: employee", "role: manager", "role: admin")


def let_roles_meet(apps, schema_editor):
    """A role may do with meetings what it may do with tasks now, so what administrators took away stays away."""
    create_permissions(installed.get_app_config("identity"), verbosity=0)
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="identity")
    ours = {permission.codename: permission for permission in permissions}
    for group in apps.get_model("auth", "Group").objects.filter(name__in=ROLE_GROUPS):
        held = group.permissions.filter(codename__startswith="tasks.").values_list("codename", flat=True)
        group.permissions.add(*(ours[codename.replace("tasks.", "meetings.")] for codename in held))


def take_meetings_away(apps, schema_editor):
    apps.get_model("auth", "Permission").objects.filter(
        content_type__app_label="identity", codename__startswith="meetings."
    ).delete()


class Migration(migrations.Migration):
    """Meetings: what one may do with them."""

    dependencies = [("identity", "0002_role_groups")]

    operations = [
        migrations.AlterModelOptions(
            name="suitepermission",
            options={"default_permissions": (), "managed": False, "permissions": SUITE_PERMISSIONS},
        ),
        migrations.RunPython(let_roles_meet, take_meetings_away),
    ]
