from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0003_config_layers'),
    ]

    operations = [
        migrations.AddField(
            model_name='secretversion',
            name='references',
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name='secretversion',
            name='max_age_days',
            field=models.PositiveIntegerField(blank=True, help_text='From this age on the version is overdue for a successor.', null=True),
        ),
    ]
