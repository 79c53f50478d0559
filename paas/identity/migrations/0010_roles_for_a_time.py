import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("identity", "0009_releasers_are_always_there"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.AddField(
            model_name="teamgrouppermission",
            name="until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.CreateModel(
            name="BreakGlass",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("role", models.CharField(max_length=10)),
                ("reason", models.TextField()),
                ("taken_at", models.DateTimeField(auto_now_add=True)),
                ("until", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("ended_by_name", models.CharField(blank=True, default="", max_length=200)),
                ("group", models.OneToOneField(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="break_glass", to="auth.group")),
                ("team", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="taken_roles", to="identity.team")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ["-taken_at"],
                "indexes": [models.Index(fields=["team", "-taken_at"], name="break_glass_by_team")],
            },
        ),
    ]
