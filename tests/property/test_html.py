"""HTML gives the same text whether it is walked or only marked."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tocsin.text.html import html_to_text

BLOCKS = ("p", "div", "blockquote", "article", "figure", "section")
INLINE = ("b", "i", "em", "span", "strong", "q")
LEAVES = (
    "text ",
    "more\n words",
    " &amp; x",
    "&nbsp;",
    "&eacute;",
    "<br>",
    "<br/>\n<br />",
    "<img src=x>",
    "<a title='x<p>y' href='/'>link</a>",
    "<!-- <p> -->",
    "<script>var a = '<p>x';</script>",
    "<style>p {}</style>",
    "<noscript><p>n</noscript>",
    "<template><p>t</template>",
    "<svg><title>x</title><text>y</text></svg>",
    "&#8217;",
    "<ul><li>one</li><li>two</li></ul>",
    "<h2>head</h2>",
    "<time>today</time>",
    "a < b",
)
WALKED = "<form></form>"  # says nothing, and has the whole fragment walked


def fragment(chance: random.Random, depth: int = 0, *, in_block: bool = True) -> str:
    """Make HTML whose elements nest as they should: no block stands in an inline element or a paragraph."""
    pieces = []
    for _ in range(chance.randint(0, 4)):
        choice = chance.random()
        if choice < 0.5 or depth > 4:
            leaf = chance.choice(LEAVES)
            pieces.append(leaf if in_block or not leaf.startswith(("<ul", "<h2")) else "word")
        elif choice < 0.75 and in_block:
            name = chance.choice(BLOCKS)
            pieces.append(f"<{name}>{fragment(chance, depth + 1, in_block=name != 'p')}</{name}>")
        else:
            name = chance.choice(INLINE)
            pieces.append(f"<{name}>{fragment(chance, depth + 1, in_block=False)}</{name}>")
    return "".join(pieces)


@given(st.integers(0, 2**32))
def test_marking_is_as_good_as_walking(seed: int) -> None:
    """A fragment that nests as it should gives the same text in either way."""
    html = fragment(random.Random(seed))
    assert html_to_text(f"<i></i>{html}") == html_to_text(f"{html}{WALKED}")


@given(st.sampled_from(["&#1;", "&#x2;", "&#02;", "\x01", "\x02"]))
def test_nobody_writes_marks(mark: str) -> None:
    """A control character in a text is a blank, and never the end of a paragraph."""
    assert html_to_text(f"<b>one{mark}two</b>") == "one two"
