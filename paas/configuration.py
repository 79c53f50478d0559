"""The one typed object that holds every setting of the control plane, read from the environment.

Stands before Django: `paas.settings` builds Django's settings from it. `manage.py settings_reference` prints it as
docs/settings.md.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from paas.core.key_encryption import parse
from paas.identity.ldap import mapping
from paas.identity.oidc.providers import Provider

CommaList = Annotated[tuple[str, ...], NoDecode]

DEVELOPMENT_ONLY = "development-only-never-in-production-0123456789abcdef"
# Required in production; this is what development and test use where nothing is set.
STAND_INS: dict[str, object] = {
    "secret_key": DEVELOPMENT_ONLY,
    "encryption_keys": "dev:ZGV2ZWxvcG1lbnQtb25seS0wMTIzNDU2Nzg5YWJjZGU=",
    "digest_key": DEVELOPMENT_ONLY,
    "audit_keys": "dev:ZGV2ZWxvcG1lbnQtb25seS1hdWRpdC0wMTIzNDU2Nzg=",
    "audit_outside": "file:///tmp/dougong-audit-heads.jsonl",
    "database_url": "postgresql:///dougong",
    "redis_url": "redis://127.0.0.1:6379/0",
    "allowed_hosts": "localhost,127.0.0.1,[::1],testserver",
}

UNPREFIXED = ("database_url", "redis_url")


class ConfigurationError(Exception):
    """A setting is missing or wrong; the message names each by its environment variable."""


class Settings(BaseSettings):
    """Every setting. Variables are `DOUGONG_` + the field's name in capitals, unless said otherwise."""

    model_config = SettingsConfigDict(env_prefix="DOUGONG_", frozen=True, extra="ignore")

    mode: Literal["production", "development", "test"] = Field(
        default="production",
        description="`production` refuses to start while a required setting is missing; `development` and `test` fill "
        "in well-known keys that protect nothing.",
    )
    debug: bool = Field(default=False, description="Django's debug pages. Refused in production.")
    secret_key: SecretStr = Field(
        default=SecretStr(""), description="Signs sessions and forms; 50 random characters or more."
    )
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Key-encryption keys for fields encrypted at rest, comma separated, each `id:key` (32 bytes in "
        "url-safe base64) or `id:aws-kms:key` (wrapped by a key of AWS KMS; needs the extra `aws`), as "
        "`manage.py new_encryption_key` prints them. The first seals, all open. docs/operating.md says how to rotate.",
    )
    encryption_key_file: Path | None = Field(
        default=None, description="A file with the same keys, one a line; read instead of DOUGONG_ENCRYPTION_KEYS."
    )
    digest_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key of the HMAC digests that stand for secret values; 32 random characters or more. Changing it "
        "sends every "
        "secret once more.",
    )
    audit_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Keys that sign and seal the audit trail, written as those of DOUGONG_ENCRYPTION_KEYS. The first "
        "signs; keep the others for as long as what they signed is to be verified.",
    )
    audit_outside: str = Field(
        default="",
        description="Where the head of the audit trail is kept, out of reach of whoever owns the database: "
        "`file:///path` or `s3://bucket/prefix` (needs the extra `aws`).",
    )
    database_url: str = Field(
        default="",
        validation_alias=AliasChoices("DATABASE_URL", "database_url"),
        description="PostgreSQL 15 or newer: `postgresql://user:password@host:port/name`, or `?host=/path` for a "
        "socket.",
    )
    database_pool: int = Field(
        default=0,
        ge=0,
        le=200,
        description="Connections each process keeps in a pool; 0 opens one per request. Meant for the web process: "
        "workers keep their own.",
    )
    database_keep: bool = Field(
        default=False,
        description="Keep each thread's connection for its life, checked before use: for workers and the watcher, "
        "where threads are few. Not for the web process.",
    )
    redis_url: str = Field(
        default="",
        validation_alias=AliasChoices("REDIS_URL", "redis_url"),
        description="Valkey or Redis for wake-up hints: `redis://host:port/0`. It holds no state; losing it delays, "
        "nothing more.",
    )
    allowed_hosts: CommaList = Field(default=(), description="Host names the web process answers to, comma separated.")
    csrf_trusted_origins: CommaList = Field(
        default=(),
        description="Origins (`https://dougong.example`) whose forms are accepted, comma separated; needed behind a "
        "proxy.",
    )
    https: bool = Field(
        default=True,
        description="Cookies only over HTTPS, redirect to it, HSTS. Turn off only where nothing in front ends TLS.",
    )
    public_url: str = Field(
        default="http://localhost:8000", description="Where people reach the console; used in links."
    )
    docs_url: str = Field(
        default="",
        description="Where people read these docs as `make docs` builds them (`https://docs.example/dougong`). The "
        "console then links the code of a refusal and the reason of a condition to what they mean there.",
    )
    cluster_networks: CommaList = Field(
        default=(),
        description="Networks (CIDR) in private, loopback or link-local ranges where API servers of clusters may be, "
        "comma "
        "separated. Public addresses need no entry.",
    )
    sweep_seconds: int = Field(
        default=120,
        ge=5,
        le=86400,
        description="How often the healthy Works of a cluster are compared with it, all at once, in seconds.",
    )
    token_days: int = Field(default=90, ge=1, le=3650, description="The longest life of an API token, in days.")
    token_default_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="Life of an API token where none is asked for, in days; at most the longest.",
    )
    login_rate: str = Field(
        default="10/min",
        description="Attempts to sign in by address, and to enter the code of a machine by person, as `number/period`.",
    )
    second_factor: Literal["optional", "operators", "everyone"] = Field(
        default="optional",
        description="Who must have a second factor, an authenticator app or a passkey, to do anything: nobody, those "
        "who operate the platform, or all people. Who has none is led to the page where one is added, and their API "
        "tokens are refused until then.",
    )
    oidc_providers: tuple[Provider, ...] = Field(
        default=(),
        description="OpenID providers that people sign in by, as a JSON list of objects with `id`, `name`, `issuer`, "
        "`client_id`, `client_secret`, `groups_claim` and `groups`; see [signing in by a provider](sign-in-oidc.md).",
    )
    ldap_uris: CommaList = Field(
        default=(),
        description="Servers of an LDAP directory that people sign in by, tried in turn, comma separated: "
        "`ldap://host:389`, which is secured by StartTLS before anything is said, or `ldaps://host:636`. Needs the "
        "extra `ldap`; nobody signs in by a directory where it is empty. See [sign-in](sign-in.md).",
    )
    ldap_plain: bool = Field(
        default=False,
        description="Passwords go to an `ldap://` server in the clear. For a directory on the developer's own machine; "
        "refused in production.",
    )
    ldap_ca_file: Path | None = Field(
        default=None,
        description="The certificates of authorities that may vouch for the directory, as PEM; the system's own if "
        "left empty. There is no way not to verify.",
    )
    ldap_bind_dn: str = Field(default="", description="The account of the directory that reads people and groups.")
    ldap_bind_password: SecretStr = Field(default=SecretStr(""), description="Its password.")
    ldap_people_base: str = Field(default="", description="The DN that people are below.")
    ldap_people_filter: str = Field(
        default="(objectClass=person)", description="Which entries below it are people who may sign in, as a filter."
    )
    ldap_name_attribute: str = Field(
        default="uid",
        description="The attribute people type as their name: `uid`; with Active Directory `sAMAccountName`.",
    )
    ldap_groups_base: str = Field(default="", description="The DN that groups are below.")
    ldap_groups_filter: str = Field(
        default="(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=group))",
        description="Which entries below it are groups, as a filter. They list the DNs of people and of further groups "
        "as `member` or `uniqueMember`.",
    )
    ldap_map: Annotated[dict[str, tuple[str, ...]], NoDecode] = Field(
        default={},
        description="Which group gives which roles, as JSON: "
        '`{"cn=shop,ou=groups,dc=example": "shop:developer", "cn=it,ou=groups,dc=example": "operators, shop:owner"}`. '
        "Who is in none of them cannot sign in by the directory.",
    )
    ldap_timeout: float = Field(
        default=5,
        gt=0,
        le=20,
        description="How long the directory may take to connect and to answer, each, in seconds.",
    )
    stream_limit: int = Field(
        default=500, ge=1, description="Live views (server-sent events) one web process serves at once."
    )
    exec_enabled: bool = Field(
        default=False,
        description="Terminals in containers (`dougong exec`). Each environment has a switch of its own besides, and "
        "each cluster grants them or not; all are off until turned on.",
    )
    break_glass_minutes: int = Field(
        default=60,
        ge=1,
        le=480,
        description="For how long an operator takes a role on a team at most, in minutes (`dougong break-glass`).",
    )
    approval_hours: int = Field(
        default=24,
        ge=1,
        le=720,
        description="How long a release proposed for a protected environment waits for its second person, in hours.",
    )
    exec_minutes: int = Field(default=15, ge=1, le=480, description="How long a terminal lasts at most, in minutes.")
    exec_idle_minutes: int = Field(
        default=5,
        ge=1,
        le=480,
        description="A terminal ends when nothing was typed or printed for so long, in minutes.",
    )
    exec_limit: int = Field(default=20, ge=1, description="Terminals one web process serves at once.")
    exec_recording_kilobytes: int = Field(
        default=10_000,
        ge=16,
        description="The longest recording of a terminal, in kilobytes; a terminal ends when its recording is full.",
    )
    exec_recordings: Path | None = Field(
        default=None,
        description="A folder for the recordings of terminals, shared by all processes; in PostgreSQL if left empty. "
        "Encrypted in either.",
    )
    exec_recording_days: int = Field(
        default=90, ge=1, description="How long recordings of terminals are kept, in days; who opened which stays."
    )
    api_call_days: int = Field(
        default=400,
        ge=1,
        description="How long each write to a cluster is kept, in days: it says with which uid and resourceVersion a "
        "click arrived there.",
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="`json` for machines, `console` for people."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="The least severe line written."
    )

    @classmethod
    def variable(cls, field: str) -> str:
        """The environment variable of a field: `variable("mode") == "DOUGONG_MODE"`."""
        return field.upper() if field in UNPREFIXED else f"DOUGONG_{field.upper()}"

    @classmethod
    def required(cls) -> frozenset[str]:
        """The fields without which production does not start."""
        return frozenset(STAND_INS)

    @field_validator(
        "encryption_keys",
        "audit_keys",
        "allowed_hosts",
        "csrf_trusted_origins",
        "cluster_networks",
        "ldap_uris",
        mode="before",
    )
    @classmethod
    def _split(cls, value: str | Sequence[str]) -> Sequence[str]:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("encryption_keys", "audit_keys")
    @classmethod
    def _keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for position, entry in enumerate(value, 1):
            try:
                parse(entry.get_secret_value())
            except ValueError as wrong:
                raise ValueError(f"key {position} {wrong}") from None
        return value

    @field_validator("cluster_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ipaddress.ip_network(network)
        return value

    @field_validator("ldap_map", mode="before")
    @classmethod
    def _map(cls, value: str | Mapping[str, object]) -> Mapping[str, object]:
        return mapping.parse(value) if isinstance(value, str) else value

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: dict[str, object]) -> dict[str, object]:
        filled = {str(key).lower(): value for key, value in values.items()}
        path = filled.get("encryption_key_file")
        if path:
            lines = Path(str(path)).read_text(encoding="utf-8").splitlines()
            filled["encryption_keys"] = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        if filled.get("mode") in {"development", "test"}:
            filled |= {name: value for name, value in STAND_INS.items() if not filled.get(name)}
        return filled

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.mode == "production":
            missing = [self.variable(name) for name in STAND_INS if not _text(getattr(self, name))]
            if missing:
                raise ValueError(f"required in production and not set: {', '.join(missing)}")
            if self.debug:
                raise ValueError("DOUGONG_DEBUG is refused in production")
        if self.ldap_uris:
            mapping.check(self)
        return self


def _text(value: object) -> object:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


@cache
def load() -> Settings:
    """Read the environment once.

    Raises:
        ConfigurationError: with one line per wrong or missing variable, fit to be shown as it is.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = Settings.variable(str(problem["loc"][0]).lower()) if problem["loc"] else "settings"
            lines.append(f"  {name}: {problem['msg'].removeprefix('Value error, ')}")
        raise ConfigurationError(
            "Dougong cannot start:\n" + "\n".join(lines) + "\nEach setting is described in docs/settings.md."
        ) from None
