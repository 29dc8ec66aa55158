"""The HTML report: well-formed, alone, safe, readable."""

import dataclasses
import re
from html.parser import HTMLParser

import pytest

from neurona.core.errors import ArgumentError
from neurona.evaluation import Picture, Report, Table, report_html, write_report
from neurona.evaluation.report import _STYLE, _TEXTS
from neurona.language import Figure

VOID = {"meta", "img", "br"}
PNG = b"\x89PNG\r\n\x1a\n"


class Checker(HTMLParser):
    """Fails on tags that are not closed in order, ids that are not unique, scripts, and anything outside the
    file.
    """

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.links, self.pictures, self.tags = [], [], [], [], []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        assert tag not in ("script", "link", "iframe", "object")
        assert not any(name.startswith("on") for name in attributes)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if "href" in attributes:
            self.links.append(attributes["href"])
        if tag == "img":
            self.pictures.append(attributes)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def check(page):
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert not checker.open
    assert len(set(checker.ids)) == len(checker.ids)
    assert all(link.startswith("#") and link[1:] in checker.ids for link in checker.links)
    assert all(
        picture["alt"] and picture["src"].startswith("data:image/png;base64,") for picture in checker.pictures
    )
    assert "http" not in page
    return checker


def report(**options):
    sections = [
        ("Curves & more", [Picture(PNG, 'a "curve"', "falls"), "A paragraph <b>."]),
        (
            "Classes",
            [Table(["class", "share", "count"], [["<dog>", 0.98765, 4], ["cat", 1.0, 5]]), b"a < b\n"],
        ),
    ]
    return Report(
        "Title <1>", "Lead & so on", [("Accuracy", "0.99")], sections, "1.0", "2025-01-01", **options
    )


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_report_is_well_formed_and_alone(language):
    page = report_html(report(language=language, notice="interrupted"))
    assert page.startswith("<!DOCTYPE html>\n<html lang=")
    assert f'<html lang="{language}">' in page
    checker = check(page)
    assert {"main", "header", "footer", "nav", "title", "h1"} <= set(checker.tags)
    assert ("Hecho con" if language == "es" else "Made with") in page


def test_what_is_written_is_text_never_markup():
    page = report_html(report())
    assert "<dog>" not in page
    assert "&lt;dog&gt;" in page
    assert "a &lt; b" in page
    assert '<td class="number">0.988</td><td class="number">4</td>' in page
    assert 'alt="a &quot;curve&quot;"' in page


def test_an_empty_report_is_well_formed():
    check(report_html(Report("t", "l", [], [], "1", "today")))


def test_languages():
    assert _TEXTS["en"].keys() == _TEXTS["es"].keys()
    with pytest.raises(ArgumentError, match="language"):
        report_html(report(language="fr"))


def test_writing_replaces_the_older_file(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    write_report(report(), path)
    assert path.read_text(encoding="utf-8") == report_html(report())
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]


def luminance(color):
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_both_schemes_have_the_contrast_that_wcag_asks_for():
    schemes = [
        dict(re.findall(r"--(\w+): (#\w{6})", block))
        for block in re.findall(r":root \{([^}]*)\}", _STYLE)[:2]
    ]
    assert len(schemes) == 2
    for colors in schemes:
        for ink in ("ink", "accent", "quiet"):
            for paper in ("paper", "soft"):
                dark, bright = sorted((luminance(colors[ink]), luminance(colors[paper])))
                assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)


def test_numbers_are_spelled_as_the_language_spells_them():
    table = Table(["name", "value"], [("v1.5", 0.1234), ("n", Figure("1,234.5"))])
    report = Report("t", "l", [("r", Figure("83.1%"))], [("s", [table, "version 1.0"])], "1.0", "2026-01-01")
    pages = {one: report_html(dataclasses.replace(report, language=one)) for one in ("en", "es")}
    for said in ("<dd>83,1%</dd>", ">0,123<", ">1.234,5<", "v1.5", "version 1.0"):
        assert said in pages["es"]
    for said in ("<dd>83.1%</dd>", ">0.123<", ">1,234.5<", "v1.5"):
        assert said in pages["en"]
