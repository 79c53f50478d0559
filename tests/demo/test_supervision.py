"""What the supervisor keeps running, and what a group leaves behind when it is ended: nothing."""

import os
import signal
import sys
from contextlib import suppress

import pytest

from deploy.control_plane import procfile, records
from deploy.control_plane.supervisor import LONGEST_DELAY, delay
from deploy.lab.errors import LabError
from deploy.lab.processes import identify
from tests.control_plane import eventually

SLEEP = f"{sys.executable} -c 'import time; time.sleep(600)'"
# A parent that leaves a child behind when it is killed, as a worker does with its pool.
FORKING = f"{sys.executable} -c 'import os, time; os.fork(); time.sleep(600)'"
DEAF = f"{sys.executable} -c 'import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)'"


def another(group, name, former):
    return eventually(lambda: group.process(name), lambda now: now is not None and now != former)


def test_a_killed_process_is_started_again_and_the_others_go_on(group):
    made = group(web=SLEEP, worker_edit=SLEEP)
    made.start()
    web = made.process("web")
    killed = made.kill("worker-edit")
    assert another(made, "worker-edit", killed).alive()
    assert made.process("web") == web


def test_the_children_of_a_killed_process_do_not_go_on(group, tmp_path):
    made = group(worker=FORKING)
    made.start()
    family = eventually(lambda: records.all_running(made.folder, "worker"), lambda found: len(found) == 2)
    killed = made.kill("worker")
    another(made, "worker", killed)
    assert not any(one.alive() for one in family)


def test_a_process_that_cannot_live_does_not_end_the_others(group):
    made = group(web=SLEEP, broken="false")
    with suppress(LabError):  # whether it is caught alive is a matter of luck
        made.start(seconds=1)
    eventually(lambda: made.log(records.SUPERVISOR).count("broken ended with 1") > 1)
    assert made.process("web")


def test_starting_again_changes_nothing(group):
    made = group(web=SLEEP)
    assert made.start()
    before = made.process("web")
    assert not made.start()
    assert made.process("web") == before


@pytest.mark.parametrize("changed", [{"env": {"GREETING": "hi"}}, {"version": "2"}, {"other": SLEEP}])
def test_starting_with_other_settings_code_or_processes_starts_anew(group, changed):
    group(web=SLEEP).start()
    before = group(web=SLEEP).process("web")
    made = group(**{"web": SLEEP, **changed})
    assert made.start()
    assert made.process("web") != before
    assert not before.alive()


def test_settings_reach_the_process_and_those_of_its_starter_do_not(group, tmp_path, monkeypatch):
    monkeypatch.setenv("DOUGONG_MODE", "test")
    told = tmp_path / "told"
    group(
        env={"DOUGONG_PUBLIC_URL": "http://here"}, web=f"sh -c 'env > {told}.half; mv {told}.half {told}; sleep 600'"
    ).start()
    lines = eventually(told.exists) and told.read_text().splitlines()
    assert [line for line in lines if line.startswith(("DOUGONG_MODE", "DOUGONG_PUBLIC"))] == [
        "DOUGONG_PUBLIC_URL=http://here"
    ]


def test_a_line_may_begin_with_assignments(group, tmp_path):
    told = tmp_path / "told"
    group(web=f"GREETING=hi sh -c 'echo $GREETING > {told}; sleep 600'").start()
    assert eventually(lambda: told.exists() and told.read_text()) == "hi\n"


def test_after_the_supervisor_was_killed_a_start_leaves_one_of_each(group):
    made = group(web=SLEEP, worker=FORKING)
    made.start()
    before = records.all_running(made.folder)
    made.process(records.SUPERVISOR).signal(signal.SIGKILL)
    eventually(lambda: made.process(records.SUPERVISOR) is None)
    assert made.start()
    assert not any(one.alive() for one in before)
    assert len(records.all_running(made.folder, "web")) == 1


def test_stop_ends_even_who_does_not_listen(group, monkeypatch):
    made = group(web=FORKING, deaf=DEAF)
    made.start()
    before = records.all_running(made.folder)
    # As after a crash of the supervisor: nobody is left to end them gently.
    made.process(records.SUPERVISOR).signal(signal.SIGKILL)
    made.stop()
    assert not any(one.alive() for one in before)
    assert records.all_running(made.folder) == []


def test_a_record_of_another_process_is_never_signalled(group, tmp_path):
    made = group(web=SLEEP)
    made.start()
    [web] = records.all_running(made.folder, "web")
    records.note(made.folder, "stranger", os.getpid())
    file = made.folder / "run" / "stranger.json"
    file.write_text(file.read_text().replace(f'"start": {identify(os.getpid()).start}', '"start": 1'))
    made.stop()
    assert not web.alive()


def test_the_wait_between_starts_grows_to_half_a_minute():
    waits = [delay(failures) for failures in range(1, 12)]
    assert waits == sorted(waits)
    assert waits[0] < 1
    assert waits[-1] == LONGEST_DELAY == 30


@pytest.mark.parametrize("text", ["web", "web sleep", "web:\n", "web: a\nweb: b", "w e b: a"])
def test_a_wrong_procfile_is_refused_with_its_line(text):
    with pytest.raises(ValueError, match=r"line \d"):
        procfile.parse(text)


def test_comments_and_blank_lines_are_skipped():
    assert procfile.parse("# what runs\n\nweb: run --port 1\n") == {"web": "run --port 1"}
