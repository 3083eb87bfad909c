"""Errors of the shared shelf.

EvenloadError
+-- ConfigError     a configuration that may not start: names the key, the value and what would be valid
+-- StaleCoreError  the compiled C core was built from other sources
"""

SHOWN_MAX = 80


class EvenloadError(Exception):
    """Base of every error that Evenload raises on purpose."""


class StaleCoreError(EvenloadError):
    """A compiled core that was built from other sources than those beside it; the text names the way out."""


class ConfigError(EvenloadError):
    """A configuration refused at start.

    key: dotted path of the key ("circuits[1].limit_ma"); value: what stood there, None if nothing did; valid: a
    phrase that says what would be accepted ("3 values of 0 .. 6000000 mA").
    """

    def __init__(self, key: str, value: object, valid: str):
        shown = "missing" if value is None else str(value)
        if len(shown) > SHOWN_MAX:
            shown = shown[:SHOWN_MAX] + "..."
        super().__init__("{} is {}; valid: {}.".format(key, shown, valid))
        self.key = key
        self.value = value
        self.valid = valid
