"""One request to each operation of docs/openapi.yaml, and more of the main ones, in a `World`.

What a turn leaves behind differs in its name only, so that the next one takes as many queries.
"""

from apps import services
from apps.config import Declaration
from apps.delivery import APPLICATION
from apps.models import Application, ConfigProposal, FreezeWindow, Release, ReleaseProposal, Terminal
from apps.selectors.config import scope_of
from apps.services.config import Edit
from clusters.manifests import ObjectId
from clusters.models import OwnedObject, Work
from paas.core.models import AuditEvent
from paas.identity import devices
from paas.identity.models import ApiToken
from tests.apps.api.world import BLOCKS, PASSWORD
from tests.certificate import issued

ANY = {"If-Match": "*"}
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
CLIENT = "dougong-cli"


def read(world):
    """Every read but streams."""
    for name, address in reads(world).items():
        world.ask(f"GET {name}", address)


def reads(world):
    """Addresses below /api/v1/ by the names of their lines."""
    application, environment = world.hello, world.environment
    guarded = Application.objects.get(name="guarded").environments.get()
    at, room, team = f"applications/{application.pk}/", f"environments/{environment.pk}/", "teams/crew/"
    work = Work.objects.get(owner_id=environment.pk, name=APPLICATION, cluster__name="c-0")
    terminal = Terminal.objects.exclude(ending="").latest("created_at")
    world.client.get(f"/api/v1/{room}topology/")  # keeps the tree of what is desired
    return {
        "me": "me",
        "teams list": "teams/",
        "teams detail": team,
        "teams members": f"{team}members/",
        "teams clusters": f"{team}clusters/",
        "teams usage": f"{team}usage/",
        "teams consumers": f"{team}consumers/",
        "teams exceptions": f"{team}exceptions/",
        "teams pull-secrets": f"{team}pull-secrets/",
        "teams break-glass": f"{team}break-glass/",
        "teams service-accounts": f"{team}service-accounts/",
        "teams service-account tokens": f"{team}service-accounts/ci-0/tokens/",
        "tenant-policy": "tenant-policy/?team=crew",
        "platform members": "platform/members/",
        "tokens list": "tokens/",
        "tokens detail": f"tokens/{key_of(world, 'k-0')}/",
        "clusters list": "clusters/",
        "clusters detail": "clusters/c-0/",
        "works list": "works/",
        "works detail": f"works/{work.pk}/",
        "whodid": f"whodid/?work={work.pk}&generation=1",
        "audit list": "audit/",
        "audit detail": f"audit/{(event := AuditEvent.objects.filter(object_id=str(environment.pk)).first()).pk}/",
        "audit objects": f"audit/{event.pk}/objects/",
        "audit verification": "audit/verification/",
        "permissions": "permissions/explanation/?person=u-0&action=deploy&object=environment/demo/hello-0/production",
        "projects list": "projects/",
        "projects detail": "projects/demo/",
        "projects members": "projects/demo/members/",
        "applications list": "applications/",
        "applications list by health": "applications/?health=Unknown",
        "applications detail": at,
        "applications status": f"{at}status/",
        "applications releases": f"{at}releases/",
        "environments list": "environments/",
        "environments detail": room,
        "environments topology": f"{room}topology/",
        "environments placement": f"{room}placement/",
        "environments scaling": f"{room}scaling/",
        "environments config": f"{room}config/",
        "environments config compare": f"{room}config/compare/?with={guarded.pk}",
        "environments exec": f"{room}exec/",
        "environments schedules": f"{room}schedules/",
        "environments secrets": f"{room}secrets/",
        "environments secret": f"{room}secrets/s-0/",
        "config": "config/?scope=project&of=demo",
        "config history": "config/history/?scope=project&of=demo",
        "config proposals": "config/proposals/",
        "config proposal": f"config/proposals/{ConfigProposal.objects.first().pk}/",
        "approvals list": "approvals/",
        "approvals detail": f"approvals/{ReleaseProposal.objects.first().pk}/",
        "freezes list": "freezes/",
        "freezes detail": f"freezes/{FreezeWindow.objects.first().pk}/",
        "terminals list": "terminals/",
        "terminals detail": f"terminals/{terminal.pk}/",
        "terminals recording": f"terminals/{terminal.pk}/recording/",
        "releases list": "releases/",
        "releases detail": f"releases/{(release := Release.objects.filter(environment=environment).first()).pk}/",
        "releases differences": f"releases/{release.pk}/differences/?from={release.number}",
        "app-file-schema": "app-file-schema/",
    }


def key_of(world, name):
    """By what a token of the owner is known."""
    return ApiToken.objects.get(user=world.owner, name=name).token_key


def write(world):
    """Every write, the ordinary case of it."""
    world.turn += 1
    turn = f"w{world.turn}"
    release(world, turn)
    configure(world, turn)
    approve(world, turn)
    administer(world, turn)
    welcome(world, turn)
    operate(world, turn)


def release(world, turn):
    """The life of an application."""
    put = f"projects/demo/applications/{turn}/"
    file = {"appFile": world.file(turn, blocks=BLOCKS[1:])}
    changed = {"appFile": {**file["appFile"], "image": f"registry.example/hello@sha256:{'b' * 64}"}}
    world.ask("PUT deploy, dry run", f"{put}?dryRun=true", file)
    world.ask("PUT deploy, the first", put, file)
    world.ask("PUT deploy, a change", put, changed)
    world.ask("PUT deploy, nothing new", put, changed)
    world.ask("PUT deploy, under a key", put, changed, **{"Idempotency-Key": turn})
    application = Application.objects.get(name=turn)
    environment = application.environments.get()
    at, room = f"applications/{application.pk}/", f"environments/{environment.pk}/"
    order = {"environment": "production"}
    world.ask("POST rollback, dry run", f"{at}rollback/?dryRun=true", order)
    world.ask("POST rollback", f"{at}rollback/", order)
    world.ask("POST render", "render/", {**file, **order, "cluster": "c-0"})
    world.ask("POST rerender", f"{room}rerender/", {})
    world.ask("POST schedule run", f"{room}schedules/report/run/", {"cluster": "c-0"})
    world.ask("PATCH placement", room, {"placement": {"clusters": ["c-0"]}}, **ANY)
    world.ask("PUT protection", f"{room}protection/", {"protected": False, "reason": "as before"})
    world.ask("PUT exec", f"{room}exec/", {"allowed": True})
    world.ask("POST exec", f"{room}exec/", {"command": ["ls"], "reason": "a look"})
    world.ask("PUT secret", f"{room}secrets/database/", {"values": {"KEY": "value"}})
    world.ask("DELETE secret, dry run", f"{room}secrets/database/?dryRun=true")
    world.ask("DELETE secret", f"{room}secrets/database/", **ANY)
    let_go(world, environment)
    world.ask("POST retire environment", f"{room}retire/", {"confirm": "production"})
    world.ask("POST retire", f"{at}retire/", {"confirm": turn})
    ahead = {"project": "demo", "application": f"{turn}-ahead", "name": "production"}
    world.ask("POST environment", "environments/", ahead)
    world.ask("POST project", "projects/", {"team": "crew", "name": turn})


def let_go(world, environment):
    """Something that the loop holds."""
    work = Work.objects.get(owner_id=environment.pk, name=APPLICATION, cluster__name="c-0")
    oid = str(ObjectId("", "ConfigMap", environment.namespace, "old"))
    OwnedObject.objects.create(work=work, cluster=work.cluster, oid=oid, api_version="v1", claim="0", uid="0")
    world.ask("POST let go", f"works/{work.pk}/let-go/", {"object": oid, "confirm": "old"})


def configure(world, turn):
    """A value, one that waits for a second person, who takes it, and another, who does not."""
    world.deploy(f"{turn}-set")
    scope = scope_of(Application.objects.get(name=f"{turn}-set"))
    address = f"config/?scope=application&of=demo/{turn}-set"
    world.ask("PATCH config, dry run", address, {"values": {"LEVEL": "info"}, "dryRun": True})
    world.ask("PATCH config", address, {"values": {"LEVEL": "info"}}, **ANY)
    guarded = Edit({}, {"LIMIT": Declaration(protected=True)})
    services.change_config(scope=scope, edit=guarded, actor=world.owner)
    for verb in ("refuse", "accept"):
        waiting = Edit({"LIMIT": "20"}, {})
        proposal = services.change_config(scope=scope, edit=waiting, actor=world.other).proposal
        world.ask(f"POST config {verb}", f"config/proposals/{proposal.pk}/{verb}/", {"reason": "a sale"})


def approve(world, turn):
    """A release that waits; and a freeze."""
    for verb in ("decline", "approve"):
        world.deploy("guarded", actor=world.other, greeting=f"{verb} in {turn}")
        proposal = ReleaseProposal.objects.latest("created_at")
        world.ask(f"POST {verb}", f"approvals/{proposal.pk}/{verb}/", {"reason": "as agreed"})
    frozen = world.ask("POST freeze", "freezes/", {**world.freeze(0), "team": "crew"}).json()
    world.ask("POST freeze end", f"freezes/{frozen['id']}/end/", {"reason": "it is over"})


def administer(world, turn):
    """What owners do with a team, and operators with what it gets."""
    team = "teams/crew/"
    world.ask("POST team", "teams/", {"name": turn})
    world.ask("PATCH team", team, {"title": turn}, **ANY)
    world.ask("PUT member", f"{team}members/u-0/", {"role": "viewer"}, **ANY)
    world.ask("DELETE member", f"{team}members/u-0/", **ANY)
    world.ask("PUT project member", "projects/demo/members/u-0/", {"role": "viewer"}, **ANY)
    world.ask("DELETE project member", "projects/demo/members/u-0/", **ANY)
    registry = f"{team}pull-secrets/{turn}.example/"
    world.ask("PUT pull secret", registry, {"username": "bot", "password": "a password"})
    world.ask("DELETE pull secret", f"{registry}?confirm={turn}.example")
    asked = {"cluster": "c-0", "figures": {"pods": "80"}, "days": 3, "reason": "a sale"}
    made = world.ask("POST exception", f"{team}exceptions/", asked, by=world.other_client).json()
    for decision in ("accept", "end"):
        world.ask(f"POST exception {decision}", f"{team}exceptions/{made['id']}/{decision}/", {"reason": "a sale"})
    policy = {"figures": {"pods": str(100 + world.turn)}}
    world.ask("PATCH tenant-policy", "tenant-policy/?team=crew&cluster=c-0", policy, **ANY)
    taken = world.ask("POST break-glass", f"{team}break-glass/", {"role": "viewer", "reason": "to help"}).json()
    world.ask("DELETE break-glass", f"{team}break-glass/{taken['id']}/")
    for held in (True, False):
        world.ask(f"PUT team protection {held}", f"{team}protection/", {"protected": held, "reason": "a holiday"})
        world.ask(f"PUT cordon {held}", f"{team}cordon/", {"cordoned": held, "reason": "an incident"})


def welcome(world, turn):
    """How people and machines sign in."""
    world.ask("POST token", "tokens/", {"name": turn})
    world.ask("DELETE token", f"tokens/{key_of(world, turn)}/")
    accounts = "teams/crew/service-accounts/"
    world.ask("POST service account", accounts, {"name": turn})
    world.ask("POST service account token", f"{accounts}{turn}/tokens/", {"name": "pipeline"})
    token = ApiToken.objects.get(user__username=f"{turn}@crew").token_key
    world.ask("DELETE service account token", f"{accounts}{turn}/tokens/{token}/")
    world.ask("DELETE service account", f"{accounts}{turn}/")
    world.ask("POST login", "login", {"username": "u-1", "password": f"1 {PASSWORD}"}, by=world.stranger)
    asked = {"client_id": CLIENT, "scope": "deploy", "machine": "laptop"}
    codes = world.ask("POST device codes", "oauth/device_authorization", asked, by=world.stranger, form=True).json()
    devices.decide(user_code=codes["user_code"], approve=True, actor=world.owner)
    asked = {"grant_type": GRANT, "device_code": codes["device_code"], "client_id": CLIENT}
    world.ask("POST device token", "oauth/token", asked, by=world.stranger, form=True)


def operate(world, turn):
    """The life of a cluster, and roles on the platform."""
    authority, _ = issued()
    given = {"ca_data": authority.decode(), "token": "the-token-of-an-account"}
    new = {"name": turn, "server": f"https://198.18.0.{world.turn}:6443", **given}
    world.ask("POST cluster", "clusters/", new)
    world.ask("PATCH cluster", f"clusters/{turn}/", {"labels": {"n": turn}}, **ANY)
    world.ask("POST cluster credential", f"clusters/{turn}/credentials/", {"token": "another-token"}, **ANY)
    world.ask("DELETE cluster", f"clusters/{turn}/?remove=false")
    world.ask("PUT platform member", "platform/members/auditor/otto/")
    world.ask("DELETE platform member", "platform/members/auditor/otto/")
