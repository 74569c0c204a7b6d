"""What a run was made of: the digest of its input and the versions of what can move its figures."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping
from importlib import metadata
from types import MappingProxyType

from lodestock_forecasters.calibration import calibration_version
from lodestock_forecasters.series import DemandSeries

_LIBRARIES = ("lodestock-server", "numpy", "scipy", "statsforecast", "prophet")


def digest_of(options: tuple[object, ...], all_series: Iterable[DemandSeries]) -> str:
    """Return the SHA-256 of options and series, hexadecimal."""
    digest = hashlib.sha256(repr(options).encode())
    for series in all_series:
        head = (series.id, series.frequency.value, series.periods, series.unit, series.saturation)
        digest.update(repr(head).encode())
        digest.update(series.observations.astype("<f8").tobytes())
        if series.drivers is not None:
            digest.update(repr(series.drivers.periods).encode())
            given = (series.drivers.price is not None, series.drivers.deployment is not None)
            digest.update(repr(given).encode())
            for values in series.drivers.paths:
                digest.update(values.astype("<f8").tobytes())
    return digest.hexdigest()


@functools.cache
def library_versions() -> Mapping[str, str]:
    """Return the version of each library that can move the figures, and of the calibration table."""
    versions = {"calibration": calibration_version()}
    for library in _LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            # The core also runs from a source tree, and without the optional model libraries.
            continue
    return MappingProxyType(versions)
