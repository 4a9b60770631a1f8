"""An HTML page taken apart, for tests of what it shows."""

from html.parser import HTMLParser

VOID = {"meta", "link", "img", "br", "hr", "input"}
"""Tags that have no end."""


class Page(HTMLParser):
    """Tags, texts and cells of a page; fails on tags that do not close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.cells: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "td":
            self.cells.append("")

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if not {"style", "script"} & set(self._open):
            self.text += data.replace("\u00a0", " ")
        if "td" in self._open:
            self.cells[-1] += data

    def all(self, tag: str) -> list[dict]:
        """Attributes of every tag of a kind."""
        return [attributes for name, attributes in self.tags if name == tag]

    def ids(self) -> list[str]:
        """All that links may lead to."""
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]

    @property
    def words(self) -> str:
        """The text, its white space as a browser shows it."""
        return " ".join(self.text.split())
