import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clusters", "0008_changes_lead_to_clicks"),
        ("identity", "0006_terminals"),
        ("applications", "0010_freeze_windows"),
    ]

    operations = [
        migrations.AddField(
            model_name="placement",
            name="ground_due",
            # Read by the old code during a rolling upgrade too, which does not know the column.
            field=models.BooleanField(default=False, db_default=False),
        ),
        migrations.AddField(
            model_name="placement",
            name="grants_awaited",
            field=models.BooleanField(default=False, db_default=False),
        ),
        migrations.AddIndex(
            model_name="placement",
            index=models.Index(
                condition=models.Q(("ground_due", True), ("grants_awaited", True), _connector="OR"),
                fields=["id"],
                name="grounds_due",
            ),
        ),
        migrations.CreateModel(
            name="TenantPolicy",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("version", models.PositiveBigIntegerField(default=1, editable=False)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
                ("figures", models.JSONField(default=dict)),
                ("groups", models.JSONField(default=dict)),
                (
                    "cluster",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="clusters.cluster",
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="identity.team",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "tenant policies",
                "ordering": ["team__name", "cluster__name"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("team", "cluster"),
                        name="one_tenant_policy_per_team_and_cluster",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
