"""Objects of a configuration file held against their tables in schema.py; the first mistake is named with key, value
and remedy.

Raises only evenload.errors.ConfigError.
"""

from evenload.errors import ConfigError
from evenload.site import nearest

from evenload_node import schema


class Section:
    """One object of the file: an attribute per key of its table, defaults filled in."""

    def __getattr__(self, name: str):
        raise AttributeError(name)


def read_section(value, rows, path):
    """Return the Section of the object `value`, whose keys are `rows`; path ends with a dot or is empty."""
    require(isinstance(value, dict), path[:-1] if path else "file", value, "an object")
    names = tuple([row[0] for row in rows])
    for key in sorted(value, key=str):  # YAML has keys that are no texts.
        if key not in names:
            hint = "no such key; did you mean {}? One of {}".format(
                nearest(str(key), names), ", ".join(names)
            )
            raise ConfigError(path + str(key), value[key], hint)
    section = Section()
    for name, kind, default, valid, _ in rows:
        if name in value:
            _check_value(path + name, value[name], kind, valid)
            setattr(section, name, value[name])
        else:
            require(default != schema.REQUIRED, path + name, None, _words_of(kind, valid))
            setattr(section, name, default)
    return section


def read_sections(values, rows, name):
    """Return the Sections of the list `values`; `name` is the list's key."""
    return [read_section(values[i], rows, "{}[{}].".format(name, i)) for i in range(len(values))]


def _check_value(key, value, kind, valid):
    if kind == "name":
        good = _is_text(value) and len(value) <= 64
    elif kind == "text":
        good = _is_text(value)
    elif kind == "integer":
        good = _is_integer(value) and valid[0] <= value <= valid[1]
    elif kind == "number":
        good = _is_number(value) and valid[0] <= value <= valid[1]
    elif kind == "integers":
        good = isinstance(value, list) and len(value) > 0
        for item in value if good else ():
            good = good and _is_integer(item) and valid[0] <= item <= valid[1]
    elif kind == "word":
        good = value in valid and value is not True and value is not False
    elif kind == "flag":
        good = value is True or value is False
    elif kind == "object":
        good = isinstance(value, dict)
    else:
        good = isinstance(value, list)
    require(good, key, value, _words_of(kind, valid))


def _words_of(kind, valid):
    if kind == "integer":
        return "an integer of {} .. {}".format(valid[0], valid[1])
    if kind == "number":
        return "a number of {} .. {}".format(valid[0], valid[1])
    if kind == "integers":
        return "a list of integers of {} .. {}".format(valid[0], valid[1])
    if kind == "word":
        return "one of " + ", ".join([str(word) for word in valid])
    words = {
        "name": "a name of 1 .. 64 characters, none of them a control character",
        "text": "a text without control characters",
        "flag": "true or false",
    }
    return words.get(kind, "an object" if kind == "object" else "a list")


def _is_text(value):
    """Return whether the value is a text that can be a path, a log line and UTF-8: no control, no half character."""
    if not isinstance(value, str) or not value:
        return False
    for character in value:
        code = ord(character)
        if code < 0x20 or code == 0x7F or 0xD800 <= code <= 0xDFFF:
            return False
    return True


def _is_number(value):
    return isinstance(value, (int, float)) and value is not True and value is not False


def _is_integer(value):
    return isinstance(value, int) and value is not True and value is not False


def unique_ids(sections, name):
    """Return the ids of `sections`; two equal ones are refused."""
    ids = []
    for i in range(len(sections)):
        key = "{}[{}].id".format(name, i)
        require(
            sections[i].id not in ids, key, sections[i].id, "an id that no other of the {} has".format(name)
        )
        ids.append(sections[i].id)
    return ids


def require_word(word, words, key):
    """Refuse a word that is not one of `words`."""
    require(
        word in words, key, word, "one of " + ", ".join(words) if words else "nothing; none is configured"
    )


def distinct(words):
    """Return the words without repetitions."""
    found = []
    for word in words:
        if word not in found:
            found.append(word)
    return found


def require(good, key, value, valid):
    """Raise ConfigError unless `good`."""
    if not good:
        raise ConfigError(key, value, valid)
