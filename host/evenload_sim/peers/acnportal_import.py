"""The door to acnportal 0.3.3: import its names from here.

acnportal imports `pkg_resources`, which setuptools dropped in version 82, and uses it only to stamp a version
into saved simulations. We save none, so an empty module of that name stands in while acnportal is imported;
the alternative, an old setuptools, would hold back the tool that builds our C core.
"""

import importlib.util
import sys
from types import ModuleType

if importlib.util.find_spec("pkg_resources") is None:
    sys.modules["pkg_resources"] = ModuleType("pkg_resources")
try:
    from acnportal import acnsim, algorithms
finally:
    stand_in = sys.modules.get("pkg_resources")
    if stand_in is not None and stand_in.__spec__ is None:
        del sys.modules["pkg_resources"]

__all__ = ["acnsim", "algorithms"]
