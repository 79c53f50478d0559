import django.db.models.deletion
from django.db import migrations, models

TEAM_WORDS = [
    ("deploy_team", "Can deploy what belongs to the team"),
    ("release_team", "Can release what belongs to the team to protected environments"),
    ("exec_team", "Can open terminals in what belongs to the team"),
    ("own_team", "Can change the team and its members"),
]
USER_WORDS = [
    ("operate", "Can operate the platform: clusters, delivery, people"),
    ("audit", "Can view all that is on the platform, and the audit trail"),
]


class Migration(migrations.Migration):

    dependencies = [
        ("identity", "0006_terminals"),
    ]

    operations = [
        migrations.AlterModelOptions(name="team", options={"ordering": ["name"], "permissions": TEAM_WORDS}),
        migrations.AlterModelOptions(name="user", options={"ordering": ["username"], "permissions": USER_WORDS}),
        migrations.RenameField(model_name="team", old_name="deployers", new_name="developers"),
        migrations.AlterField(
            model_name="team",
            name="developers",
            field=models.OneToOneField(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="developed_team", to="auth.group"),
        ),
        migrations.AddField(
            model_name="team",
            name="releasers",
            field=models.OneToOneField(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="released_team", to="auth.group"),
        ),
    ]
