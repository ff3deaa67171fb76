"""A model card in plain words: for the window as HTML, for the README as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.models.lineage import lineage_sentences, lineage_table
from inference.figures import remarks_on, table_of
from inference.models import ModelCard

_STYLE = "<style>h4 { margin-bottom: 2px; } p { margin-top: 2px; } table { margin-left: -4px; }</style>"


def model_card_html(card: ModelCard) -> str:
    """What a newcomer wants to know, in that order: what it is good for, how good, made from what, free for what."""
    parts = [_STYLE, f"<h2>{escape(card.name)}</h2>", *(f"<h4>{title}</h4>{text}" for title, text in _sections(card))]
    return "".join(parts)


def _sections(card: ModelCard) -> list[tuple[str, str]]:
    sections = [
        *([("Learned from corrections", _lineage_html(card))] if card.lineage else []),
        ("What it can do, and what not", _paragraph(card.limits)),
        ("How good it is", _figures_html(card)),
        ("What it was trained on", _paragraph(card.trained_on)),
        ("How it sees a photo", _paragraph(input_size_text(card))),
        ("Licence", _paragraph(card.licence)),
    ]
    if card.url:
        link = f'<a href="{escape(card.url)}">{escape(card.url)}</a>'
        sections.append(("Weights", f"<p>Published at {link}</p>"))
    return sections


def _paragraph(text: str) -> str:
    sentence = text[:1].upper() + text[1:]
    return f"<p>{escape(sentence)}{'' if sentence.endswith(('.', '!', '?')) else '.'}</p>"


def _figures_html(card: ModelCard) -> str:
    if not card.figures:
        return _paragraph("not stated")
    small = "<br>".join(escape(remark) for remark in remarks_on(card.figures))
    return f"{_table_html(table_of(card.figures))}<p><small>{small}</small></p>"


def _lineage_html(card: ModelCard) -> str:
    table = lineage_table(card.lineage)
    return f"<p>{escape(' '.join(lineage_sentences(card.lineage)))}</p>{_table_html(table) if table else ''}"


def _table_html(table: Sequence[Sequence[str]]) -> str:
    heading, *rows = table
    lines = [_row(heading, tag="th"), *(_row(row, tag="td") for row in rows)]
    return f'<table cellspacing="0" cellpadding="4">{"".join(lines)}</table>'


def _row(cells: Sequence[str], *, tag: str) -> str:
    inside = "".join(f'<{tag} align="left">{escape(cell)}</{tag}>' for cell in cells)
    return f"<tr>{inside}</tr>"


def model_card_markdown(card: ModelCard) -> str:
    """The same for the README."""
    heading, *rows = table_of(card.figures)
    lines = [f"**{card.name}.** {card.limits}", "", _bar(heading), _bar(["---"] * len(heading)), *map(_bar, rows), ""]
    lines += [f"- {remark}" for remark in remarks_on(card.figures)]
    lines += ["", f"Trained on {card.trained_on}", "", input_size_text(card), "", f"Licence: {card.licence}"]
    return "\n".join(lines)


def _bar(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def input_size_text(card: ModelCard) -> str:
    """At which size the network works, and that labels have the photo's all the same."""
    if card.input_size is None:
        return "The network sees a photo at its own size."
    return (
        f"The network sees a photo scaled to a short side of {card.input_size} pixels, so very small things escape it; "
        "its masks are brought back to the photo's own size."
    )
