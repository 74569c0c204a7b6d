"""Where a figure of an answer comes from: a row of a dataset, a default, the caller, or a forecast.

A figure never travels without what it rests on; mirrors `lodestock.v1.Origin` and `lodestock.v1.Figure`.
"""

from __future__ import annotations

from dataclasses import dataclass

from lodestock_server.catalog import DatasetOrigin, Figure


@dataclass(frozen=True, slots=True)
class DefaultOrigin:
    """A stated assumption, with its reason and the publication behind it, if any."""

    default_id: str
    reason: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class CallerOrigin:
    """A figure that the caller gave in the field at `field_path`."""

    field_path: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ForecastOrigin:
    """A statistic of a forecast."""

    model: str
    statistic: str
    seed: int


Origin = DatasetOrigin | DefaultOrigin | CallerOrigin | ForecastOrigin


@dataclass(frozen=True, slots=True)
class Traced:
    """A number with all that it rests on, and how it follows from that."""

    value: float
    origins: tuple[Origin, ...]
    derivation: str = ""

    @classmethod
    def read(cls, figure: Figure) -> Traced:
        """A figure of the catalog as it stands."""
        return cls(figure.value, (figure.origin,))


@dataclass(frozen=True, slots=True)
class TracedField:
    """The values at one field of an answer, with what they rest on."""

    field_path: str
    values: tuple[float, ...]
    unit: str
    derivation: str
    origins: tuple[Origin, ...]


def derive(value: float, derivation: str, *parts: Traced) -> Traced:
    """A number computed from traced ones: rests on all that they rest on, each once."""
    origins = {origin: None for part in parts for origin in part.origins}
    return Traced(value, tuple(origins), derivation)
