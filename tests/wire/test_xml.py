"""XML from outside is read safely."""

import pytest

from clearance.wire import xml

BOMB = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]><lolz>&lol2;</lolz>"""
EXTERNAL = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'


@pytest.mark.parametrize(
    "document",
    [
        BOMB,
        EXTERNAL,
        b"<!DOCTYPE a><a/>",
        b"<a>&undefined;</a>",
        b"<a>",
        b"",
        b"plain",
        b"<a/><b/>",
        b"<a>" * 100 + b"</a>" * 100,
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b"<a>\xff</a>",
    ],
)
def test_what_is_not_plain_xml_is_refused(document: bytes) -> None:
    with pytest.raises(xml.XmlError):
        xml.parse(document)


def test_elements_are_read_without_namespaces() -> None:
    root = xml.parse(
        b'<x:A xmlns:x="http://x" x:type="t"><x:B>one &lt;</x:B><B><![CDATA[<two>]]></B></x:A>'
    )
    assert root.name == "A"
    assert root.attributes["x:type"] == "t"
    assert [child.text for child in root.named("B")] == ["one <", "<two>"]
