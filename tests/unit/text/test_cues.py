"""Phrases by which furniture is known, and ordinary paragraphs that are none."""

import pytest

from tocsin.text.cues import has_cue


@pytest.mark.parametrize(
    "paragraph",
    [
        "Sign up for our morning newsletter and get the day's stories in your inbox.",
        "© 2031 Harbour Media. All rights reserved.",
        "Read more: ten villages to visit this autumn",
        "By our correspondents | 3 min read",
        "Additional reporting by A. Writer",
        "If you value independent reporting, please consider a small gift: support our work.",
        "Don’t miss: the tide tables",
        "Updated 4 hours ago",
        "Write to desk@herald.example",
        "Подписывайтесь на нас в приложении",
        "Lesen Sie auch: Fähren im Hafen",
    ],
)
def test_furniture_gives_itself_away(paragraph):
    """A paragraph with such a phrase has a cue, whatever its case and quotes."""
    assert has_cue(paragraph)
    assert has_cue(paragraph.upper())


@pytest.mark.parametrize(
    "paragraph",
    [
        "More than ninety people signed the register of the harbour on Monday, the master said.",
        "The minister read the report and published a reply. A small fund will support the crews.",
        "He has sold newspapers for forty years and has no subscription to any of them.",
        "Sign up for our newsletter. " + "The storm closed the harbour and the ferries stayed. " * 20,
    ],
)
def test_news_has_no_cue(paragraph):
    """Words of furniture in other company are none, nor is what is too long to be furniture alone."""
    assert not has_cue(paragraph)
