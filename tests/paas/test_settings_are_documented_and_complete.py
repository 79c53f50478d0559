"""One typed settings object: documented, complete, and clear about what is missing."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from paas.configuration import ConfigurationError, Settings, load
from paas.core.management.commands.settings_reference import reference

ROOT = Path(__file__).resolve().parents[2]
COMPLETE = {
    "DOUGONG_SECRET_KEY": "s" * 50,
    "DOUGONG_ENCRYPTION_KEYS": f"k1:{Fernet.generate_key().decode()}",
    "DOUGONG_DIGEST_KEY": "d" * 32,
    "DOUGONG_AUDIT_KEYS": f"k1:{Fernet.generate_key().decode()}",
    "DOUGONG_AUDIT_OUTSIDE": "file:///somewhere/heads",
    "DATABASE_URL": "postgresql://user@host/name",
    "REDIS_URL": "redis://host/0",
    "DOUGONG_ALLOWED_HOSTS": "dougong.example, console.dougong.example",
}


@pytest.fixture
def environment(monkeypatch):
    for field in Settings.model_fields:
        monkeypatch.delenv(Settings.variable(field), raising=False)

    def use(values):
        load.cache_clear()
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        return load()

    yield use
    load.cache_clear()


def test_the_reference_page_is_up_to_date():
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == reference(), (
        "run: DOUGONG_MODE=development .venv/bin/python manage.py settings_reference > docs/settings.md"
    )


def test_every_setting_is_described():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_production_starts_with_what_is_required(environment):
    settings = environment(COMPLETE)
    assert settings.mode == "production"
    assert settings.allowed_hosts == ("dougong.example", "console.dougong.example")
    assert not settings.debug


@pytest.mark.parametrize("missing", sorted(COMPLETE))
def test_production_names_what_is_missing(environment, missing):
    with pytest.raises(ConfigurationError, match=f"not set: {missing}"):
        environment({name: value for name, value in COMPLETE.items() if name != missing})


def test_debug_is_refused_in_production(environment):
    with pytest.raises(ConfigurationError, match="DOUGONG_DEBUG"):
        environment(COMPLETE | {"DOUGONG_DEBUG": "true"})


def test_development_starts_with_nothing(environment):
    assert environment({"DOUGONG_MODE": "development"}).database_url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DOUGONG_ENCRYPTION_KEYS", "k1:short"),
        ("DOUGONG_ENCRYPTION_KEYS", "no-key"),
        ("DOUGONG_CLUSTER_NETWORKS", "10.0.0.0/33"),
        ("DOUGONG_DATABASE_POOL", "many"),
        ("DOUGONG_MODE", "staging"),
    ],
)
def test_a_wrong_value_names_its_variable(environment, name, value):
    with pytest.raises(ConfigurationError, match=name):
        environment(COMPLETE | {name: value})


def test_no_secret_is_shown(environment):
    shown = repr(environment(COMPLETE))
    assert all(COMPLETE[name] not in shown for name in ("DOUGONG_SECRET_KEY", "DOUGONG_DIGEST_KEY"))
    assert COMPLETE["DOUGONG_ENCRYPTION_KEYS"] not in shown


def test_keys_may_come_from_a_file(environment, tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"# newest first\nk2:{Fernet.generate_key().decode()}\nk1:{Fernet.generate_key().decode()}\n")
    values = {name: value for name, value in COMPLETE.items() if name != "DOUGONG_ENCRYPTION_KEYS"}
    keys = environment(values | {"DOUGONG_ENCRYPTION_KEY_FILE": str(path)}).encryption_keys
    assert [key.get_secret_value()[:2] for key in keys] == ["k2", "k1"]
