import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import paas.core.encryption


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0011_directory_accounts'),
    ]

    operations = [
        migrations.CreateModel(
            name='FactorSecret',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('value', paas.core.encryption.EncryptedTextField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
    ]
