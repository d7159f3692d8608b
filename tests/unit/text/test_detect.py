"""Which language a text is in."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.text.detect import ENOUGH_LETTERS, MOST_READ, detect_language

CORPUS = Path(__file__).parents[2] / "corpus" / "languages"
LANGUAGES = sorted(file.stem for file in CORPUS.glob("*.txt"))


def labelled(language):
    """Return the headlines and the sentences of a language."""
    titles, sentences = (CORPUS / f"{language}.txt").read_text().split("\n\n")
    return titles.splitlines(), sentences.splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_is_known(language):
    """The language of every sentence of the corpus is found."""
    _, sentences = labelled(language)
    assert {sentence: detect_language(sentence) for sentence in sentences} == dict.fromkeys(sentences, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_headline_is_not_taken_for_another_language(language):
    """A headline is in its language or in none that can be told, and most can."""
    titles, _ = labelled(language)
    found = [detect_language(title) for title in titles]
    assert set(found) <= {language, None}
    assert found.count(language) > len(titles) / 2


def test_unseen_headlines_are_seldom_taken_for_another_language():
    """Of headlines in many languages three quarters are right, and one in twenty is wrong."""
    lines = [line.split("\t") for line in (CORPUS / "headlines.tsv").read_text().splitlines()]
    found = [(language, detect_language(title)) for language, title in lines]
    right = sum(language == said for language, said in found)
    wrong = [pair for pair in found if pair[1] not in (None, pair[0])]
    assert right >= len(lines) * 3 // 4
    assert len(wrong) <= len(lines) // 20


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Суд перанёс пасяджэнне", "be"),
        ("Ўсе чакалі рашэння ўрада", "be"),
        ("Збірна їде на матч", "uk"),
        ("Міністр зустрівся з послом", "uk"),
        ("Министры обсудят экспорт", "ru"),
    ],
)
def test_letters_tell_the_east_slavic_languages(text, language):
    """A few words are enough where they have letters that only one of the three languages writes."""
    assert detect_language(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Газета «Нясвіжскія ўгодкі» закрылась, сообщили в редакции: рынок печати сокращается, и выхода нет.", "ru"),
        ("Видання «Быстрые новости» закрилося, повідомили в редакції: ринок преси скорочується, і виходу немає.", "uk"),
        (
            "Выданне «Последние известия» закрылася, паведамілі ў рэдакцыі: рынак друку сціскаецца, чытачы сыходзяць.",
            "be",
        ),
    ],
)
def test_a_quoted_name_does_not_change_the_language(text, language):
    """A few foreign letters in a text are those of a quotation."""
    assert detect_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n\t ",
        "12:30 — 45 %",
        "🙂🙂🙂🙂🙂🙂🙂🙂",
        "OK",
        "NATO",
        "Ага",
        "https://example.org/the/news/of/the/day/and/more",
        "The mayor spoke on Tuesday. Мэр выступил во вторник.",
        "\ufffd" * 40,
        "\u202e" * 40,
    ],
)
def test_what_cannot_be_told_is_not_guessed(text):
    """Without letters, with too few, and where scripts mix, there is no language."""
    assert detect_language(text) is None


def test_script_alone_tells_a_short_text():
    """A script that few languages share needs only a few characters."""
    assert detect_language("医生警告药品短缺") == "zh"
    assert detect_language("教員らが賃上げを要求") == "ja"
    assert detect_language("정부가 세금을 낮춘다") == "ko"


def test_a_language_written_in_foreign_letters_is_not_told():
    """A transliteration is in no language whose words could be matched."""
    assert (
        detect_language("Ministr skazal, chto peregovory prodolzhatsya na sleduyushchey nedele. Zhurnalisty zhdut.")
        is None
    )


def test_only_the_beginning_is_read():
    """What stands behind the first few sentences changes nothing, so that time is bounded."""
    _, english = labelled("en")
    _, russian = labelled("ru")
    head = " ".join(english)[:MOST_READ]
    assert detect_language(head + " ".join(russian * 1000)) == "en"


@pytest.mark.parametrize("noise", ["\x00", "\x07", "\ud800", "\u200b", "\u00ad", "\x1b[31m"])
def test_characters_that_nobody_sees_change_nothing(noise):
    """Control characters and halves of characters do not keep a language from being told."""
    assert detect_language(f"{noise}The mayor said that the{noise} work would cost more than it was planned.") == "en"


@given(st.text(st.characters(codec=None), max_size=ENOUGH_LETTERS * 2))
def test_any_text_has_a_code_or_none(text):
    """Whatever a text holds, the answer is a small-letter code or None."""
    language = detect_language(text)
    assert language is None or (language.isascii() and language.islower() and len(language) in (2, 3))


def test_threads_share_the_network():
    """Threads that ask at the same time are told what one is told."""
    texts = [sentence for language in LANGUAGES for sentence in labelled(language)[1]]
    alone = [detect_language(text) for text in texts]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as threads:
            rounds = [threads.map(detect_language, texts) for _ in range(8)]
            assert all(list(found) == alone for found in rounds)
    finally:
        sys.setswitchinterval(before)


@pytest.mark.parametrize(
    "headline",
    ["Putin warns West over Ukraine", "Tsunami alert in Peru", "Storm closes schools on coast", "Slow two zebra"],
)
def test_a_few_names_are_of_no_language(headline):
    """A headline of names and rare words, which the network alone takes for some language, is of none."""
    assert detect_language(headline) in (None, "en")


def test_a_few_cyrillic_words_are_of_no_language_without_its_letters():
    """Words that Russian and Bulgarian share tell neither."""
    assert detect_language("Встреча в Минске") is None
