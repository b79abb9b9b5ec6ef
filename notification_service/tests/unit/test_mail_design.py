"""What is true of the pages of all mails: readable in any light, by any program, by any reader."""

import colorsys
import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from notification.kinds import Choice, Kind, traits
from notification.mail.preview.letters import samples, unsubscribe_url
from notification.mail.preview.worlds import WORLDS
from notification.mail.render import MAX_PREHEADER

# WCAG 2.2, success criterion 1.4.3, for text of any size.
ENOUGH = 4.5
VOID = {"meta", "br"}


@pytest.fixture(scope="module")
def pages(renderer):
    return {
        f"{locale}/{name}": renderer.render(letter, unsubscribe_url(letter))
        for locale in WORLDS
        for name, letter in samples(locale).items()
    }


@pytest.fixture(scope="module")
def light(pages):
    """What each page shows, by its inline styles."""
    return {name: paint(page.html) for name, page in pages.items()}


@dataclass
class Element:
    """An open element, with the colours that its text has and lies on."""

    tag: str
    attributes: dict
    text: str = "#000000"
    ground: str = "#ffffff"
    hidden: bool = False

    @property
    def classes(self):
        return (self.attributes.get("class") or "").split()


@dataclass
class Painter(HTMLParser):
    """Reads a page as a program does that knows inline styles, and the rules of one colour scheme.

    `rules` maps a selector (`.ink`, `.card > table`) to its declarations, which win over inline styles.
    """

    rules: dict
    painted: list = field(default_factory=list)
    open: list = field(default_factory=list)

    def __post_init__(self):
        super().__init__()

    def handle_starttag(self, tag, attributes):
        parent = self.open[-1] if self.open else Element("", {})
        element = Element(tag, dict(attributes), parent.text, parent.ground, parent.hidden)
        style = self.style_of(element, parent)
        element.text = style.get("color", element.text)
        element.ground = style.get("background-color", style.get("background", element.ground))
        element.hidden |= style.get("display") == "none" or tag in {"style", "title"}
        if tag not in VOID:
            self.open.append(element)

    def style_of(self, element, parent):
        style = {"background": element.attributes["bgcolor"]} if "bgcolor" in element.attributes else {}
        style |= declarations(element.attributes.get("style") or "")
        style |= self.rules.get(element.tag, {})
        for name in element.classes:
            style |= self.rules.get(f".{name}", {})
        for name in parent.classes:
            style |= self.rules.get(f".{name} > {element.tag}", {})
        return style

    def handle_startendtag(self, tag, attributes):
        """Nothing is painted by it."""

    def handle_endtag(self, tag):
        while self.open.pop().tag != tag:
            pass

    def handle_data(self, data):
        if data.strip() and self.open and not self.open[-1].hidden:
            self.painted.append((data.strip(), self.open[-1].text, self.open[-1].ground))


def declarations(style):
    pairs = (part.partition(":") for part in style.replace("!important", "").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if value}


def paint(html, rules=None):
    """Each visible text with its colour and that of its ground."""
    painter = Painter(rules or {})
    # What only old Outlooks read has no text.
    painter.feed(re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL))
    return painter.painted


def rules_of(css):
    return {
        selector.strip(): declarations(body)
        for selectors, body in re.findall(r"([^{}]+){([^{}]*)}", css)
        for selector in selectors.split(",")
    }


def dark_rules(html):
    (css,) = re.findall(r"@media \(prefers-color-scheme: dark\) {(.*?)}\s*</style>", html, re.DOTALL)
    return rules_of(css)


def outlook_rules(html, attribute):
    marked = rules_of(html[html.index("[data-ogsc] ") : html.rindex("</style>")])
    return {
        selector.removeprefix(attribute).strip(): body
        for selector, body in marked.items()
        if selector.startswith(attribute)
    }


def rgb(colour):
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))


def contrast(one, other):
    """WCAG 2.2, "contrast ratio"."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    red, green, blue = ((c / 12.92) if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def as_it_is(colour):
    return rgb(colour)


def inverted(colour):
    return tuple(1 - part for part in rgb(colour))


def lightness_inverted(colour):
    hue, lightness, saturation = colorsys.rgb_to_hls(*rgb(colour))
    return colorsys.hls_to_rgb(hue, 1 - lightness, saturation)


def unreadable(painted, seen=as_it_is):
    return [
        (text, colour, ground)
        for text, colour, ground in painted
        if contrast(seen(colour), seen(ground)) < ENOUGH
    ]


def test_the_ratio_is_reckoned_as_the_standard_does():
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)
    assert contrast(rgb("#767676"), rgb("#ffffff")) == pytest.approx(4.54, abs=0.01)


def test_an_unreadable_text_is_found():
    html = '<p style="color:#777777">pale <b class="x" style="background:#eeeeee">on grey</b></p>'
    assert [text for text, *_ in unreadable(paint(html))] == ["pale", "on grey"]
    assert unreadable(paint(html, rules_of(".x { color: #000000 !important; }"))) == [
        ("pale", "#777777", "#ffffff")
    ]


def test_all_can_be_read_in_light(light):
    assert min(map(len, light.values())) > 6
    assert {name: bad for name, painted in light.items() if (bad := unreadable(painted))} == {}


def test_all_can_be_read_in_the_dark(pages):
    for name, page in pages.items():
        painted = paint(page.html, dark_rules(page.html))
        assert unreadable(painted) == [], name
        assert all(luminance(rgb(ground)) < 0.3 for _, _, ground in painted), name


def test_the_dark_reaches_the_edges(pages):
    for page in pages.values():
        ground = dark_rules(page.html)["body"]["background-color"]
        assert re.search(r"<body\s[^>]*background-color:", page.html)
        assert luminance(rgb(ground)) < 0.05


@pytest.mark.parametrize("seen", [inverted, lightness_inverted])
def test_all_can_be_read_where_a_program_turns_light_into_dark_by_itself(light, seen):
    assert {name: bad for name, painted in light.items() if (bad := unreadable(painted, seen))} == {}


@pytest.mark.parametrize("attribute", ["[data-ogsc]", "[data-ogsb]"])
def test_outlook_gets_the_same_dark(pages, attribute):
    for page in pages.values():
        assert outlook_rules(page.html, attribute) == dark_rules(page.html) != {}


def test_both_schemes_are_declared(pages):
    for page in pages.values():
        for name in ("color-scheme", "supported-color-schemes"):
            assert f'<meta name="{name}" content="light dark" />' in page.html
        assert ":root { color-scheme: light dark;" in page.html


def test_the_language_is_declared_where_programs_keep_it(pages):
    for page in pages.values():
        for tag in ("html", "div"):
            assert re.search(rf'<{tag}\b[^>]* lang="{page.locale}"', page.html)


def test_tables_are_either_layout_or_have_headers(pages):
    for page in pages.values():
        for table in re.findall(r"<table.*?(?=<table|</table>)", page.html, re.DOTALL):
            assert ('role="presentation"' in table.partition(">")[0]) != ('scope="row"' in table)


def test_headings_go_down_one_by_one_from_a_single_first(pages):
    for page in pages.values():
        levels = [int(level) for level in re.findall(r"<h([1-6])\b", page.html)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_there_are_no_pictures_that_need_a_text(pages):
    assert [name for name, page in pages.items() if "<img" in page.html] == []


def test_links_are_told_apart_by_more_than_their_colour_and_say_where_they_lead(pages):
    for page in pages.values():
        for attributes, label in re.findall(r"<a ([^>]*)>(.*?)</a>", page.html):
            assert "background:" in attributes or "text-decoration:none" not in attributes
            assert len(label.split()) > 1


def test_changes_are_told_by_more_than_their_colour(pages):
    changes = {name: page.text.count("→") for name, page in pages.items()}
    assert sum(changes.values()) > 8
    assert {name: page.html.count("</del>") for name, page in pages.items()} == changes


def test_nothing_is_fetched_when_it_is_opened(pages):
    fetching = re.compile(r"\bsrc=|@import|url\(|<link|<script|<iframe|background=")
    assert [name for name, page in pages.items() if fetching.search(page.html)] == []


def test_lists_of_mails_show_more_than_the_subject(pages):
    for name, page in pages.items():
        shown = preheader(page.html)
        assert 10 < len(shown) <= MAX_PREHEADER, name
        assert shown not in page.subject, name


def preheader(html):
    hidden = re.search(r'<div\sstyle="display:none;[^"]*">(.*?)</div>', html, re.DOTALL)[1]
    return unescape(hidden).rstrip("\u2007\ufeff\u034f \n").lstrip()


def test_the_text_says_all_that_the_page_says(pages, light):
    """But for its frame: the product's mark and name, the sort of thing, and where a link leads."""
    for name, page in pages.items():
        text = plain(page.text)
        for said, *_ in light[name][3:]:
            host = re.match(r"(Leads to|Ведёт на) ", said)
            assert host or plain(said).removesuffix(":").partition(" (")[0] in text, name


def test_the_page_says_all_that_the_text_says(pages, light):
    for name, page in pages.items():
        said = plain(" ".join(text for text, *_ in light[name]))
        for line in page.text.splitlines():
            words = re.sub(r"https?://\S+|^> |^-- $|^\* |→|: ", "|", line)
            assert all(part.strip(" :") in said for part in words.split("|")), (name, line)


def test_both_lead_to_the_same_places(pages):
    for page in pages.values():
        links = [unescape(link) for link in re.findall(r'href="([^"]*)"', page.html)]
        assert links == re.findall(r"https?://\S+", page.text)


def plain(text):
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("kind", Kind)
def test_what_can_be_switched_off_says_where(renderer, kind):
    letter, url = samples("en")[kind], "https://mail.example/unsubscribe/1?a=1&b=2"
    page = renderer.render(letter, url)
    assert page.text.endswith(f"\n\nUnsubscribe from mails like this:\n{url}\n")
    assert 'href="https://mail.example/unsubscribe/1?a=1&amp;b=2"' in page.html
    assert "nsubscribe" not in renderer.render(letter).html


def test_samples_of_what_nobody_can_switch_off_say_no_way_to():
    fixed = [letter for letter in samples("en").values() if traits(letter.kind).choice is Choice.ALWAYS]
    assert {letter.kind for letter in fixed if unsubscribe_url(letter) is None} == {
        Kind.EMAIL_CHANGED,
        Kind.ACCESS_CHANGED,
    }
