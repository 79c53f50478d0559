import django.db.models.deletion
from django.db import migrations, models

WORDS = [
    ("deploy_project", "Can deploy what belongs to the project"),
    ("release_project", "Can release what belongs to the project to protected environments"),
    ("exec_project", "Can open terminals in what belongs to the project"),
    ("own_project", "Can change the project and its members"),
]
ROLES = [(each, each) for each in ("owner", "releaser", "developer", "viewer")]


class Migration(migrations.Migration):

    dependencies = [
        ("applications", "0007_secrets_sealed_by_row"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("identity", "0009_releasers_are_always_there"),
    ]

    operations = [
        migrations.AlterModelOptions(name="project", options={"ordering": ["name"], "permissions": WORDS}),
        migrations.CreateModel(
            name="ProjectRole",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(choices=ROLES, max_length=10)),
                ("group", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="auth.group")),
                ("project", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="roles", to="applications.project")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("project", "role"), name="one_group_per_project_role")],
            },
        ),
        migrations.CreateModel(
            name="ProjectGroupPermission",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("content_object", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="grants", to="applications.project")),
                ("group", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.group")),
                ("permission", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="auth.permission")),
            ],
            options={
                "abstract": False,
                "unique_together": {("group", "permission", "content_object")},
            },
        ),
    ]
