from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

GROUP = "Organization administrators"

PERMISSIONS = {
    "users": {
        "organization": ["view", "change"],
        "user": ["view", "add", "change", "delete"],
        "userevent": ["view"],
    },
    "teams": {
        "project": ["view", "add", "change", "delete"],
        "team": ["view", "add", "change", "delete"],
        "userassignment": ["view", "add", "change", "delete"],
        "news": ["view", "add", "change", "delete"],
        "projectevent": ["view"],
        "teamevent": ["view"],
        "userassignmentevent": ["view"],
    },
}


def create_group(apps, schema_editor):
    """The group's permissions are made after `migrate` otherwise, so they are made here first."""
    group = apps.get_model("auth", "Group").objects.create(name=GROUP)
    permission = apps.get_model("auth", "Permission")
    for app_label, models in PERMISSIONS.items():
        create_permissions(installed.get_app_config(app_label), verbosity=0)
        codenames = [f"{action}_{model}" for model, actions in models.items() for action in actions]
        group.permissions.add(*permission.objects.filter(content_type__app_label=app_label, codename__in=codenames))


def delete_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name=GROUP).delete()


class Migration(migrations.Migration):
    """Those who look after one organization: what they may do is here, which rows they see is `user_team.tenancy`."""

    dependencies = [
        ("teams", "0003_team_belongs_to_project"),
        ("users", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create_group, delete_group)]
