"""The documents name what exists: every command is documented, every link leads somewhere."""

import re
from pathlib import Path

import click
import pytest
from evenload import wire
from evenload_host.cli import evenload

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("board_configs/*.md")])
SPEC = (ROOT / "SPEC.md").read_text()
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)")


def command_names(group, prefix):
    """Return the full name of every command below `group` that does something itself."""
    context = click.Context(group)
    names = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        full = f"{prefix} {name}"
        names += command_names(command, full) if isinstance(command, click.Group) else [full]
    return names


def broken_links(document, text):
    """Return the relative links of a document that lead nowhere."""
    return [target for target in LINK.findall(text) if not (document.parent / target).exists()]


def test_every_command_stands_in_the_readme_or_the_tutorials():
    texts = "\n".join(
        path.read_text() for path in DOCUMENTS if path.name == "README.md" or path.parent.name == "docs"
    )
    assert [name for name in command_names(evenload, "evenload") if name not in texts] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document):
    assert broken_links(document, document.read_text()) == []


def test_a_broken_link_is_found():
    assert broken_links(ROOT / "README.md", "see [this](nowhere.md) and [that](https://example.org/x)") == [
        "nowhere.md"
    ]


def test_every_file_and_test_named_in_the_spec_exists():
    named = re.findall(r"`((?:shared|csrc|firmware|host|tests|tools|docs)/[\w./-]+)(?:::(\w+))?`", SPEC)
    assert named
    assert [path for path, _ in named if not (ROOT / path).exists()] == []
    tests = [(path, name) for path, name in named if name]
    assert [name for path, name in tests if f"def {name}(" not in (ROOT / path).read_text()] == []


def test_every_reason_is_explained_to_a_driver():
    text = (ROOT / "docs" / "why-slow.md").read_text()
    assert [word for word in wire.REASON_NAMES if f"| `{word}` |" not in text] == []


def test_both_readmes_have_the_same_examples():
    fences = [
        re.findall(r"^```.*?^```$", (ROOT / name).read_text(), re.M | re.S)
        for name in ("README.md", "README.zh-TW.md")
    ]
    commands = [
        [line for block in blocks for line in block.splitlines() if line.startswith("$ ")]
        for blocks in fences
    ]
    assert commands[0] == commands[1]
