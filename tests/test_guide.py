"""The guide has a section and a picture for every tool, and names what the window has."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from pytestqt.qtbot import QtBot

from app.chrome.actions import ACTIONS, TOOL_ACTIONS, Act
from app.core.import_labels import Existing
from app.core.import_labels.findings import PHRASES
from app.core.project.places import FILE_NAME
from app.core.rules import Where
from app.editing.session import Session
from app.importing.dialog import EXISTING
from app.panels.rule_button import RuleButton
from app.settings import Settings
from app.tools import TOOLS
from app.tools.options import Choice

DOCS = Path(__file__).resolve().parents[1] / "docs"
GUIDE = (DOCS / "guide.md").read_text(encoding="utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^## ", GUIDE, flags=re.MULTILINE)}
MOST_BYTES = 4_000_000


def section_of(tool_id: str) -> str:
    spec = ACTIONS[TOOL_ACTIONS[tool_id]]
    return SECTIONS.get(f"{spec.text} (`{spec.keys[0]}`)", "")


@pytest.mark.parametrize("tool_id", TOOLS)
def test_every_tool_has_a_section_with_its_key_its_options_and_a_picture(tool_id: str) -> None:
    section = section_of(tool_id)
    assert section, "no section with the tool's name and key"
    assert f"](guide/{tool_id}.png)" in section
    for option in TOOLS[tool_id].options:
        assert f"**{option.label}**" in section


@pytest.mark.parametrize("tool_id", TOOLS)
def test_choices_are_named_as_in_the_window(tool_id: str) -> None:
    shared = section_of("brush") + section_of("relabel") + section_of("polygon")
    for option in TOOLS[tool_id].options:
        if isinstance(option, Choice):
            missing = [text for _, text in option.choices if text.lower() not in (section_of(tool_id) + shared).lower()]
            assert not missing


@pytest.mark.parametrize("act", [Act.NEXT_BEST, Act.PREVIOUS_BEST, Act.NEXT_RULE, Act.HISTORY, Act.DECIDERS,
                                 Act.NETWORK_ONLY, Act.BARE, Act.PATTERNS, Act.NAMES, Act.OUTLINE])  # fmt: skip
def test_keys_of_what_goes_with_the_tools_are_named(act: Act) -> None:
    assert f"`{ACTIONS[act].keys[0]}`" in GUIDE


def test_the_rule_is_named_as_in_its_menu(qtbot: QtBot) -> None:
    button = RuleButton(Session(Settings()))
    qtbot.addWidget(button)
    texts = [button.choices[where].text() for where in (Where.ANYWHERE, Where.UNLABELLED)] + [button.keep.text()]
    assert [text for text in texts if f"*{text.replace('&', '')}*" not in SECTIONS["Where paint may go"]] == []


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", GUIDE))))
def test_pictures_are_there_and_can_be_read(link: str) -> None:
    with Image.open(DOCS / link) as image:
        image.verify()


@pytest.mark.parametrize("document", sorted(DOCS.glob("*.md")), ids=lambda document: document.stem)
def test_every_picture_of_a_document_is_there(document: Path) -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", document.read_text(encoding="utf-8"))
    assert pictures
    for picture in pictures:
        if picture.endswith(".svg"):
            assert ElementTree.parse(DOCS / picture).getroot().tag == "{http://www.w3.org/2000/svg}svg"
            continue
        with Image.open(DOCS / picture) as image:
            image.verify()


def test_links_inside_lead_to_headings() -> None:
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in SECTIONS}
    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) <= anchors


def test_no_picture_is_left_over_and_all_of_them_are_small() -> None:
    pictures = sorted((DOCS / "guide").iterdir())
    assert [picture.name for picture in pictures if f"](guide/{picture.name})" not in GUIDE] == []
    assert sum(picture.stat().st_size for picture in pictures) < MOST_BYTES


def test_every_kind_of_label_file_that_can_be_converted_is_named_as_the_window_names_it() -> None:
    section = SECTIONS[f"Bringing labels in (`{ACTIONS[Act.IMPORT].keys[0]}`)"]
    assert [phrase for phrase in PHRASES.values() if phrase not in section] == []


def test_it_says_where_the_work_is_kept() -> None:
    assert f"`{FILE_NAME}`" in SECTIONS["Where your work is kept"]
    assert "](guide/import.png)" in GUIDE


@pytest.mark.parametrize("existing", [Existing.KEEP, Existing.REPLACE])
def test_what_becomes_of_corrections_is_named_as_in_the_dialog(existing: Existing) -> None:
    text = EXISTING[existing].replace("&", "").partition(";")[0]
    assert text in " ".join(GUIDE.split())
