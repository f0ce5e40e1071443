"""The profiles by name, and what people get who choose none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitreg.gates.scan.profiles.data import DATA
from gitreg.gates.scan.profiles.numpy import JOBLIB, NUMPY
from gitreg.gates.scan.profiles.profile import AllowList, Name, Profile, merged
from gitreg.gates.scan.profiles.sklearn import SKLEARN
from gitreg.gates.scan.profiles.torch import TORCH

PROFILES: Mapping[str, Profile] = {profile.name: profile for profile in (DATA, NUMPY, TORCH, JOBLIB, SKLEARN)}
DEFAULT = ("data", "numpy", "torch", "joblib")


def allow_list(names: Iterable[str]) -> AllowList:
    """Raises KeyError for a name that is no profile's."""
    return merged(PROFILES[name] for name in names)


def profile_with(name: Name) -> str | None:
    """The profile that knows this name, to say what would allow it."""
    for profile in PROFILES.values():
        if name in profile.calls or name in profile.passed:
            return profile.name
    return None
