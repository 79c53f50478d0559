import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("identity", "0008_teams_have_releasers"),
    ]

    operations = [
        migrations.AlterField(
            model_name="team",
            name="releasers",
            field=models.OneToOneField(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="released_team", to="auth.group"),
        ),
    ]
