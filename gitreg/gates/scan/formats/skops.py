"""skops: a schema that names types, which skops imports, and ways to make objects of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitreg.gates.scan.finding import shown
from gitreg.gates.scan.profiles.sklearn import SKLEARN

if TYPE_CHECKING:
    from gitreg.gates.scan.part import Part
    from gitreg.gates.scan.scan import Scan

# Those that only fill in what they are given; others call what the file names.
_LOADERS = frozenset({
    "BytesNode", "BytearrayNode", "CachedNode", "DefaultDictNode", "DictNode", "DtypeNode",
    "FunctionNode", "JsonNode", "ListNode", "LossNode", "MaskedArrayNode", "NdArrayNode",
    "ObjectNode", "RandomGeneratorNode", "RandomStateNode", "SetNode", "SGDNode", "SliceNode",
    "SparseMatrixNode", "TreeNode", "TupleNode", "TypeNode",
})  # fmt: skip
_TYPES = re.compile(
    r"builtins\.(?:bool|bytearray|bytes|complex|dict|float|frozenset|int|list|NoneType|range|set|slice|str|tuple)"
    r"|collections\.(?:OrderedDict|defaultdict)"
    r"|numpy\.(?:bool_?|(?:u?int|float|complex)\d{1,3}|longlong|ulonglong|c?longdouble|str_|bytes_|void|object_"
    r"|datetime64|timedelta64|ndarray|dtype|matrix)"
    r"|numpy\.ma(?:\.core)?\.MaskedArray"
    r"|numpy\.random(?:\._\w+|\.mtrand)?\.(?:RandomState|Generator|MT19937|PCG64|PCG64DXSM|Philox|SFC64)"
    r"|scipy\.special\._(?:special_)?ufuncs\.\w+"
    r"|scipy\._lib\.array_api_compat\.numpy\._aliases\.asarray"
    r"|sklearn\.feature_selection\._mutual_info\.mutual_info_(?:classif|regression)"
    # parts of models; what a transformer calls is named in the schema, too
    r"|sklearn\.calibration\._TemperatureScaling"
    r"|sklearn\.metrics\._scorer\._PassthroughScorer"
    r"|sklearn\.model_selection\._split\.(?:KFold|StratifiedKFold)"
    r"|sklearn\.preprocessing\._function_transformer\.FunctionTransformer"
)
# NumPy's functions of numbers alone.
_FUNCTIONS = (
    "abs absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_count bitwise_or "
    "bitwise_xor cbrt ceil conjugate copysign cos cosh deg2rad degrees divide divmod equal exp exp2 expm1 fabs "
    "float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside hypot invert isfinite "
    "isinf isnan isnat lcm ldexp left_shift less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and "
    "logical_not logical_or logical_xor matmul matvec max maximum mean median min minimum modf multiply negative "
    "nextafter not_equal positive power rad2deg radians reciprocal remainder right_shift rint sign signbit sin "
    "sinh spacing sqrt square subtract sum tan tanh trunc vecdot vecmat"
)
_OF_NUMBERS = frozenset(_FUNCTIONS.split())
_ADVICE = "load it only with those types trusted that you have reviewed"


def check_type(node: dict[str, object], part: Part, scan: Scan) -> None:
    """Of one table of a schema, if it is one."""
    match node:
        case {"__loader__": str(loader), "__module__": str(module), "__class__": str(name)}:
            if loader not in _LOADERS:
                detail = f"makes an object by {shown(loader)}, which calls what the file names"
                scan.unknown(part, "skops-loader", detail, _ADVICE)
            elif not _is_known(module, name):
                detail = f"imports {shown(f'{module}.{name}')}, which is no part of scikit-learn's models"
                scan.unknown(part, "skops-type", detail, _ADVICE)


def _is_known(module: str, name: str) -> bool:
    if module == "numpy" and name in _OF_NUMBERS:
        return True
    key = module, name
    return key in SKLEARN.passed or key in SKLEARN.calls or _TYPES.fullmatch(f"{module}.{name}") is not None
