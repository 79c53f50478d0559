"""What `status` prints: one line a process that is not running, and where everything answers."""

from . import network
from .lab import Lab
from .parts import found


def lines(lab: Lab) -> tuple[list[str], bool]:
    """The lines, and whether all that was started runs and answers."""
    text = [f"lab {lab.plan.name}  slot {lab.plan.slot}  {lab.plan.network}  state {lab.paths.state}"]
    well = True
    for runner in lab.clusters:
        cluster = runner.cluster
        cut = network.is_cut(lab.plan, cluster)
        ready = runner.control.pki.exists() and runner.control.ready(1)
        word = "cut off" if cut else "ready" if ready else "not ready"
        well = well and ready
        text.append(f"{cluster.name}  API {cluster.server} {word}")
        text.append(f"  gateway {cluster.gateway}  http://APP.{cluster.name}.localhost:{cluster.forward_port}/")
        states = {name: lab.process_state(name) for name in lab.names(cluster.name)}
        wrong = {name: state for name, state in states.items() if state != "running"}
        well = well and not wrong
        text.append(f"  {len(states) - len(wrong)} of {len(states)} processes run")
        text += [f"  {name}: {state}" for name, state in wrong.items()]
    for part in found().values():
        if part.chosen(lab):
            states = {name: lab.process_state(name) for name in lab.processes.names(f"parts/{part.name}")}
            state = next((state for state in states.values() if state != "running"), "running" if states else "stopped")
            well = well and state == "running"
            text.append(f"{part.name}  {part.status(lab)}  {state}")
    return text, well
