from django.db import migrations

WORDS = [
    ('deploy_team', 'Can deploy what belongs to the team'),
    ('exec_team', 'Can open terminals in what belongs to the team'),
    ('own_team', 'Can change the team and its members'),
]


def grant(apps, schema_editor):
    """Owners hold every word; Django itself makes the permission only after all migrations."""
    teams = apps.get_model('identity', 'Team').objects.all()
    if not teams.exists():
        return
    kind, _ = apps.get_model('contenttypes', 'ContentType').objects.get_or_create(app_label='identity', model='team')
    word, _ = apps.get_model('auth', 'Permission').objects.get_or_create(
        content_type=kind, codename='exec_team', defaults={'name': dict(WORDS)['exec_team']}
    )
    table = apps.get_model('identity', 'TeamGroupPermission')
    for team in teams:
        table.objects.get_or_create(permission=word, group_id=team.owners_id, content_object=team)


class Migration(migrations.Migration):

    dependencies = [
        ('identity', '0005_deployers_are_always_there'),
        ('auth', '0012_alter_user_first_name_max_length'),
        ('contenttypes', '0002_remove_content_type_name'),
    ]

    operations = [
        migrations.AlterModelOptions(name='team', options={'ordering': ['name'], 'permissions': WORDS}),
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
