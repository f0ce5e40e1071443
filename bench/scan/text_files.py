"""Texts that call or read something, some of which a binary format takes for its own.  Nothing is loaded."""

from __future__ import annotations

CALL = b"!!python/object/apply:os.getcwd []"
POLYGLOTS = {
    "ubjson": (b"{i: " + CALL + b", b: ").ljust(61) + b"Z}",
    "mp3": b"ID3: " + CALL,
    "gif": b"GIF89a: " + CALL,
    "riff": b"RIFF: " + CALL,
    "flac": b"fLaC: " + CALL,
    "ogg": b"OggS: " + CALL,
    "feather": b"FEA1: " + CALL + b" #FEA1",
    "ggml": b"lmgg: " + CALL,
    "pickle": b"V: " + CALL + b"\n.",
    "riff and more": b"RIFF\xff\xff\xff\xffWAVE\n---\n" + CALL,
    "catboost": b"CBM1: " + CALL + b" #FlabuffersModel_v1",
}
WORDS = (b"ID3", b"FEA1", b"lmgg", b"fmgg", b"tjgg", b"algg", b"RIFF", b"OggS", b"fLaC")  # magic numbers that are words
_OUTSIDE = b'<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
ENTITIES = {
    "many blanks": b"<!DOCTYPE a [" + _OUTSIDE.replace(b" ", b" " * 9999, 1),
    "behind blanks": b"\n" * 1100 + b"<!DOCTYPE a [" + _OUTSIDE,
    "behind more": b"\n" * (1 << 17) + b"<!DOCTYPE a [" + _OUTSIDE,
    "expansion": b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a>&y;</a>',
    "declared elsewhere": b'<!DOCTYPE a SYSTEM "http://example.org/x.dtd"><a>&x;</a>',
    "public": b'<!DOCTYPE a PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org.example.org/x.dtd"><a>&x;</a>',
    "many blanks before": b"<!DOCTYPE a" + b" " * 9999 + b'SYSTEM "x.dtd"><a>&x;</a>',
}
USUAL = {
    "page": b"html",
    "translations": b"TS [<!ELEMENT a ANY>]",
    "property list": b'plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd"',
    "drawing": b'svg PUBLIC "-//W3C//DTD SVG 1.1//EN"\n  "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"',
}


def source(word):
    return word + b" = __import__('os').getcwd()\n"


def typed(doctype):
    return b'<?xml version="1.0"?>\n<!DOCTYPE ' + doctype + b">\n<a/>"


def adversarial():
    for name, data in POLYGLOTS.items():
        yield f"tag in {name}.yaml", data
    for word in WORDS:
        yield f"source from {word.decode()}.py", source(word)
    for name, data in ENTITIES.items():
        yield f"entity, {name}.xml", data


def benign():
    for name, doctype in USUAL.items():
        yield f"{name}.xml", typed(doctype)
