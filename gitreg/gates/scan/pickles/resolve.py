"""Which name Python 3 imports for a name in a pickle: below protocol 3, those of Python 2 are renamed."""

from __future__ import annotations

from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

from gitreg.gates.scan.pickles.values import Global


def resolve(module: str, name: str, protocol: int) -> Global:
    asked = (module, name)
    if protocol < 3:
        if asked in NAME_MAPPING:
            module, name = NAME_MAPPING[asked]
        else:
            module = IMPORT_MAPPING.get(module, module)
    return Global(module, name, asked)
