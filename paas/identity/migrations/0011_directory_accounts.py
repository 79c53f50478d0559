import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('identity', '0010_roles_for_a_time'),
    ]

    operations = [
        migrations.CreateModel(
            name='DirectoryReading',
            fields=[
                ('name', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('tried_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('problem', models.CharField(blank=True, default='', max_length=100)),
            ],
        ),
        migrations.AddField(
            model_name='user',
            name='session_round',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.CreateModel(
            name='DirectoryAccount',
            fields=[
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='directory_account', serialize=False, to=settings.AUTH_USER_MODEL)),
                ('identity', models.CharField(max_length=300, unique=True)),
                ('dn', models.TextField()),
                ('ended', models.CharField(blank=True, default='', max_length=20)),
                ('seen_at', models.DateTimeField()),
                ('given', models.ManyToManyField(related_name='+', to='auth.group')),
            ],
        ),
    ]
