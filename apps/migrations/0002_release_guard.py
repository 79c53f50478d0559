from django.db import migrations

# The one change let through is the foreign key to a person who is deleted; their name stays in created_by_name.
GUARD = """
CREATE FUNCTION applications_release_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.created_by_id IS NULL
            AND to_jsonb(NEW) - 'created_by_id' = to_jsonb(OLD) - 'created_by_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'releases are never changed or deleted' USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER applications_release_guard BEFORE UPDATE OR DELETE ON applications_release
    FOR EACH ROW EXECUTE FUNCTION applications_release_guard();
"""

UNGUARD = """
DROP TRIGGER applications_release_guard ON applications_release;
DROP FUNCTION applications_release_guard();
"""


class Migration(migrations.Migration):

    dependencies = [('applications', '0001_initial')]

    operations = [migrations.RunSQL(GUARD, UNGUARD)]
