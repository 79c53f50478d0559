from django.db import migrations

WORDS = ("view_team", "deploy_team")


def make(apps, schema_editor):
    """Give each team the group of those who deploy for it."""
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    Team, Grant = apps.get_model("identity", "Team"), apps.get_model("identity", "TeamGroupPermission")
    permissions = list(Permission.objects.filter(content_type__app_label="identity", codename__in=WORDS))
    for team in Team.objects.filter(deployers=None):
        team.deployers = Group.objects.create(name=f"team:{team.name}:deployer")
        team.save(update_fields=["deployers"])
        for permission in permissions:
            Grant.objects.create(content_object=team, group=team.deployers, permission=permission)


class Migration(migrations.Migration):

    dependencies = [
        ("identity", "0003_tokens_have_scopes"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
