from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

ROLES = {
    "role: employee": ["directory.read", "tasks.read", "tasks.write"],
    "role: manager": ["directory.read", "tasks.read", "tasks.write", "tasks.manage"],
    "role: admin": [
        *("directory.read", "tasks.read", "tasks.write", "tasks.manage"),
        *("projects.all", "profiles.manage", "notifications.read"),
    ],
}


def create_groups(apps, schema_editor):
    """The permissions are made after `migrate` otherwise, so they are made here first."""
    create_permissions(installed.get_app_config("identity"), verbosity=0)
    permission = apps.get_model("auth", "Permission")
    for name, codenames in ROLES.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(
            *permission.objects.filter(content_type__app_label="identity", codename__in=codenames)
        )


def delete_groups(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    """What each role may do in the suite, to begin with; administrators change it in the admin."""

    dependencies = [
        ("identity", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_groups, delete_groups)]
