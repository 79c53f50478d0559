import django.utils.timezone
from django.db import migrations, models

import paas.core.models
from paas.core.audit.chain import signature
from paas.core.audit.keys import keys

# Two changes are let through: the foreign key to a person who is deleted (their name and id stay in the event), and the
# seal, once.
GUARD = """
CREATE OR REPLACE FUNCTION core_auditevent_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.actor_id IS NULL AND to_jsonb(NEW) - 'actor_id' = to_jsonb(OLD) - 'actor_id' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.number IS NULL AND NEW.number IS NOT NULL
        AND to_jsonb(NEW) - 'number' - 'seal' = to_jsonb(OLD) - 'number' - 'seal' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit events are never changed or deleted' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER core_auditevent_truncate BEFORE TRUNCATE ON core_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION core_auditevent_guard();
"""
OFF = "ALTER TABLE core_auditevent DISABLE TRIGGER core_auditevent_guard"
ON = "ALTER TABLE core_auditevent ENABLE TRIGGER core_auditevent_guard"


def sign(apps, schema_editor):
    """What was written before there were signatures is taken as it stands."""
    events = apps.get_model("core", "AuditEvent").objects
    for event in events.filter(signature="").iterator():
        event.subject = str(event.actor_id or "")
        event.signature = signature(paas.core.models.AuditEvent.facts(event), keys())
        event.save(update_fields=["subject", "signature"])


class Migration(migrations.Migration):
    dependencies = [("core", "0003_saved_filters")]

    operations = [
        migrations.AlterField("auditevent", "at", models.DateTimeField(default=django.utils.timezone.now)),
        migrations.AddField(
            "auditevent",
            "transaction",
            models.BigIntegerField(db_default=paas.core.models.TransactionId(), editable=False),
        ),
        migrations.AddField("auditevent", "subject", models.CharField(blank=True, max_length=64, default=""), False),
        migrations.AddField("auditevent", "how", models.CharField(blank=True, max_length=100, default=""), False),
        migrations.AddField("auditevent", "address", models.CharField(blank=True, max_length=45, default=""), False),
        migrations.AddField("auditevent", "right", models.JSONField(blank=True, null=True)),
        migrations.AddField(
            "auditevent",
            "outcome",
            models.CharField(choices=[("done", "Done"), ("refused", "Refused")], default="done", max_length=8),
        ),
        migrations.AddField("auditevent", "signature", models.CharField(max_length=100, default=""), False),
        migrations.AddField("auditevent", "number", models.BigIntegerField(editable=False, null=True, unique=True)),
        migrations.AddField("auditevent", "seal", models.CharField(blank=True, editable=False, max_length=100, default=""), False),
        migrations.AddIndex(
            "auditevent",
            models.Index(condition=models.Q(("number", None)), fields=["transaction", "id"], name="audit_unsealed"),
        ),
        migrations.RunSQL(OFF, migrations.RunSQL.noop),
        migrations.RunPython(sign, migrations.RunPython.noop),
        migrations.RunSQL(ON, migrations.RunSQL.noop),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
    ]
