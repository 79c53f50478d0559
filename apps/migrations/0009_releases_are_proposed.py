import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

STATES = [(each, each) for each in ("Pending", "Approved", "Declined", "Superseded")]


class Migration(migrations.Migration):

    dependencies = [
        ("applications", "0008_projects_have_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(model_name="environment", name="protected", field=models.BooleanField(default=False)),
        migrations.CreateModel(
            name="ReleaseProposal",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("app_file", models.JSONField()),
                ("image", models.CharField(max_length=512)),
                ("spec", models.JSONField()),
                ("secrets", models.JSONField(default=dict)),
                ("digest", models.CharField(max_length=64)),
                ("reason", models.TextField(blank=True, default="")),
                ("state", models.CharField(choices=STATES, default="Pending", max_length=10)),
                ("proposed_by_name", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("decided_by_name", models.CharField(blank=True, default="", max_length=200)),
                ("decided_at", models.DateTimeField(blank=True, null=True)),
                ("decision_reason", models.TextField(blank=True, default="")),
                ("based_on", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="applications.release")),
                ("environment", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="proposals", to="applications.environment")),
                ("proposed_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("release", models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="proposal", to="applications.release")),
            ],
            options={
                "ordering": ["-created_at"],
                "indexes": [
                    models.Index(fields=["environment", "-created_at"], name="proposal_by_environment"),
                    models.Index(condition=models.Q(("state", "Pending")), fields=["-created_at"], name="proposal_pending"),
                ],
            },
        ),
    ]
