from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clusters', '0003_lease_trusted_from'),
    ]

    operations = [
        migrations.AddField(
            model_name='cluster',
            name='node_pools',
            field=models.JSONField(blank=True, default=list, help_text='Pools of nodes (label dougong.dev/node-pool) that every team may use.'),
        ),
        migrations.AddField(
            model_name='cluster',
            name='priority_classes',
            field=models.JSONField(blank=True, default=list, help_text='PriorityClasses that every team may use.'),
        ),
        migrations.AddField(
            model_name='cluster',
            name='service_account_annotations',
            field=models.JSONField(blank=True, default=dict, help_text='Annotations that every team may give to a service account: key to globs of the values it may have.'),
        ),
    ]
