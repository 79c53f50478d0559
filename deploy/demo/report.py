"""What a demo says to whoever started it: where everything answers, who may log in, what to try."""

from deploy.control_plane import records
from deploy.control_plane.group import ROOT
from deploy.control_plane.plane import COMMAND

from . import appfile, people, sign_in
from .demo import Demo
from .members import Member


def live(demo: Demo) -> list[str]:
    """The lines after `up`."""
    known = demo.passwords
    lines = ["", f"The sample application is live on {' and '.join(each.name for each in demo.members)}.", ""]
    lines += [f"  console   {demo.plane.server}/"]
    lines += [f"            {name} / {known[name]}   ({role})" for name, role in roles(demo).items()]
    for member in demo.members:
        lines += reach(demo, member)
    lines += [f"  note      {note}" for note in demo.notes]
    command = _command()
    lines += [
        "",
        "Try, as ada:",
        "",
        f"  export DOUGONG_CONFIG_DIR={demo.owner.folder}",
        f"  {command} status hello",
        f"  {command} deploy -f {demo.config.app_file} --watch     after an edit of GREETING there",
        f"  {command} history hello",
        f"  {command} rollback hello --watch",
        *([f"  python3 -m deploy.lab kubectl {demo.members[0].name} get pods -A"] if demo.in_lab else []),
        "",
        "Who may do what: README.md walks through it. `make down` ends all of it.",
    ]
    return lines


def roles(demo: Demo) -> dict[str, str]:
    """Name → what they may and where they sign in, in words."""
    where = {name: f", by {title}" if title else "" for name, title in sign_in.at(demo).items()}
    said = {each.name: f"{each.role} of the team {each.team}{where[each.name]}" for each in people.EVERYBODY}
    return {people.ADMIN: "operates everything", **said}


def reach(demo: Demo, member: Member) -> list[str]:
    """How the application is reached on one cluster."""
    gateway = demo.gateways.get(member.name, "")
    if gateway:
        lines = [f"  {member.name:<9} curl -H 'Host: {appfile.HOST}' {gateway}/"]
        if member.forward:
            lines.append(f"            http://hello.{member.name}.localhost:{member.forward}/   in a browser")
        return lines
    where = f"--kubeconfig {member.kubeconfig} -n {_namespace(demo)}"
    return [
        f"  {member.name:<9} not through a gateway; so:",
        f"            kubectl {where} port-forward service/hello-web 8081:80",
    ]


def status(demo: Demo) -> tuple[list[str], bool]:
    """What runs, and whether all of it does."""
    if not demo.config.environment.exists():
        return ["There is no demo; `make demo` begins one."], False
    group = demo.plane.group
    lines = [f"demo  {demo.plane.server}/  state {demo.config.state}"]
    states = {name: group.process(name) is not None for name in [records.SUPERVISOR, *group.names]}
    lines += [f"  {name}: {'running' if runs else 'stopped'}" for name, runs in states.items()]
    ready = all(states.values()) and demo.plane.ready()
    lines.append(f"  the API {'answers' if ready else 'does not answer'}")
    return lines, ready


def _namespace(demo: Demo) -> str:
    """Where the application lives on every cluster."""
    found = demo.owner.get("/environments/?application=hello&project=demo").get("results") or [{}]
    return str(found[0].get("namespace", ""))


def _command() -> str:
    """The command as one types it in the checkout."""
    return str(COMMAND.relative_to(ROOT))
