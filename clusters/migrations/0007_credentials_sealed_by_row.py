import uuid

from django.db import migrations, models

from paas.core.from_fernet import reseal

# Nothing refers to a credential, so it may be given another key.
NEW_KEYS = """
    ALTER TABLE clusters_clustercredential ALTER COLUMN id DROP IDENTITY IF EXISTS;
    ALTER TABLE clusters_clustercredential ALTER COLUMN id TYPE uuid USING gen_random_uuid();
"""


class Migration(migrations.Migration):
    dependencies = [("clusters", "0006_pods_of_workloads")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(NEW_KEYS)],
            state_operations=[
                migrations.AlterField(
                    "clustercredential",
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                )
            ],
        ),
        migrations.RunPython(reseal(("clusters", "ClusterCredential"), ("token", "client_key"))),
    ]
