"""XMP packets of image files: which properties an output keeps of its input, and which it adds."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from xml.dom.minidom import Document, Element

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMLNS = "http://www.w3.org/2000/xmlns/"
RIGHTS = "http://ns.adobe.com/xap/1.0/rights/"
PLUS = "http://ns.useplus.org/ldf/xmp/1.0/"
CREATIVE_COMMONS = "http://creativecommons.org/ns#"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
PHOTOSHOP = "http://ns.adobe.com/photoshop/1.0/"
RIGHTS_NAMESPACES = (RIGHTS, PLUS, CREATIVE_COMMONS)
"""namespaces on the owner and the licence of an image"""
RIGHTS_PROPERTIES = {(DUBLIN_CORE, "rights"), (DUBLIN_CORE, "creator"), (PHOTOSHOP, "Credit")}
"""properties of other namespaces on the owner of an image"""
PIXEL_NAMESPACES = {
    "http://ns.adobe.com/tiff/1.0/",
    "http://ns.adobe.com/hdr-gain-map/1.0/",
    "http://ns.adobe.com/xmp/note/",
    "http://ns.google.com/photos/1.0/camera/",
    "http://ns.google.com/photos/1.0/container/",
}
"""namespaces that hold for the input only, such as orientation, gain map and video"""
SIZE_PROPERTIES = {"PixelXDimension", "PixelYDimension", "Thumbnails"}
"""properties of any namespace that hold for the input only"""
MAX_BYTES = 4 << 20
"""largest size of an input's packet"""
START = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
END = '\n<?xpacket end="w"?>'


class Property(NamedTuple):
    """The full name of a property."""

    namespace: str
    name: str


class Packet:
    """The properties in a packet.

    Args:
        data: The bytes of the packet; empty: no properties.

    Raises:
        ValueError: The packet is damaged.
    """

    def __init__(self, data: bytes = b"") -> None:
        self._document = _parse(data) if data else None
        self._entries = list(_entries(_rdf(self._document))) if self._document else []

    @property
    def texts(self) -> dict[Property, str]:
        """The properties that are plain text."""
        return {entry.name: entry.text for entry in self._entries if entry.text is not None}

    def merge(
        self, new_properties: Mapping[Property, str], prefixes: Mapping[str, str], *, keep_all: bool
    ) -> bytes:
        """Return the packet of an output: properties of this packet, which is changed, and others.

        Args:
            new_properties: Properties and their texts, which replace those of the same name.
            prefixes: The prefix of each namespace in `new_properties`.
            keep_all: Whether all properties are kept that hold for a translation, also place,
                camera and persons; else only those on the owner and the licence.

        Returns:
            Equal bytes for equal arguments; empty if there are no properties.
        """
        has_kept = False
        for entry in self._entries:
            if entry.name not in new_properties and _is_kept(entry.name, keep_all=keep_all):
                has_kept = True
            else:
                entry.remove()
        description = _description(new_properties, prefixes)
        if self._document is None or not has_kept:
            rdf = f'<rdf:RDF xmlns:rdf="{RDF}">{description}</rdf:RDF>'
            text = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{rdf}</x:xmpmeta>'
            return f"{START}{text}{END}".encode() if new_properties else b""
        _rdf(self._document).appendChild(self._document.createElement("added"))
        before, _, after = _text_of(self._document).rpartition("<added/>")
        return f"{START}{before}{description}{after}{END}".encode()


class _Entry(NamedTuple):
    """A property of a packet."""

    name: Property
    text: str | None
    """None if the property has child elements"""
    remove: Callable[[], object]
    """removes the property from its document"""


def _description(new_properties: Mapping[Property, str], prefixes: Mapping[str, str]) -> str:
    """Return an element with the properties as attributes, or "" if there are none."""
    if not new_properties:
        return ""
    namespaces = dict.fromkeys(each.namespace for each in new_properties)
    declarations = [f"xmlns:{prefixes[name]}={quoteattr(name)}" for name in namespaces]
    values = [f"{prefixes[p.namespace]}:{p.name}={quoteattr(v)}" for p, v in new_properties.items()]
    attributes = "\n ".join(["", f'xmlns:rdf="{RDF}" rdf:about=""', *declarations, *values])
    return f"<rdf:Description{attributes}/>"


def _is_kept(name: Property, *, keep_all: bool) -> bool:
    if name.namespace in PIXEL_NAMESPACES or name.name in SIZE_PROPERTIES:
        return False
    return keep_all or name in RIGHTS_PROPERTIES or name.namespace in RIGHTS_NAMESPACES


def _parse(data: bytes) -> "Document":
    """Return a packet as a document with ``rdf:RDF``; raises `ValueError`."""
    from xml.dom.minidom import parseString  # here, as few inputs have a packet
    from xml.parsers.expat import ExpatError

    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
        document = parseString(data.strip(b"\0 \r\n\t"))
        _text_of(document)  # raises RecursionError for elements that are nested too deep
        if document.doctype is not None or not document.getElementsByTagNameNS(RDF, "RDF"):
            raise ValueError("expected rdf:RDF, and no DOCTYPE")
    except (ExpatError, RecursionError, LookupError, ValueError) as error:
        raise ValueError(f"its XMP is damaged: {error}") from error
    return document


def _text_of(document: "Document") -> str:
    root = document.documentElement
    return root.toxml() if root else ""


def _rdf(document: "Document") -> "Element":
    return document.getElementsByTagNameNS(RDF, "RDF")[0]


def _entries(rdf: "Element") -> Iterator[_Entry]:
    """Yield the properties, which are attributes or elements of the descriptions."""
    for description in _elements(rdf):
        for attribute in list(description.attributes.values()):
            if attribute.namespaceURI not in (RDF, XMLNS, None):
                name = Property(attribute.namespaceURI, attribute.localName)
                remove = partial(description.removeAttributeNode, attribute)
                yield _Entry(name, attribute.value, remove)
        for element in _elements(description):
            name = Property(element.namespaceURI or "", element.localName)
            yield _Entry(name, _plain_text(element), partial(description.removeChild, element))


def _elements(node: "Element") -> "list[Element]":
    return [child for child in node.childNodes if child.nodeType == child.ELEMENT_NODE]


def _plain_text(element: "Element") -> str | None:
    """Return the text of an element; None if it has child elements."""
    texts = [getattr(child, "data", None) for child in element.childNodes]
    return None if None in texts else "".join(map(str, texts))
