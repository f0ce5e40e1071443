"""Boosted trees in binary formats of their own: CatBoost's, and XGBoost's of before 3.1.  Data only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

_HEAD = 1 << 12
# The core's length, the core, which names its version, then tables for categories.
_CATBOOST = re.compile(rb"CBM1(.{4}).{0,4000}FlabuffersModel_v\d", re.DOTALL)
_BEFORE_CORE = 8
# learner.cc, LearnerModelParamLegacy: a score, the numbers of features and classes, two flags, the version, the number
# of targets, a flag, and 100 bytes of zeros.  Then the objective's name and the booster's, each behind its length.
_FLAG = rb"[\x00\x01]\x00{3}"
_XGBOOST = re.compile(
    rb"(?:binf)?.{4}.{3}\x00.{3}\x00" + _FLAG * 2 + rb"[\x00-\x03]\x00{3}.\x00{3}.{2}\x00{2}" + _FLAG + rb"\x00{100}"
    rb"(.)\x00{7}([\w:@.-]{1,64})[\x04\x06\x08]\x00{7}(?:gbtree|gblinear|dart)",
    re.DOTALL,
)


def look_at_booster(part: Part, scan: Scan) -> str | None:  # noqa: ARG001  every look is called alike
    head = part.head(_HEAD)
    if match := _CATBOOST.match(head):
        core = int.from_bytes(match[1], "little")
        return "catboost" if part.size is None or _BEFORE_CORE + core <= part.size else None
    if (match := _XGBOOST.match(head)) and match[1][0] == len(match[2]):
        return "xgboost"
    return None
