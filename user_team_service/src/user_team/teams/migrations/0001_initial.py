import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import user_team.fields
import user_team.validators
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The tables. The columns of `UserAssignment` are public, in this order."""

    initial = True

    dependencies = [
        ('pghistory', '0007_auto_20250421_0444'),
        ('users', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Project',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='projects', to='users.organization', verbose_name='organization')),
                ('name', user_team.fields.LineField(max_length=200, verbose_name='name')),
                ('oid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
            ],
            options={
                'verbose_name': 'project',
                'verbose_name_plural': 'projects',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='teams', to='teams.project', verbose_name='project')),
                ('name', user_team.fields.LineField(max_length=200, verbose_name='name')),
                ('oid', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='public id')),
            ],
            options={
                'verbose_name': 'team',
                'verbose_name_plural': 'teams',
                'ordering': ['project__name', 'name'],
            },
        ),
        migrations.CreateModel(
            name='UserAssignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='teams.project', verbose_name='project')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to='teams.team', verbose_name='team')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assignments', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('project_name', models.CharField(editable=False, max_length=200, verbose_name='project name')),
                ('team_name', models.CharField(editable=False, max_length=200, null=True, verbose_name='team name')),
                ('user_oid', models.UUIDField(editable=False, verbose_name="person's public id")),
                ('user_email', models.CharField(editable=False, max_length=254, verbose_name="person's e-mail")),
                ('user_name', models.CharField(editable=False, max_length=301, verbose_name="person's name")),
                ('user_role', models.CharField(editable=False, max_length=16, verbose_name="person's role")),
                ('project_oid', models.UUIDField(editable=False, verbose_name="project's public id")),
                ('team_oid', models.UUIDField(editable=False, null=True, verbose_name="team's public id")),
                ('application_url', user_team.fields.HttpUrlField(blank=True, help_text="Link to the person's onboarding request; it is sent to them by e-mail.", max_length=500, null=True, verbose_name='application')),
                ('user_locale', models.CharField(editable=False, max_length=2, null=True, verbose_name="person's language")),
                ('user_time_zone', models.CharField(editable=False, max_length=64, null=True, verbose_name="person's time zone")),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='since')),
                ('row_lsn', models.BigIntegerField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'assignment',
                'verbose_name_plural': 'assignments',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='News',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='news', to='users.organization', verbose_name='organization')),
                ('title', user_team.fields.LineField(max_length=200, verbose_name='title')),
                ('body', models.TextField(max_length=20000, validators=[user_team.validators.validate_text], verbose_name='text')),
                ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published')),
            ],
            options={
                'verbose_name': 'news item',
                'verbose_name_plural': 'news',
                'ordering': ['-published_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='ProjectEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('organization', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='users.organization', verbose_name='organization')),
                ('name', user_team.fields.LineField(max_length=200, verbose_name='name')),
                ('oid', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='public id')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='teams.project')),
            ],
            options={
                'verbose_name': 'change of a project',
                'verbose_name_plural': 'changes of projects',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='TeamEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='teams.project', verbose_name='project')),
                ('name', user_team.fields.LineField(max_length=200, verbose_name='name')),
                ('oid', models.UUIDField(default=uuid.uuid4, editable=False, verbose_name='public id')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='teams.team')),
            ],
            options={
                'verbose_name': 'change of a team',
                'verbose_name_plural': 'changes of teams',
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='UserAssignmentEvent',
            fields=[
                ('pgh_id', models.AutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('id', models.BigIntegerField()),
                ('project', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='teams.project', verbose_name='project')),
                ('team', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='teams.team', verbose_name='team')),
                ('user', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('project_name', models.CharField(editable=False, max_length=200, verbose_name='project name')),
                ('team_name', models.CharField(editable=False, max_length=200, null=True, verbose_name='team name')),
                ('user_oid', models.UUIDField(editable=False, verbose_name="person's public id")),
                ('user_email', models.CharField(editable=False, max_length=254, verbose_name="person's e-mail")),
                ('user_name', models.CharField(editable=False, max_length=301, verbose_name="person's name")),
                ('user_role', models.CharField(editable=False, max_length=16, verbose_name="person's role")),
                ('project_oid', models.UUIDField(editable=False, verbose_name="project's public id")),
                ('team_oid', models.UUIDField(editable=False, null=True, verbose_name="team's public id")),
                ('application_url', user_team.fields.HttpUrlField(blank=True, help_text="Link to the person's onboarding request; it is sent to them by e-mail.", max_length=500, null=True, verbose_name='application')),
                ('user_locale', models.CharField(editable=False, max_length=2, null=True, verbose_name="person's language")),
                ('user_time_zone', models.CharField(editable=False, max_length=64, null=True, verbose_name="person's time zone")),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='since')),
                ('pgh_context', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='pghistory.context')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='events', to='teams.userassignment')),
            ],
            options={
                'verbose_name': 'change of an assignment',
                'verbose_name_plural': 'changes of assignments',
                'abstract': False,
            },
        ),
        migrations.AddConstraint(
            model_name='project',
            constraint=models.UniqueConstraint(models.F('organization'), django.db.models.functions.text.Lower('name'), name='teams_project_name_unique', violation_error_message='This organization already has a project with this name.'),
        ),
        migrations.AddConstraint(
            model_name='team',
            constraint=models.UniqueConstraint(models.F('project'), django.db.models.functions.text.Lower('name'), name='teams_team_name_unique', violation_error_message='This project already has a team with this name.'),
        ),
        migrations.AddConstraint(
            model_name='userassignment',
            constraint=models.UniqueConstraint(fields=('user', 'project', 'team'), name='teams_userassignment_unique', nulls_distinct=False, violation_error_message='This person already has this assignment.'),
        ),
        migrations.AddConstraint(
            model_name='userassignment',
            constraint=models.CheckConstraint(condition=models.Q(('application_url__isnull', True), ('application_url__iregex', '^https?://\\S+$'), _connector='OR'), name='teams_userassignment_http_url', violation_error_message='Only http and https links are allowed.'),
        ),
    ]
