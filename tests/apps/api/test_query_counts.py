"""How many queries each endpoint takes: as tests/query_counts.txt says, whatever the number of rows.

That file is reviewed like code: when a count changes on purpose, change its line.
"""

from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps import services
from apps.appfile import validate
from apps.models import Application, Release
from clusters.models import Work
from paas.identity import services as identity

BASELINE = Path(__file__).parents[2] / "query_counts.txt"
MOST = {"GET environments topology": 11}  # no list; of all others ten


class World:
    """So many rows of everything, all of one owner, who is an operator too."""

    def __init__(self, client, owner, admin, team, project, document, make_cluster):
        self.client, self.owner, self.admin, self.team, self.project = client, owner, admin, team, project
        self.document, self.make_cluster = document, make_cluster
        self.rows = self.turn = 0

    def deploy(self, name="hello-0", **fields):
        file = validate(self.document(name=name, host=f"{name}.example", clusters=["c-0", "c-1"], **fields))
        return services.deploy(project=self.project, app_file=file, actor=self.owner)

    def grow(self, rows):
        for number in range(self.rows, rows):
            self.make_cluster(f"c-{number}", labels={"n": str(number)})
        for number in range(self.rows, rows):
            team = identity.create_team(name=f"t-{number}", actor=self.admin)
            identity.add_member(team=team, user=self.owner, role="owner", actor=self.admin)
            member = identity.create_user(username=f"u-{number}", password=f"{number} likes noodles", actor=self.admin)
            identity.add_member(team=self.team, user=member, role="viewer", actor=self.admin)
            identity.create_token(user=self.owner, name=f"k-{number}", actor=self.owner)
            services.create_project(team=self.team, name=f"p-{number}", actor=self.owner)
            self.deploy(f"hello-{number}")
            self.deploy(greeting=f"hello {number}")
            environment = Application.objects.get(name="hello-0").environments.get()
            services.set_secret(environment=environment, name=f"s-{number}", values={"KEY": "value"}, actor=self.owner)
        self.rows = rows

    def count(self, method, address, body=None, **headers):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            answer = getattr(self.client, method)(f"/api/v1/{address}", body, headers=headers)
        assert answer.status_code < 300, (address, answer.json())
        return len(seen)

    def reads(self):
        application = Application.objects.get(name="hello-0")
        environment = application.environments.get()
        release = Release.objects.filter(environment=environment).first()
        self.client.get(f"/api/v1/environments/{environment.pk}/topology/")  # keeps the tree of what is desired
        return {
            "me": "me",
            "teams list": "teams/",
            "teams detail": "teams/crew/",
            "teams members": "teams/crew/members/",
            "tokens list": "tokens/",
            "clusters list": "clusters/",
            "clusters detail": "clusters/c-0/",
            "works list": "works/",
            "works detail": f"works/{Work.objects.filter(owner_id=environment.pk).first().pk}/",
            "projects list": "projects/",
            "projects detail": "projects/demo/",
            "applications list": "applications/",
            "applications list by health": "applications/?health=Unknown",
            "applications detail": f"applications/{application.pk}/",
            "applications status": f"applications/{application.pk}/status/",
            "applications releases": f"applications/{application.pk}/releases/",
            "environments list": "environments/",
            "environments detail": f"environments/{environment.pk}/",
            "environments topology": f"environments/{environment.pk}/topology/",
            "environments secrets": f"environments/{environment.pk}/secrets/",
            "environments secret": f"environments/{environment.pk}/secrets/s-0/",
            "releases list": "releases/",
            "releases detail": f"releases/{release.pk}/",
            "releases differences": f"releases/{release.pk}/differences/?from={release.number}",
            "app-file-schema": "app-file-schema/",
        }

    def counts(self):
        """One line an endpoint."""
        found = {f"GET {name}": self.count("get", address) for name, address in self.reads().items()}
        return {**found, **dict(self.writes())}

    def writes(self):
        """The main ones; what each leaves behind differs in its name only."""
        self.turn += 1
        turn = f"w{self.turn}"
        put = f"projects/demo/applications/{turn}/"
        file = {"appFile": self.document(name=turn, host=f"{turn}.example", clusters=["c-0", "c-1"])}
        changed = {"appFile": {**file["appFile"], "image": f"registry.example/hello@sha256:{'b' * 64}"}}
        yield "PUT deploy, dry run", self.count("put", f"{put}?dryRun=true", file)
        yield "PUT deploy, the first", self.count("put", put, file)
        yield "PUT deploy, a change", self.count("put", put, changed)
        yield "PUT deploy, nothing new", self.count("put", put, changed)
        yield "PUT deploy, under a key", self.count("put", put, changed, **{"Idempotency-Key": turn})
        application = Application.objects.get(name=turn)
        environment = application.environments.get()
        at, room = f"applications/{application.pk}/", f"environments/{environment.pk}/"
        order = {"environment": "production"}
        yield "POST rollback, dry run", self.count("post", f"{at}rollback/?dryRun=true", order)
        yield "POST rollback", self.count("post", f"{at}rollback/", order)
        yield "POST render", self.count("post", "render/", {**file, **order, "cluster": "c-0"})
        yield "POST rerender", self.count("post", f"{room}rerender/", {})
        yield "PUT secret", self.count("put", f"{room}secrets/database/", {"values": {"KEY": "value"}})
        yield "DELETE secret", self.count("delete", f"{room}secrets/database/", **{"If-Match": "*"})
        yield "POST retire", self.count("post", f"{at}retire/", {"confirm": turn})
        ahead = {"project": "demo", "application": f"{turn}-ahead", "name": "production"}
        yield "POST environment", self.count("post", "environments/", ahead)
        yield "POST project", self.count("post", "projects/", {"team": "crew", "name": turn})
        yield "POST team", self.count("post", "teams/", {"name": turn})
        yield "PATCH team", self.count("patch", "teams/crew/", {"title": turn}, **{"If-Match": "*"})
        yield "POST token", self.count("post", "tokens/", {"name": turn})
        yield "PATCH cluster", self.count("patch", "clusters/c-0/", {"labels": {"n": turn}}, **{"If-Match": "*"})


@pytest.fixture
def world(api, owner, admin, team, project, document, make_cluster):
    identity.set_operator(user=owner, operator=True, actor=admin)
    return World(api(owner), owner, admin, team, project, document, make_cluster)


def lines(counts):
    return [f"{count:4} {name}" for name, count in counts.items()]


@pytest.mark.timeout(300)
def test_three_and_thirty(world):
    world.grow(3)
    world.counts()  # what a process asks once
    few = world.counts()
    world.grow(30)
    assert lines(world.counts()) == lines(few)
    assert lines(few) == BASELINE.read_text().splitlines()
    assert [name for name, count in few.items() if name.startswith("GET") and count > MOST.get(name, 10)] == []
