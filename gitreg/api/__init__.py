"""The Python API, for programs: gitreg without a terminal."""

from gitreg.api.anywhere import convert as convert
from gitreg.api.anywhere import doctor as doctor
from gitreg.api.anywhere import init as init
from gitreg.api.anywhere import scan as scan
from gitreg.api.registry import Registry as Registry
from gitreg.api.registry import open as open  # noqa: A004 - the verb people expect
