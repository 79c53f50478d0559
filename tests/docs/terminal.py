"""One bash in which commands follow each other as a reader types them: what is exported or defined stays."""

import shlex
import subprocess

END = "__the_command_has_ended__"


class Terminal:
    """`run` a command after the other; `close` at the end."""

    def __init__(self, folder, env):
        self._step = folder / ".step.sh"
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile"], cwd=folder, env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, command):
        """(what it printed, its exit code)."""
        self._step.write_text(f"{command}\n")
        # The code is still there for a reader who asks with `echo $?`.
        told = f"code=$?; printf '\\n{END} %s\\n' $code"
        self._bash.stdin.write(f"(exit ${{code:-0}}); source {shlex.quote(str(self._step))} </dev/null; {told}\n")
        self._bash.stdin.flush()
        said = []
        for line in self._bash.stdout:
            if line.startswith(END):
                return "".join(said).removesuffix("\n"), int(line.split()[1])
            said.append(line)
        raise AssertionError(f"the terminal has ended at {command!r}: {''.join(said)}")

    def close(self):
        self._bash.stdin.close()
        self._bash.wait()
