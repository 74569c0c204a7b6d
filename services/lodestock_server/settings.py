"""The one settings object: from a TOML file, overridden by ``LODESTOCK_*`` variables, overridden by the command line.

Only the composition root and the command line read it. ``lodestock-server check-config`` prints the effective values.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, Self

import platformdirs
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

MIB = 1024 * 1024

PREFIX = "LODESTOCK_"
OTHERS = ("ADDRESS", "CA_FILE", "CONFIG", "FUZZ_SEED")
"""Variables with the prefix that are no settings: of the client, of `read_settings`, of the tests."""

DEFAULT_CALLER = "default"
"""Name of the caller who has the setting `token`."""

Secret = Annotated[SecretStr, Field(min_length=16)]
CallerName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._@-]{1,100}$")]

DATABASES = ("postgresql", "postgres", "postgresql+psycopg", "sqlite")
"""What a database's URL may begin with."""


class Settings(BaseSettings):
    """What can be set, with its default."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    # Where the server listens, and whom it lets in.
    host: str = Field("127.0.0.1", description="Address to listen on. Not a loopback address: TLS and identity needed.")
    port: int = Field(50051, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    tls_certificate_file: Path | None = Field(None, description="PEM file with the server's certificate chain.")
    tls_key_file: Path | None = Field(None, description="PEM file with the server's private key.")
    tls_client_ca_file: Path | None = Field(None, description="PEM file; clients must show a certificate signed by it.")
    token: Secret | None = Field(None, description='Bearer token of the one caller "default".')
    tokens: dict[CallerName, Secret] = Field(default_factory=dict, description="Bearer token by the caller's name.")

    # What is kept where.
    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("lodestock"),
        description="Folder of the SQLite database, made if it is not there.",
    )
    database_url: SecretStr | None = Field(None, description="SQLAlchemy's URL, in place of data_dir's database.")

    # How much is taken in.
    max_message_bytes: int = Field(64 * MIB, ge=MIB, le=1024 * MIB, description="Largest request and largest answer.")
    compute_workers: int = Field(2, ge=1, le=256, description="Processes that forecast and optimise.")
    max_waiting_calls: int = Field(16, ge=0, le=10_000, description="Calls that may wait for a free process.")
    max_calls_per_caller: int = Field(12, ge=1, le=10_000, description="Calls of a caller that may wait or compute.")
    max_weight_in_flight: float = Field(
        4e6, gt=0, description="Columns of the models of all calls that wait or compute; forecasts count as columns."
    )
    max_jobs_per_caller: int = Field(1_000, ge=1, description="Unfinished jobs that a caller may have.")
    max_jobs: int = Field(10_000, ge=1, description="Unfinished jobs of all callers.")
    max_concurrent_calls: int = Field(
        2_000, ge=10, le=1_000_000, description="Fuse: calls of every kind at once, streams and health checks too."
    )
    default_time_limit_s: float = Field(60.0, gt=0, le=3600, description="Most seconds of computing for a call.")
    drain_s: float = Field(30.0, ge=0, le=3600, description="Seconds that running calls get to end on SIGTERM.")
    max_connection_age_s: float = Field(
        3600.0, ge=1, description="Seconds after which a client is asked to connect anew; its calls end in peace."
    )
    compression: bool = Field(True, description="Compress answers of more than 16 KiB for clients that take gzip.")

    # Jobs, and the workers that do them.
    job_workers: int = Field(1, ge=0, le=64, description="Workers that the server starts; 0: they run elsewhere.")
    job_processes: int = Field(1, ge=1, le=256, description="Jobs that a worker does at once, each in its own process.")
    job_time_limit_s: float = Field(3_600.0, gt=0, le=604_800, description="Most seconds of computing for a job.")
    worker_name: str | None = Field(
        None, pattern=r"^[A-Za-z0-9._-]{1,100}$", description="Name of a worker, which goes on with its own jobs by it."
    )
    worker_nice: int = Field(5, ge=0, le=19, description="How much a worker steps back behind the server.")
    worker_lost_s: float = Field(10.0, gt=0, description="Seconds without a beat after which a worker is given up.")
    max_attempts: int = Field(5, ge=1, le=100, description="How often a job is begun before it fails.")
    jobs_version: str | None = Field(
        None, pattern=r"^[A-Za-z0-9._-]{1,100}$", description="Protocol of jobs, for two versions side by side."
    )
    keep_operations_days: int = Field(30, ge=0, description="Days that ended operations are kept; 0: for ever.")
    keep_results_days: int = Field(365, ge=0, description="Days that results of jobs are kept; 0: for ever.")

    # What is told to whom watches.
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level to log.")
    log_format: Literal["json", "text"] = Field("json", description="Form of a log line.")
    metrics_host: str = Field("127.0.0.1", description="Address of the metrics' port; they are not protected.")
    metrics_port: int | None = Field(None, ge=0, le=65535, description="Port of the server's metrics. None: none.")
    worker_metrics_port: int | None = Field(
        None, ge=0, le=65535, description="Port of the metrics of `lodestock-server worker`. None: none."
    )
    otlp_endpoint: str | None = Field(
        None, pattern="^https?://", description='OpenTelemetry collector for traces, such as "http://127.0.0.1:4317".'
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the command line first, then the environment, then the TOML file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @field_validator("database_url")
    @classmethod
    def _refuse_other_databases(cls, url: SecretStr | None) -> SecretStr | None:
        kind, found, _ = ("", "", "") if url is None else url.get_secret_value().partition("://")
        if url is not None and (not found or kind not in DATABASES):
            raise ValueError("must be such as postgresql://user:password@host/name or sqlite:////folder/file.db")
        if url is not None and kind == "sqlite" and file_of(url.get_secret_value()) in ("", ":memory:"):
            raise ValueError("must name a file, such as sqlite:////folder/file.db: several processes share it")
        return url

    @model_validator(mode="after")
    def _refuse_open_doors(self) -> Self:
        if (self.tls_certificate_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_certificate_file and tls_key_file go together; one of them is missing")
        if self.tls_client_ca_file is not None and not self.has_tls:
            raise ValueError("tls_client_ca_file needs tls_certificate_file and tls_key_file")
        if not is_loopback(self.host) and not (self.has_tls and self.knows_callers):
            raise ValueError(
                f"host {self.host} is not a loopback address: set tls_certificate_file, tls_key_file and token first, "
                "or tokens or tls_client_ca_file in place of token"
            )
        return self

    @model_validator(mode="after")
    def _refuse_shared_tokens(self) -> Self:
        if self.token is not None and DEFAULT_CALLER in self.tokens:
            raise ValueError(f'token is that of the caller "{DEFAULT_CALLER}", which tokens names, too')
        if len(set(self.secrets.values())) < len(self.secrets):
            raise ValueError("two callers have the same token; each must have its own")
        return self

    @property
    def secrets(self) -> dict[str, str]:
        """The secret token by the caller's name."""
        given = self.tokens if self.token is None else {DEFAULT_CALLER: self.token, **self.tokens}
        return {name: secret.get_secret_value() for name, secret in given.items()}

    @property
    def knows_callers(self) -> bool:
        """Whether callers have to say who they are."""
        return bool(self.secrets) or self.tls_client_ca_file is not None

    @property
    def has_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.tls_certificate_file is not None

    @property
    def address(self) -> str:
        """Host and port as gRPC writes them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def file_of(url: str) -> str:
    """The file that SQLite's URL names, if it does."""
    return url.partition("://")[2].removeprefix("/").partition("?")[0]


def unknown_variables() -> list[str]:
    """What is wrong with variables of the environment that begin like settings and are none, each in words.

    They may be other programs', so they are no fault as unknown names in the file are.
    """
    known = {*(name.upper() for name in Settings.model_fields), *OTHERS}
    given = (name for name in sorted(os.environ) if name.upper().startswith(PREFIX))
    return [
        f"{name} is no setting{_meant(name.upper().removeprefix(PREFIX), known)}"
        for name in given
        if name.upper().removeprefix(PREFIX) not in known
    ]


def _meant(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f", {PREFIX}{near[0]} is" if near else ""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read_settings(config_file: Path | None = None, **overrides: object) -> Settings:
    """Read the settings.

    Args:
        config_file: TOML file. None: the one that ``LODESTOCK_CONFIG`` names, if any.
        overrides: Values of the command line; None means not given.

    Raises:
        FileNotFoundError: The file is not there.
        pydantic.ValidationError: A value is out of range, a name is unknown, or the values do not go together.
    """
    named = os.environ.get("LODESTOCK_CONFIG")
    path = config_file or (Path(named) if named else None)
    if path is not None and not path.is_file():
        raise FileNotFoundError(f"no such configuration file: {path}")

    class FileSettings(Settings):
        model_config = SettingsConfigDict(toml_file=path)

    given = {name: value for name, value in overrides.items() if value is not None}
    return FileSettings(**given)  # type: ignore[arg-type]
