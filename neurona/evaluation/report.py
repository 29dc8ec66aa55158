"""The report: one HTML file with everything inside, for any browser, screen reader or printer."""

import base64
import dataclasses
import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neurona.language import Figure, in_language, spelled, user_language
from neurona.saving.atomic import atomic_path

_TEXTS = {
    "en": {"made": "Made with Neurona {version} on {date}.", "contents": "Contents"},
    "es": {"made": "Hecho con Neurona {version} el {date}.", "contents": "Contenido"},
}
# Colours have a contrast of at least 4.5 : 1 in both schemes; pictures stay on white paper.
_STYLE = """
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #ffffff; --soft: #f1f4f7; --line: #c4ccd4;
  --accent: #005a8c; --quiet: #55606b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8eaed; --paper: #14181c; --soft: #20262c; --line: #48525c;
    --accent: #7cc4f0; --quiet: #a9b4be; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; padding-bottom: .25rem;
  border-bottom: 1px solid var(--line); }
a { color: var(--accent); }
nav ul { padding: 0; margin: .8rem 0; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; list-style: none; }
.notice { border-left: .3rem solid #d55e00; background: var(--soft); padding: .6rem 1rem; }
dl.figures { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.2rem 0; padding: 0; }
dl.figures div { background: var(--soft); border: 1px solid var(--line); border-radius: .5rem;
  padding: .6rem 1rem; min-width: 8.5rem; }
dl.figures dt { color: var(--quiet); font-size: .85rem; }
dl.figures dd { margin: 0; font-size: 1.5rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--line); padding: .3rem .75rem; text-align: left; vertical-align: top; }
thead th { background: var(--soft); }
td.number { text-align: right; }
figure { margin: 1rem 0; }
figure img { display: block; max-width: 100%; height: auto; background: #ffffff;
  border: 1px solid var(--line); border-radius: .3rem; }
figcaption, footer { color: var(--quiet); font-size: .9rem; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .3rem; padding: .8rem;
  overflow-x: auto; font-size: .85rem; }
footer { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: .6rem; }
@media print {
  :root { --ink: #000; --paper: #fff; --soft: #fff; --line: #888; --accent: #000; --quiet: #333; }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  nav { display: none; }
  h2 { break-after: avoid; }
  figure, tr, dl.figures div { break-inside: avoid; }
  figure img { max-height: 22cm; }
  pre { white-space: pre-wrap; }
}
"""


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of a report, with its numbers aligned to the right.

    Attributes:
        header: the columns' titles.
        rows: the cells: texts, or numbers, which are shown with three decimals unless they are whole.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture of a report.

    Attributes:
        png: the bytes of a PNG file.
        alternative: what it shows, for people who do not see it.
        caption: a line below it.
    """

    png: bytes
    alternative: str
    caption: str = ""


@dataclasses.dataclass
class Report:
    """The content of a report.

    Attributes:
        title: its heading.
        lead: a sentence below the title.
        figures: the main numbers, as (name, value as text).
        sections: (heading, what is in it): tables, pictures, paragraphs as `str`, and `bytes` for
            preformatted text in UTF-8.
        notice: a warning at the top, such as that training was interrupted.
        version, date: for the last line.
        language: `"en"`, `"es"`, or None for the user's.
    """

    title: str
    lead: str
    figures: Sequence[tuple[str, str]]
    sections: Sequence[tuple[str, Sequence[Table | Picture | str | bytes]]]
    version: str
    date: str
    notice: str = ""
    language: str | None = None


def report_html(report: Report) -> str:
    """A report as one HTML document, without scripts, links to other files or network access.

    Raises:
        ArgumentError: there is no table for the language.

    Example:

        >>> page = report_html(Report("Digits", "A test.", [("Accuracy", "0.98")], [], "1.0", "2025-01-01"))
        >>> page.splitlines()[1]
        '<html lang="en">'
    """
    language = report.language or user_language()
    words = in_language(_TEXTS, language)
    links = "".join(
        f'<li><a href="#s{number}">{_text(heading)}</a></li>'
        for number, (heading, _) in enumerate(report.sections, 1)
    )
    figures = "".join(
        f"<div><dt>{_text(name)}</dt><dd>{_text(spelled(value, language))}</dd></div>"
        for name, value in report.figures
    )
    sections = "\n".join(
        f'<section id="s{number}" aria-labelledby="h{number}">\n<h2 id="h{number}">{_text(heading)}</h2>\n'
        + "\n".join(_block(block, language) for block in blocks)
        + "\n</section>"
        for number, (heading, blocks) in enumerate(report.sections, 1)
    )
    notice = f'<p class="notice" role="note">{_text(report.notice)}</p>\n' if report.notice else ""
    return f"""<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(report.title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
<h1>{_text(report.title)}</h1>
<p>{_text(report.lead)}</p>
{notice}</header>
{f'<nav aria-label="{words["contents"]}"><ul>{links}</ul></nav>' if links else ""}
<main>
{f'<dl class="figures">{figures}</dl>' if figures else ""}
{sections}
</main>
<footer><p>{_text(words["made"].format(version=report.version, date=report.date))}</p></footer>
</body>
</html>
"""


def write_report(report: Report, path: Any) -> None:
    """Write a report into an HTML file. A failed write leaves the older file."""
    with atomic_path(Path(path), True) as temporary:
        Path(temporary).write_text(report_html(report), encoding="utf-8")


def _text(value: Any) -> str:
    return html.escape(str(value))


def _block(block: Table | Picture | str | bytes, language: str) -> str:
    if isinstance(block, Table):
        header = "".join(f'<th scope="col">{_text(name)}</th>' for name in block.header)
        rows = "\n".join(f"<tr>{''.join(_cell(value, language) for value in row)}</tr>" for row in block.rows)
        head, body = f"<thead><tr>{header}</tr></thead>", f"<tbody>\n{rows}\n</tbody>"
        return f'<div class="scroll"><table>\n{head}\n{body}\n</table></div>'
    if isinstance(block, Picture):
        data = base64.b64encode(block.png).decode("ascii")
        caption = f"<figcaption>{_text(block.caption)}</figcaption>" if block.caption else ""
        image = f'<img src="data:image/png;base64,{data}" alt="{_text(block.alternative)}">'
        return f"<figure>{image}{caption}</figure>"
    if isinstance(block, bytes):
        return f"<pre>{_text(block.decode())}</pre>"
    return f"<p>{_text(block)}</p>"


def _cell(value: Any, language: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return f"<td>{_text(spelled(value, language))}</td>"
    number = str(value) if isinstance(value, int) else spelled(Figure(f"{value:.3f}"), language)
    return f'<td class="number">{number}</td>'
