"""The command `dougong`, run in this process against this API over HTTP."""

import pytest

from paas.cli.main import main
from paas.identity import services as identity


@pytest.fixture
def dougong(live_server, monkeypatch, tmp_path, capsys):
    """dougong(user)("status", "hello") → (exit code, standard output, standard error).

    What stands behind the person begins every command: dougong(user, "config")("list", "team/crew").
    """
    monkeypatch.setenv("DOUGONG_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("DOUGONG_SERVER", live_server.url)

    def speak_as(user, *before):
        token, _ = identity.create_token(user=user, name="test", actor=user)

        def run(*arguments):
            monkeypatch.setenv("DOUGONG_TOKEN", token)
            capsys.readouterr()
            code = main([*before, *arguments])
            return code, *capsys.readouterr()

        return run

    return speak_as
