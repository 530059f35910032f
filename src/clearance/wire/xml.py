"""XML from outside, read safely; XML to outside, written plainly.

Documents with a DTD are refused, so no entity can be declared, expanded or fetched.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

__all__ = ["Element", "XmlError", "attribute", "parse", "tag", "text_tag"]

_MAX_DEPTH = 64


class XmlError(ValueError):
    """The text is not an XML document we accept."""


@dataclass(slots=True)
class Element:
    """One element: names without namespace, its text, and its children in order."""

    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The element's own text."""
        return "".join(self.pieces)

    def named(self, name: str) -> list["Element"]:
        """The children with this name."""
        return [child for child in self.children if child.name == name]


def parse(data: bytes) -> Element:
    """The root element of a document.

    Raises:
        XmlError: the document is not well formed, has a DTD, or is nested too deeply.
    """
    top = Element("", {})
    stack = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > _MAX_DEPTH:
            raise XmlError("the document is nested too deeply")
        element = Element(name.rpartition(":")[2], attributes)
        stack[-1].children.append(element)
        stack.append(element)

    def end(_name: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        stack[-1].pieces.append(data)

    def doctype(*_: object) -> None:
        raise XmlError("document type declarations are not accepted")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = doctype
    try:
        parser.Parse(data, True)  # noqa: FBT003 - expat takes no keywords
    except expat.ExpatError as error:
        raise XmlError(f"the document is not well formed: {error}") from error
    except (ValueError, LookupError) as error:  # an unknown encoding, a bad character
        raise error if isinstance(error, XmlError) else XmlError(str(error)) from error
    return top.children[0]


def tag(name: str, content: str, attributes: str = "") -> str:
    """An element around XML that is already written."""
    return f"<{name}{attributes}>{content}</{name}>" if content else f"<{name}{attributes}/>"


def text_tag(name: str, text: str, attributes: str = "") -> str:
    """An element around text, escaped. Characters that XML cannot carry become `?`."""
    if not text.isprintable() or "&" in text or "<" in text or ">" in text:
        text = escape(_legal(text), {"\r": "&#xD;"})
    return tag(name, text, attributes)


@lru_cache(maxsize=1024)
def attribute(name: str, value: str) -> str:
    """One attribute with the space before it, escaped."""
    return f" {name}={quoteattr(_legal(value))}"


def _legal(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c in "\t\n\r" or _allowed(ord(c)) else "?" for c in text)


def _allowed(point: int) -> bool:
    """True for the characters of XML 1.0, section 2.2."""
    return 0x20 <= point <= 0xD7FF or 0xE000 <= point <= 0xFFFD or point >= 0x10000  # noqa: PLR2004
