"""The hotel bookings, from a table to what a model takes: columns, cleaning, splits, leaks and measures.

The names below come from the modules of this package, each loaded when first used: only cleaning needs pandas, only
the encoding, the splits and the audit need scikit-learn.
"""

import importlib

_MODULES = {
    "schema": ("SCHEMA", "parse", "typed"),
    "features": ("AFTER_BOOKING", "FEATURES", "INPUTS", "KNOWN", "OUTCOME", "TARGET", "Feature"),
    "cleaning": ("arrival", "clean", "target"),
    "encoding": ("Prepared", "encode", "prepare", "preprocessor"),
    "derived": ("derive",),
    "networks": ("Network", "embedding_network"),
    "calibrating": ("OutOfTimeCalibration",),
    "splits": ("CUTS", "PROTOCOLS", "Split", "split"),
    "external": ("from_csv",),
    "audit": ("leakage_audit",),
    "metrics": ("BINS", "COSTS", "Costs", "best_threshold", "calibration", "evaluate", "expected_cost"),
}
_HOME = {name: module for module, names in _MODULES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name):
    """Import the module of a public name the first time that it is read."""
    if name in _HOME:
        return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    """List the public names, whether already imported or not."""
    return sorted({*globals(), *__all__})
