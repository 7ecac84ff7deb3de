"""Writes small logical evidence from the published layout: contents end to end, and their list."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from ewf2_recipe import DONE, Writer
from ewf_recipe import CHUNK, assemble, table, volume

_COLUMNS = """
mid ls be id cr ac wr mo dl sig ha sha ent snh p n du lo po pm oes opr src sub cid jq alt ep aq
cfi sg ea lpt
"""
COLUMNS = _COLUMNS.split()
WHEN = 1_714_557_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One file: what is stored for it, and columns that are to say something else."""

    stored: bytes
    says: Mapping[str, object] = field(default_factory=dict)


Tree = Mapping[str, "Tree | Leaf | bytes"]


class Recipe:
    """Lays contents and rows of a tree out."""

    def __init__(self, tree: Tree) -> None:
        self.data = bytearray()
        self._next = 1
        below = [self._node(name, what) for name, what in tree.items()]
        root = self._lines({"p": 1, "n": "LogicalEntries"}, below)
        entries = "entry\n1\t1\n" + "\t".join(COLUMNS) + "\n" + root + "\n"
        record = f"rec\ntb\tcl\tn\tfp\tpg\tlg\tig\n{len(self.data)}\t\t\t\t\t\t\n\n"
        permissions = "perm\n0\t1\np\tn\ts\tpr\tnta\tnti\n0\t0\n1\t\t\t10\t\t\n\n"
        source = "srce\n0\t1\np\tn\tid\tev\ttb\tlo\tpo\tah\tgu\taq\n0\t0\n1\t\t\t\t\t\t\t\t\t\n\n"
        subject = "sub\n0\t1\np\tn\tid\tnu\tco\tgu\n0\t0\n1\t\t\t\t\t\n\n"
        text = "5\n" + record + permissions + source + subject + entries
        self.text = text.encode("utf-16-le", "surrogatepass")

    def _lines(self, columns: Mapping[str, object], below: list[str]) -> str:
        values = "\t".join(str(columns.get(name, "")) for name in COLUMNS)
        return f"26\t{len(below)}\n{values}\n" + "".join(below)

    def _node(self, name: str, what: Tree | Leaf | bytes) -> str:
        columns: dict[str, object] = {"n": name, "id": self._next, "lo": -1, "po": -1}
        columns |= {"src": 0, "sub": 0, "pm": 0, "cr": WHEN, "wr": WHEN + 1, "ac": WHEN + 2}
        self._next += 1
        if isinstance(what, Mapping):
            below = [self._node(one, part) for one, part in what.items()]
            return self._lines(columns | {"p": 1, "opr": 0x02000000, "be": "1 0 1"}, below)
        leaf = what if isinstance(what, Leaf) else Leaf(stored=what)
        at = len(self.data)
        self.data += leaf.stored or b"\0"
        columns |= {"ls": len(leaf.stored), "be": f"1 {at:x} {len(leaf.stored) or 1:x}", "opr": 8}
        columns["ha"] = hashlib.md5(leaf.stored, usedforsecurity=False).hexdigest()
        columns["sha"] = hashlib.sha1(leaf.stored, usedforsecurity=False).hexdigest()
        return self._lines(columns | dict(leaf.says), [])

    def chunks(self) -> list[bytes]:
        return [bytes(self.data[at : at + CHUNK]) for at in range(0, len(self.data), CHUNK)]


def l01(tree: Tree) -> bytes:
    """Give an .L01 of one segment."""
    recipe = Recipe(tree)
    chunks = recipe.chunks()
    shape = volume(len(chunks), -(-len(recipe.data) // 512), media=0x0E)
    header = zlib.compress(b"1\nmain\nc\tn\ta\te\n1\t2\tdesc\tex\n\n")
    start = 13 + 76 + len(header) + 76 + len(shape) + 76
    places, body = [], b""
    for chunk in chunks:
        places.append((start + len(body)) | 0x8000_0000)
        body += zlib.compress(chunk)
    listed = table(places)
    head = hashlib.md5(recipe.text, usedforsecurity=False).digest()
    head += struct.pack("<Q", len(recipe.text))
    head += struct.pack("<I", zlib.adler32(head + bytes(24))) + bytes(20)
    sections = [("header", header), ("volume", shape), ("sectors", body), ("table", listed)]
    sections += [("table2", listed), ("ltypes", bytes(6)), ("ltree", head + recipe.text)]
    return b"LVF" + assemble([*sections, ("data", shape)])[3:]


def lx01(tree: Tree) -> bytes:
    """Give an .Lx01 of one segment."""
    recipe = Recipe(tree)
    chunks = recipe.chunks()
    writer = Writer()
    writer.values(-(-len(recipe.data) // 512), 64)
    writer.chunks(chunks, ["zlib"] * len(chunks), 0)
    padding = -len(recipe.text) % 16
    writer.section(0x20, recipe.text + bytes(padding), padding)
    writer.section(DONE, b"")
    return b"LEF2" + writer.body[4:]
