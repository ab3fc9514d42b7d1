"""An XMP packet is merged with new properties; damaged packets are refused."""

import pytest

from translate.images.metadata.xmp import DUBLIN_CORE, Packet, Property

OWN = Property("https://example.org/", "Made")
PREFIXES = {"https://example.org/": "own"}
TITLE = Property(DUBLIN_CORE, "title")
GPS = Property("http://ns.adobe.com/exif/1.0/", "GPSLatitude")
PACKET = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
  xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/">
 <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
   exif:GPSLatitude="48,8N" exif:PixelXDimension="640" tiff:Orientation="6">
  <dc:title>Lake &amp; boat</dc:title>
  <dc:rights><rdf:Alt><rdf:li xml:lang="x-default">(c) A. Person</rdf:li></rdf:Alt></dc:rights>
 </rdf:Description>
 <rdf:Description rdf:about="" xmlns:own="https://example.org/" own:Made="by hand"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>   \0"""


def test_properties_are_kept_unless_they_are_of_pixels_or_replaced() -> None:
    merged = Packet(PACKET).merge({OWN: 'by "a<b"'}, PREFIXES, keep_all=True)
    assert Packet(merged).texts == {GPS: "48,8N", TITLE: "Lake & boat", OWN: 'by "a<b"'}
    assert b"(c) A. Person" in merged
    assert merged == Packet(PACKET).merge({OWN: 'by "a<b"'}, PREFIXES, keep_all=True)


def test_only_owner_and_licence_are_kept_by_default() -> None:
    merged = Packet(PACKET).merge({OWN: "now"}, PREFIXES, keep_all=False)
    assert Packet(merged).texts == {OWN: "now"}
    assert b"(c) A. Person" in merged and b"48,8N" not in merged and b"Lake" not in merged
    assert Packet(Packet(PACKET).merge({}, {}, keep_all=False)).texts == {}


def test_a_packet_without_kept_or_added_properties_is_empty() -> None:
    merged = Packet().merge({OWN: "now"}, PREFIXES, keep_all=True)
    assert Packet(merged).merge({OWN: "now"}, PREFIXES, keep_all=False) == merged
    assert Packet(merged).merge({}, PREFIXES, keep_all=False) == b""


@pytest.mark.parametrize(
    "damaged",
    [
        b"not XML",
        b"<x/>",
        PACKET[:200],
        PACKET.replace(b"<x:xmpmeta", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x:xmpmeta", 1),
        b"<a>" * 100_000,
        b" " * (5 << 20),
        "<x/>".encode("utf-16-le"),
    ],
    ids=["text", "no-rdf", "cut", "doctype", "deep", "large", "encoding"],
)
def test_a_damaged_packet_is_refused(damaged: bytes) -> None:
    with pytest.raises(ValueError, match="its XMP is damaged"):
        Packet(damaged)
