"""Virtual disks that build on others, lie in several files, or were left in mid-work."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pymodi
import pytest
import pyvhdi
from ewf_law import whole
from vhd_recipe import left_in_the_log, vhd_child, vhdx_child
from virtual_disks import FORMS, medium, stored, unpacked

from triage.errors import EvidenceError, EvidenceGone
from triage.ingest.container import open_container
from triage.ingest.containers.crc32c import crc32c
from triage.ingest.containers.vmdk_text import described
from triage.ingest.evidence import open_evidence
from triage.model.evidence import ContainerKind, DamageKind

needs_qemu = pytest.mark.skipif(
    shutil.which("qemu-img") is None or shutil.which("qemu-io") is None,
    reason="qemu-img and qemu-io are not installed",
)
CHANGES = {3: b"\x55" * 512, 8: b"\x66" * 512, 9: b"\x77" * 512, 301: b"\x88" * 512}


def run(*words: str | Path) -> None:
    subprocess.run(words, check=True, capture_output=True)


def seen_by_qemu(path: Path) -> bytes:
    run("qemu-img", "convert", "-O", "raw", path, path.with_suffix(".seen"))
    return path.with_suffix(".seen").read_bytes()


def changed_medium() -> bytes:
    data = bytearray(medium())
    for sector, body in CHANGES.items():
        data[sector * 512 : (sector + 1) * 512] = body
    return bytes(data)


@needs_qemu
@pytest.mark.parametrize(
    ("name", "form", "options"),
    [
        ("second.qcow2", "qcow2", ()),
        ("second.qcow2", "qcow2", ("-o", "extended_l2=on,cluster_size=16k")),
        ("zstd.qcow2", "qcow2", ("-o", "cluster_size=512")),
        ("sparse.vmdk", "qcow2", ()),
        ("dynamic.vhdx", "qcow2", ()),
        ("first.qcow", "qcow", ()),
        ("sparse.vmdk", "vmdk", ()),
    ],
)
def test_a_disk_on_a_disk_on_a_disk(
    tmp_path: Path, name: str, form: str, options: tuple[str, ...]
) -> None:
    above = unpacked(name, tmp_path)
    base = {"qcow2": "qcow2", "qcow": "qcow", "vmdk": "vmdk", "vhdx": "vhdx"}[name.split(".")[1]]
    for nth, at in ((1, 4_096), (2, 70_000 // 512 * 512)):
        path = tmp_path / f"child{nth}.{form}"
        backing = ("-b", above.name, "-F", base)
        run("qemu-img", "create", "-f", form, *options, *backing, path)
        zero = ("-c", "write -z 131072 16384") if form == "qcow2" else ()
        run("qemu-io", "-f", form, "-c", f"write -P {0x40 + nth} {at} 9216", *zero, path)
        above, base = path, form
    container = open_container(above)
    seen = seen_by_qemu(above)
    assert whole(container) == seen != medium()
    assert container.info.segments[0] == above.name
    assert set(container.info.segments) == {above.name, f"child1.{form}", name}
    assert container.damage() == ()
    known = container.handover()
    assert known is not None
    assert len(known.stamps) == 3
    (tmp_path / name).write_bytes(b"other")
    assert not known.fits(above)


@needs_qemu
def test_a_raw_disk_beneath_and_a_parent_described_in_json(tmp_path: Path) -> None:
    (tmp_path / "base.img").write_bytes(medium())
    path = tmp_path / "child.qcow2"
    told = 'json:{"driver":"raw","file":{"driver":"file","filename":"/far/away/base.img"}}'
    beneath = ("-u", "-b", told, "-F", "raw")
    run("qemu-img", "create", "-f", "qcow2", *beneath, path, str(len(medium())))
    assert whole(open_container(path)) == medium()


@needs_qemu
@pytest.mark.parametrize("form", ["qcow2", "vmdk"])
def test_a_missing_parent_is_named(tmp_path: Path, form: str) -> None:
    base = tmp_path / f"base.{form}"
    run("qemu-img", "create", "-f", form, base, "1M")
    run("qemu-img", "create", "-f", form, "-b", base.name, "-F", form, tmp_path / f"c.{form}")
    base.unlink()
    with pytest.raises(EvidenceError, match=rf"c\.{form}: .*its parent base\.{form}, which is m"):
        open_container(tmp_path / f"c.{form}")


@needs_qemu
def test_parents_in_a_circle_are_told(tmp_path: Path) -> None:
    for own, other in (("a", "b"), ("b", "a")):
        words = ("-u", "-f", "qcow2", "-b", f"{other}.qcow2", "-F", "qcow2")
        run("qemu-img", "create", *words, tmp_path / f"{own}.qcow2", "1M")
    with pytest.raises(EvidenceError, match="lead back to itself"):
        open_container(tmp_path / "a.qcow2")


@needs_qemu
def test_states_kept_beside_the_disk_are_told(tmp_path: Path) -> None:
    path = unpacked("second.qcow2", tmp_path)
    run("qemu-img", "snapshot", "-c", "before", path)
    evidence = open_evidence(path)
    assert dict(evidence.info.header)["snapshots"] == "1"
    words = [problem.detail for problem in evidence.survey().problems]
    assert any("1 earlier state" in one for one in words)


@needs_qemu
def test_a_parent_that_was_written_to_since_is_refused(tmp_path: Path) -> None:
    base = unpacked("sparse.vmdk", tmp_path)
    child = tmp_path / "child.vmdk"
    run("qemu-img", "create", "-f", "vmdk", "-b", base.name, "-F", "vmdk", child)
    run("qemu-io", "-f", "vmdk", "-c", "write -P 1 0 512", base)
    with pytest.raises(EvidenceError, match=r"sparse\.vmdk beside it is not the parent"):
        open_container(child)


@pytest.mark.parametrize(
    ("parent", "make"), [("fixed.vhd", vhd_child), ("dynamic.vhdx", vhdx_child)]
)
def test_differences_of_microsoft_read_as_libvhdi_reads_them(
    tmp_path: Path, parent: str, make: Callable[[Path, Path, dict[int, bytes]], Path]
) -> None:
    base = unpacked(parent, tmp_path)
    path = make(tmp_path / f"child{base.suffix}", base, CHANGES)
    container = open_container(path)
    assert whole(container) == changed_medium()
    assert container.info.segments == (path.name, base.name)
    below, above = pyvhdi.file(), pyvhdi.file()
    below.open(str(base))
    above.open(str(path))
    above.set_parent(below)
    assert above.read_buffer_at_offset(len(medium()), 0) == changed_medium()
    base.unlink()
    with pytest.raises(EvidenceError, match=rf"its parent {base.name}, which is missing"):
        open_container(path)


def test_a_vhd_of_the_parents_name_that_is_another_disk_is_refused(tmp_path: Path) -> None:
    base = unpacked("fixed.vhd", tmp_path)
    path = vhd_child(tmp_path / "child.vhd", base, CHANGES)
    unpacked("dynamic.vhd", tmp_path).replace(base)
    with pytest.raises(EvidenceError, match=r"fixed\.vhd beside it is not the parent"):
        open_container(path)


def test_a_vhd_opens_by_the_copy_of_its_footer(tmp_path: Path) -> None:
    path = unpacked("dynamic.vhd", tmp_path)
    path.write_bytes(path.read_bytes()[:-512])
    assert whole(open_container(path)) == medium()


@needs_qemu
def test_what_a_vhdx_left_in_its_log_is_taken_from_there(tmp_path: Path) -> None:
    path = tmp_path / "cut.vhdx"
    path.write_bytes(left_in_the_log(stored("dynamic.vhdx")))
    container = open_container(path)
    assert whole(container) == medium()
    assert "log" in dict(container.info.header)
    run("qemu-img", "check", "-r", "all", path)
    assert seen_by_qemu(path) == medium(), "the log is as QEMU understands it"


def test_a_damaged_log_is_no_reason_to_read_old_tables(tmp_path: Path) -> None:
    body = bytearray(left_in_the_log(stored("dynamic.vhdx")))
    body[struct.unpack_from("<Q", body, 65_536 + 72)[0] + 5_000] ^= 1
    (tmp_path / "cut.vhdx").write_bytes(body)
    with pytest.raises(EvidenceError, match=r"cut\.vhdx: was not closed, and its log"):
        open_container(tmp_path / "cut.vhdx")


def test_the_checksum_of_vhdx_is_the_published_one() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA, "RFC 3720, B.4"


@pytest.mark.parametrize("name", ["parted", "flat"])
def test_a_vmdk_opens_by_its_descriptor_and_tells_of_missing_extents(
    tmp_path: Path, name: str
) -> None:
    unpacked(f"{name}.vmdk", tmp_path)
    extent = FORMS[f"{name}.vmdk"]["files"][1]
    (tmp_path / extent).unlink()
    with pytest.raises(EvidenceError, match=rf"{name}\.vmdk: {extent} is missing"):
        open_container(tmp_path / f"{name}.vmdk")


def test_a_part_of_a_vmdk_leads_to_the_descriptor(tmp_path: Path) -> None:
    unpacked("parted.vmdk", tmp_path)
    container = open_container(tmp_path / "parted-s001.vmdk")
    assert container.info.name == "parted.vmdk"
    assert whole(container) == medium()
    (tmp_path / "parted.vmdk").unlink()
    with pytest.raises(EvidenceError, match="the descriptor of the disk is missing"):
        open_container(tmp_path / "parted-s001.vmdk")


def test_extents_stand_one_behind_the_other(tmp_path: Path) -> None:
    good = medium()
    first, second = 100 * 512, 200 * 512
    (tmp_path / "d-f001.vmdk").write_bytes(b"x" * 1_024 + good[:first])
    (tmp_path / "D-F002.vmdk").write_bytes(good[second : second + 20 * 512])
    lines = (
        '# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\ncreateType="custom"\n'
        'RW 100 FLAT "d-f001.vmdk" 2\nRW 100 ZERO\nRW 20 FLAT "d-f002.vmdk" 0\n'
        'RW 30 FLAT "../../d-f003.vmdk" 0\n'
    )
    path = tmp_path / "d.vmdk"
    path.write_text(lines, "ascii")
    container = open_container(path)
    wanted = good[:first] + bytes(100 * 512) + good[second : second + 20 * 512] + bytes(30 * 512)
    assert whole(container) == wanted
    (hurt,) = container.damage()
    assert (hurt.offset_bytes, hurt.length_bytes) == (220 * 512, 30 * 512)
    assert hurt.kind is DamageKind.MISSING_SEGMENT
    assert "d-f003.vmdk is missing" in hurt.detail
    path.write_text(lines.replace("FLAT", "VMFSRDM"), "ascii")
    with pytest.raises(EvidenceError, match="VMFSRDM, which is not supported"):
        open_container(path)


def test_the_copy_of_the_grain_tables_serves_where_the_first_is_gone(tmp_path: Path) -> None:
    body = bytearray(stored("sparse.vmdk"))
    second, first = struct.unpack_from("<QQ", body, 48)
    assert 0 < second < first
    body[first * 512 : first * 512 + 4] = (0xFFFFFFF0).to_bytes(4, "little")
    (tmp_path / "d.vmdk").write_bytes(body)
    assert whole(open_container(tmp_path / "d.vmdk")) == medium()


def test_a_descriptor_is_read_as_it_is_written() -> None:
    told = described(
        b'# Disk DescriptorFile\r\nCID=1A2b\r\nparentCID=fffffffe\r\nparentFileNameHint="a b.vmdk"'
        b'\r\ncreateType="twoGbMaxExtentSparse"\r\nRW 12 SPARSE "x y.vmdk"\r\n'
        b"RDONLY 3 ZERO\r\n\0RW 9"
    )
    assert (told.content, told.parent_content, told.parent_name) == ("1a2b", "fffffffe", "a b.vmdk")
    assert [(one.sectors, one.kind, one.name) for one in told.extents] == [
        (12, "SPARSE", "x y.vmdk"),
        (3, "ZERO", ""),
    ]
    assert told.has_parent


@pytest.mark.parametrize("name", [name for name in FORMS if name.endswith(".dmg")])
def test_libmodi_reads_the_packed_images_alike(tmp_path: Path, name: str) -> None:
    handle = pymodi.handle()
    with unpacked(name, tmp_path).open("rb") as file:
        handle.open_file_object(file)
        assert handle.read_buffer_at_offset(len(medium()), 0) == medium()


@pytest.mark.parametrize("name", ["zlib", "bzip2", "adc", "lzfse"])
def test_a_damaged_block_of_a_dmg_costs_itself(tmp_path: Path, name: str) -> None:
    body = bytearray(stored(f"{name}.dmg"))
    body[:30] = b"\xff" * 30
    (tmp_path / "d.dmg").write_bytes(body)
    container = open_container(tmp_path / "d.dmg")
    data = whole(container)
    assert data[65_536:] == medium()[65_536:]
    assert data[:65_536] != medium()[:65_536]
    if name != "adc":  # which has nothing by which wrong bytes could be told
        assert container.damage()[0].kind is DamageKind.CHUNK_UNREADABLE


@pytest.mark.parametrize(
    ("head", "tail", "words"),
    [(b"encrcdsa", b"", "encrypted"), (b"", b"cdsaencr", "encrypted"), (b"sprs", b"", "sparse")],
)
def test_images_of_apple_that_are_not_read_are_named(
    tmp_path: Path, head: bytes, tail: bytes, words: str
) -> None:
    path = tmp_path / "d.dmg"
    path.write_bytes(head + bytes(4_096) + tail)
    with pytest.raises(EvidenceError, match=words) as caught:
        open_container(path)
    assert "hdiutil" in caught.value.hint


def test_a_qcow_that_qemu_encrypted_is_refused(tmp_path: Path) -> None:
    body = bytearray(stored("second.qcow2"))
    body[35] = 2
    (tmp_path / "d.qcow2").write_bytes(body)
    with pytest.raises(EvidenceError, match="encrypted by QEMU"):
        open_container(tmp_path / "d.qcow2")


def test_a_table_that_is_gone_is_named_and_nothing_else_is(tmp_path: Path) -> None:
    path = unpacked("small.qcow2", tmp_path)
    body = bytearray(path.read_bytes())
    first = struct.unpack_from(">Q", body, 40)[0]
    span = 512 // 8 * 512
    body[first + 8 : first + 16] = (1 << 63 | 1 << 40).to_bytes(8, "big")
    path.write_bytes(body)
    container = open_container(path)
    data = whole(container)
    assert data[:span] == medium()[:span]
    assert data[2 * span :] == medium()[2 * span :]
    (hurt,) = container.damage()
    assert (hurt.offset_bytes, hurt.length_bytes) == (span, span)


def test_a_file_that_is_swapped_in_mid_run_is_no_longer_the_evidence(tmp_path: Path) -> None:
    path = unpacked("second.qcow2", tmp_path)
    container = open_container(path)
    path.write_bytes(b"QFI\xfb")
    with pytest.raises(EvidenceGone):
        container.read_at(0, 200_000)
    assert "second.qcow2" in container.gone()


def test_kinds_are_told_by_content_not_by_name(tmp_path: Path) -> None:
    for name, form in FORMS.items():
        if len(form["files"]) == 1:
            path = tmp_path / f"{name}.bin"
            path.write_bytes(stored(name))
            assert open_container(path).info.kind is ContainerKind(form["kind"])


def test_the_disks_of_old_esx(tmp_path: Path) -> None:
    """Head of 2 KiB, a directory of tables of 4,096 grains, grains of 16 sectors."""
    good, grain = medium(), 16 * 512
    grains = -(-len(good) // grain)
    head = b"COWD" + struct.pack("<IIIIII", 1, 3, len(good) // 512, 16, 4, 1)
    places = [0 if not any(part) else 1 for part in _parts(good, grain)]
    at, table = 4 + 1 + 32, b""
    body = b""
    for part, used in zip(_parts(good, grain), places, strict=True):
        table += struct.pack("<I", at + len(body) // 512 if used else 0)
        body += part.ljust(grain, b"\0") if used else b""
    whole_table = table.ljust(4_096 * 4, b"\0")
    directory = struct.pack("<I", 5).ljust(512, b"\0")
    path = tmp_path / "old.vmdk"
    path.write_bytes(head.ljust(2_048, b"\0") + directory + whole_table + body)
    assert len(places) == grains
    assert whole(open_container(path)) == good


def _parts(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def test_a_vdi_of_differences_finds_its_parent_by_the_identifier(tmp_path: Path) -> None:
    base = bytearray(stored("dynamic.vdi"))
    own = base[392:408]
    child = bytearray(base[:1_048_576])
    struct.pack_into("<I", child, 76, 4)
    child[392:408] = bytes(range(16))
    child[424:440] = own
    table, count = struct.unpack_from("<I", child, 340)[0], struct.unpack_from("<I", child, 384)[0]
    child[table : table + 4 * count] = b"\xff" * (4 * count)
    (tmp_path / "child.vdi").write_bytes(child)
    with pytest.raises(EvidenceError, match=r"child\.vdi: .*which is missing"):
        open_container(tmp_path / "child.vdi")
    (tmp_path / "named as it likes.VDI").write_bytes(base)
    container = open_container(tmp_path / "child.vdi")
    assert whole(container) == medium()
    assert len(container.info.segments) == 2
