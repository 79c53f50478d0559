from django.db import migrations

from paas.core.from_fernet import reseal


class Migration(migrations.Migration):
    dependencies = [("applications", "0004_secrets_age_and_references")]

    operations = [migrations.RunPython(reseal(("applications", "SecretVersion"), ("values",)))]
