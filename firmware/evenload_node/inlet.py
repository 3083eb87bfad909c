"""The inlet: how much current the site may draw, set on selector pins (requirement
GPIOManager_GetInletCurrent).
"""


class FixedInlet:
    """An inlet without a selector: the configured current only. limit_ma: per phase."""

    def __init__(self, limit_ma: int):
        self._limit_ma = limit_ma
        self.is_legal = True

    def inlet_limit_ma(self) -> int:
        """Return the inlet current in mA."""
        return self._limit_ma


class SelectorInlet:
    """An inlet with selector pins.

    settings_ma: current of each legal code, index = code, 0 = a code that no position of the selector
    gives; read_code: function that returns the code on the pins. Any other code means the smallest setting:
    a broken wire must not raise the limit. `is_legal` tells about the last read.
    """

    def __init__(self, settings_ma: list[int], read_code):
        self._settings_ma = settings_ma
        self._read_code = read_code
        self._smallest_ma = min([setting for setting in settings_ma if setting > 0])
        self.is_legal = True

    def inlet_limit_ma(self) -> int:
        """Return the inlet current in mA that the selector says now."""
        code = self._read_code()
        setting_ma = self._settings_ma[code] if 0 <= code < len(self._settings_ma) else 0
        self.is_legal = setting_ma > 0
        return setting_ma if self.is_legal else self._smallest_ma
