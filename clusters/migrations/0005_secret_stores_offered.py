from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('clusters', '0004_what_a_cluster_offers'),
    ]

    operations = [
        migrations.AddField(
            model_name='cluster',
            name='secret_stores',
            field=models.JSONField(blank=True, default=dict, help_text='ClusterSecretStores that every team may read from: name to globs of the keys.'),
        ),
    ]
