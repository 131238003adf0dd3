"""A learner's Markdown as HTML that holds nothing live: headings, paragraphs, lists, tables, code.

Tags in it are shown as text. A link is its words and its address, a picture its description: a
page of feedback fetches nothing and leads nowhere. Formulas stay as they were typed.
"""

from __future__ import annotations

from html import escape

from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

LONGEST = 8_000  # characters; Markdown can be written so that it takes long to read


def rendered(source: str) -> Markup:
    """Return Markdown as HTML; empty where it is better shown as it is.

    Args:
        source: without control characters, as `shown.plain` gives it.
    """
    if len(source) > LONGEST:
        return Markup()
    try:
        return Markup(MarkdownWithMath(renderer=_Quiet(escape=True)).render(source))
    except Exception:  # whatever a stranger's text does to the parser, the page is written
        return Markup()


class _Quiet(IPythonRenderer):
    """Renders as nbconvert does, without links, pictures, ids, styles and forms."""

    def heading(self, text: str, level: int, **_: object) -> str:
        """Return a heading below the cell's own."""
        return f"<h4>{text}</h4>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        """Return a listing without colours."""
        return f"<pre><code>{escape(code)}</code></pre>\n"

    def block_html(self, html: str) -> str:
        """Return HTML on its own as text."""
        return f"<p>{escape(html.strip())}</p>\n"

    def inline_html(self, html: str) -> str:
        """Return a tag as text."""
        return escape(html)

    def link(self, text: str, url: str, title: str | None = None) -> str:
        """Return a link's words and its address."""
        address = escape(url)
        return text if text in (address, address.removeprefix("mailto:")) else f"{text} ({address})"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return a picture's description; pictures pasted into the cell are shown below it."""
        return f"(picture: {text})" if text else "(picture)"

    def table_cell(self, text: str, align: str | None = None, head: bool = False) -> str:
        """Return a cell of a table."""
        return f'<th scope="col">{text}</th>\n' if head else f"<td>{text}</td>\n"

    def task_list_item(self, text: str, checked: bool = False) -> str:
        """Return an item with a box as a sign."""
        return f"<li>{'☑' if checked else '☐'} {text}</li>\n"
