from django.db import migrations

from paas.core.from_fernet import reseal


class Migration(migrations.Migration):
    dependencies = [("applications", "0006_terminals")]

    operations = [migrations.RunPython(reseal(("applications", "SecretVersion"), ("values",)))]
