from django.db import migrations

# The one change let through is the foreign key to a person who is deleted; their name stays in actor_name.
GUARD = """
CREATE FUNCTION core_auditevent_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.actor_id IS NULL AND to_jsonb(NEW) - 'actor_id' = to_jsonb(OLD) - 'actor_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit events are never changed or deleted' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER core_auditevent_guard BEFORE UPDATE OR DELETE ON core_auditevent
    FOR EACH ROW EXECUTE FUNCTION core_auditevent_guard();
"""

UNGUARD = """
DROP TRIGGER core_auditevent_guard ON core_auditevent;
DROP FUNCTION core_auditevent_guard();
"""


class Migration(migrations.Migration):

    dependencies = [('core', '0001_initial')]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
