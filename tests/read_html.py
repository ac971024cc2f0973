"""What a browser sees of a page or of a fragment: pages are read by it, and nothing on them is taken on trust."""

from html.parser import HTMLParser

VOID = {"meta", "img", "input", "br", "wbr"}


class Reader(HTMLParser):
    """What a browser would see: elements with their attributes, the text of each, and those that are not closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.words = [], [], {}
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append((tag, len(self.elements) - 1))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open[-1][0] == tag, f"</{tag}> closes <{self.open[-1][0]}>"
        self.open.pop()

    def handle_data(self, data):
        self.text += data
        for _, number in self.open:
            self.words[number] = self.words.get(number, "") + data

    def all(self, tag, **attributes):
        """Attributes and text of the elements that have this tag and these attributes."""
        for number, (name, found) in enumerate(self.elements):
            if name == tag and attributes.items() <= found.items():
                yield found, " ".join(self.words.get(number, "").split())
