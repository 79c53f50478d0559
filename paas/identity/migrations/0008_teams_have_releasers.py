from django.db import migrations

WORDS = {
    "view_team": "Can view team",
    "deploy_team": "Can deploy what belongs to the team",
    "release_team": "Can release what belongs to the team to protected environments",
}


def make(apps, schema_editor):
    """Give each team the group of its releasers, and its owners their word. Who deployed is a developer now, in the
    same group under its new name.
    """
    teams = list(apps.get_model("identity", "Team").objects.filter(releasers=None))
    if not teams:
        return
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    Grant = apps.get_model("identity", "TeamGroupPermission")
    # Django itself makes a permission only after all migrations.
    kind, _ = apps.get_model("contenttypes", "ContentType").objects.get_or_create(app_label="identity", model="team")
    permissions = {
        codename: Permission.objects.get_or_create(content_type=kind, codename=codename, defaults={"name": name})[0]
        for codename, name in WORDS.items()
    }
    for team in teams:
        Group.objects.filter(pk=team.developers_id).update(name=f"team:{team.name}:developer")
        team.releasers = Group.objects.create(name=f"team:{team.name}:releaser")
        team.save(update_fields=["releasers"])
        for permission in permissions.values():
            Grant.objects.create(content_object=team, group=team.releasers, permission=permission)
        Grant.objects.create(content_object=team, group_id=team.owners_id, permission=permissions["release_team"])


class Migration(migrations.Migration):

    dependencies = [
        ("identity", "0007_developers_and_releasers"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
