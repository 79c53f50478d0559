"""Brings a demo up: clusters, stores, processes, joins, the sample application.

Every step looks first and does only what is missing, so it may be interrupted anywhere and run again.
"""

import json
import re
import secrets
import urllib.error
import urllib.request
from contextlib import suppress
from functools import partial
from typing import Any

import psycopg

from deploy.control_plane import environment
from deploy.control_plane.plane import PAST_PROXIES
from deploy.lab import paths
from deploy.lab.commands import until
from deploy.lab.errors import LabError
from deploy.lab.lab import opened
from deploy.lab.steps import Steps

from . import appfile, image, market, people, sign_in
from .demo import Demo
from .members import Member

FIT = {"Reachable", "CredentialsAccepted", "IdentityConfirmed"}
SEEN_SECONDS = 90.0
ANSWER_SECONDS = 90.0
VERSION = re.compile(r'^VERSION = "(.+)"$', re.MULTILINE)


def up(demo: Demo) -> None:
    """All of it, up to an answer from every gateway."""
    demo.config.remember(sign_in.usable() if demo.in_lab else ())
    steps = Steps()
    keys = steps.add("keys and logins", partial(_keys, demo))
    base = _base(demo, steps, keys)
    settings = steps.add("settings", partial(_settings, demo), [keys, base])
    migrated = steps.add("migrations", partial(_migrate, demo), [settings])
    peopled = steps.add("people and project", partial(_people, demo), [migrated])
    started = steps.add("control plane", partial(_start, demo), [migrated])
    steps.add("log in", partial(_log_in, demo), [peopled, started])
    steps.add("app file", partial(_app_file, demo), [base])
    steps.run()
    for member in demo.members:
        steps.add(f"join {member.name}", partial(_join, demo, member))
    steps.run()
    steps.add("deploy", partial(_deploy, demo))
    steps.add("the other team", partial(market.set_up, demo))
    steps.run()
    for member in demo.members:
        steps.add(f"an answer from {member.name}", partial(_answer, demo, member))
    steps.run()


def _base(demo: Demo, steps: Steps, keys: str) -> str:
    """What everything stands on; a lab is told the people before it starts."""
    if demo.in_lab:
        return steps.add("lab", partial(_lab, demo), [keys])
    return steps.add("PostgreSQL, Valkey", demo.stores.start)


def _keys(demo: Demo) -> None:
    environment.keys(demo.config.environment)
    known = demo.passwords
    paths.write_json(demo.config.logins, {**{name: secrets.token_urlsafe(12) for name in people.NAMES}, **known}, 0o600)


def _lab(demo: Demo) -> None:
    sign_in.prepare(demo)
    demo.notes += sign_in.notes(demo)
    demo.lab("up", *demo.parts)


def _settings(demo: Demo) -> None:
    """Write down where everything is; the keys stay."""
    if demo.in_lab:
        with opened(demo.config.lab, changing=False) as lab:
            there = lab.env()
        local = sign_in.settings(demo, there)
        database, valkey = there["DATABASE_URL"], there["REDIS_URL"]
    else:
        local = {}
        database, valkey = demo.stores.database, demo.stores.valkey
    servers = [member.server for member in demo.members]
    local |= environment.local(database=database, valkey=valkey, port=demo.config.port, servers=servers)
    environment.write(demo.config.environment, {**environment.keys(demo.config.environment), **local})


def _migrate(demo: Demo) -> None:
    """Keys and database belong together: what others have encrypted is of no use."""
    ours = demo.config.state / "database-is-ours"
    if not ours.exists():
        with psycopg.connect(demo.plane.env["DATABASE_URL"]) as connection:
            [count] = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone() or [0]
        if count:
            raise LabError("the database is of a demo whose keys are gone: `make down`, then once more `make demo`")
        ours.touch()
    demo.plane.migrate()


def _people(demo: Demo) -> None:
    demo.plane.python("-m", "deploy.demo.people", str(demo.config.logins), *demo.parts)


def _start(demo: Demo) -> None:
    demo.plane.start()


def _log_in(demo: Demo) -> None:
    """By password; who comes from the provider does it in a browser."""
    theirs = {each.name for each in people.of_part(people.PROVIDER)} if people.PROVIDER in demo.parts else set()
    for name in people.NAMES:
        if name not in theirs:
            demo.plane.cli(name).log_in(name, demo.passwords[name])


def _app_file(demo: Demo) -> None:
    """Write the app file; one that is there is somebody's by now, and gets no more than the image."""
    file = demo.config.app_file
    if demo.in_lab:
        with opened(demo.config.lab, changing=False) as lab:
            reference = image.build(lab.plan.registry)
    else:
        reference = demo.config.image
    if file.exists():
        text = appfile.with_image(file.read_text(), reference)
    else:
        sample = (image.SOURCE / "app.yaml").read_text()
        names = [member.name for member in demo.members]
        hosts = [f"hello.{member.name}.localhost" for member in demo.members if member.forward]
        text = appfile.written(sample, image=reference, clusters=names, hosts=hosts, file=str(file))
    paths.write(file, text)


def _join(demo: Demo, member: Member) -> None:
    """Join it unless it is, and return when the control plane knows what it can do."""
    known = demo.cluster(member.name)
    if not known and member.granted():
        # Somebody else's Dougong may use these grants: `down` leaves them.
        (demo.config.state / f"{member.name}.granted-before").touch()
    if not _fit(known) or known["spec"]["server"] != member.server:
        files = ["--kubeconfig", str(member.kubeconfig), "--kubectl", str(member.kubectl)]
        demo.admin("cluster", "join", member.name, *files)

    def ready() -> bool:
        cluster = demo.cluster(member.name)
        # The lab has a gateway; whether a cluster of one's own has one is its own affair.
        return _fit(cluster) and bool(_gateway(cluster) or not demo.in_lab)

    until(ready, f"a sight of {member.name} by the control plane", SEEN_SECONDS, every=0.3)


def _fit(cluster: dict[str, Any]) -> bool:
    """Whether it can be delivered to."""
    true = {each["type"] for each in cluster.get("conditions", ()) if each["status"] == "True"}
    return true >= FIT


def _gateway(cluster: dict[str, Any]) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (cluster.get("status") or {}).get("gateway")
    return found


def _deploy(demo: Demo) -> None:
    """First for what it has to say, then for what there is to see."""
    words = ("deploy", "-f", str(demo.config.app_file), "--reason", "the demo begins")
    demo.notes += json.loads(demo.owner(*words, "-o", "json"))["notes"]
    demo.owner.shown(*words, "--watch")


def _answer(demo: Demo, member: Member) -> None:
    """Wait for the application's own word through the cluster's gateway.

    Whether this machine reaches the gateway of a cluster of one's own is not known: that is said, and no failure.
    """
    address = member.gateway(_gateway(demo.cluster(member.name)))
    found = VERSION.search((image.SOURCE / "hello.py").read_text())
    wanted = {"cluster": member.name, **({"version": found[1]} if found and demo.in_lab else {})}
    if address:
        try:
            until(lambda: wanted.items() <= said(address).items(), f"an answer through {address}", ANSWER_SECONDS)
        except LabError:
            if demo.in_lab:
                raise
            demo.notes.append(f"{member.name}: its gateway {address} does not answer to this machine.")
            address = ""
    demo.gateways[member.name] = address


def said(gateway: str) -> dict[str, Any]:
    """What the sample application says through a gateway; {} while it does not."""
    asked = urllib.request.Request(f"{gateway}/json", headers={"Host": appfile.HOST})
    with suppress(urllib.error.URLError, OSError, ValueError), PAST_PROXIES.open(asked, timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
        return found
    return {}
