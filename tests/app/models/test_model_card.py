"""The words of a model card."""

from __future__ import annotations

from app.models.card import model_card_html, model_card_markdown
from inference.figures import Figures
from inference.models import ModelCard, find_card
from inference.network.config import CONFIGS

BARE = ModelCard(name="mine <b>", network=CONFIGS["bisenetformer-m"])


def test_a_card_without_words_says_so_and_shows_its_name_as_text() -> None:
    html = model_card_html(BARE)
    assert "mine &lt;b&gt;" in html
    assert "<table" not in html
    assert html.count("<p>Not stated.</p>") == 4
    assert "640 pixels" in html


def test_a_published_card_links_to_its_weights() -> None:
    card = find_card("fai-bf-m-ade")
    html = model_card_html(card)
    assert f'<a href="{card.url}">' in html
    assert "ADE20K SceneParse150, training split, by FocoosAI.</p>" in html


def test_figures_are_a_table_of_text_in_html_and_markdown() -> None:
    figures = Figures(checked_on="3 photos & more", measures={"pixels right": "50 %"})
    card = ModelCard(name="mine", network=CONFIGS["bisenetformer-m"], input_size=None, figures=(figures,))
    html = model_card_html(card)
    assert '<td align="left">3 photos &amp; more</td><td align="left">50 %</td>' in html
    assert "at its own size" in html
    lines = model_card_markdown(card).splitlines()
    assert "| Checked on | Pixels right |" in lines
    assert "| 3 photos & more | 50 % |" in lines
