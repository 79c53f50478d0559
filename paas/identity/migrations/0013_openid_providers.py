import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import paas.core.encryption


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('identity', '0012_second_factors'),
    ]

    operations = [
        migrations.CreateModel(
            name='OidcAccount',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('provider', models.CharField(max_length=30)),
                ('subject', models.CharField(max_length=255)),
                ('session', models.CharField(blank=True, default='', max_length=255)),
                ('refresh_token', paas.core.encryption.EncryptedTextField(blank=True, default='')),
                ('followed', models.BooleanField(default=False)),
                ('checked_at', models.DateTimeField(null=True)),
                ('ended', models.CharField(blank=True, default='', max_length=20)),
                ('given', models.ManyToManyField(related_name='+', to='auth.group')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='oidc_accounts', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('provider', 'subject'), name='one_account_a_subject'),
                    models.UniqueConstraint(fields=('provider', 'user'), name='one_subject_an_account'),
                ],
            },
        ),
        migrations.CreateModel(
            name='OidcLogout',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('provider', models.CharField(max_length=30)),
                ('jti_digest', models.CharField(max_length=64)),
                ('used_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('provider', 'jti_digest'), name='a_logout_token_works_once')],
            },
        ),
    ]
