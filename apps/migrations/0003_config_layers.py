import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

# The one change let through is the foreign key to a person who is deleted; their name stays in created_by_name.
GUARD = """
CREATE FUNCTION applications_configchange_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.created_by_id IS NULL
            AND to_jsonb(NEW) - 'created_by_id' = to_jsonb(OLD) - 'created_by_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'changes of config are never changed or deleted' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER applications_configchange_guard BEFORE UPDATE OR DELETE ON applications_configchange
    FOR EACH ROW EXECUTE FUNCTION applications_configchange_guard();
"""

UNGUARD = """
DROP TRIGGER applications_configchange_guard ON applications_configchange;
DROP FUNCTION applications_configchange_guard();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0002_release_guard'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ConfigChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scope', models.CharField(choices=[('platform', 'platform'), ('cluster', 'cluster'), ('team', 'team'), ('project', 'project'), ('application', 'application'), ('environment', 'environment')], max_length=12)),
                ('scope_id', models.UUIDField()),
                ('scope_name', models.CharField(blank=True, max_length=200)),
                ('version', models.PositiveIntegerField()),
                ('key', models.CharField(max_length=253)),
                ('before', models.JSONField(blank=True, null=True)),
                ('after', models.JSONField(blank=True, null=True)),
                ('created_by_name', models.CharField(max_length=200)),
                ('accepted_by_name', models.CharField(blank=True, default='', max_length=200)),
                ('reason', models.TextField(blank=True, default='')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['scope_id', '-id'], name='config_by_scope')],
                'constraints': [models.UniqueConstraint(fields=('scope_id', 'key', 'version'), name='one_config_change_per_version')],
            },
        ),
        migrations.CreateModel(
            name='ConfigProposal',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('scope', models.CharField(choices=[('platform', 'platform'), ('cluster', 'cluster'), ('team', 'team'), ('project', 'project'), ('application', 'application'), ('environment', 'environment')], max_length=12)),
                ('scope_id', models.UUIDField(db_index=True)),
                ('scope_name', models.CharField(blank=True, max_length=200)),
                ('changes', models.JSONField()),
                ('release', models.BooleanField(default=True)),
                ('reason', models.TextField(blank=True, default='')),
                ('state', models.CharField(choices=[('Open', 'Open'), ('Accepted', 'Accepted'), ('Refused', 'Refused')], default='Open', max_length=8)),
                ('proposed_by_name', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('decided_by_name', models.CharField(blank=True, default='', max_length=200)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('decision_reason', models.TextField(blank=True, default='')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
