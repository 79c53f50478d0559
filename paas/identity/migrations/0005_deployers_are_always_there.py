import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("identity", "0004_teams_have_deployers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="team",
            name="deployers",
            field=models.OneToOneField(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="deployed_team", to="auth.group"),
        ),
    ]
