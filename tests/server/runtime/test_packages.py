import io
import stat
import zipfile
from pathlib import Path

import pytest
from tests.server.runtime.conftest import zipped

from clearance.server.runtime import BadPackage, packages


def member(name: str, content: bytes = b"", mode: int = 0o100644) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


LINK = stat.S_IFLNK | 0o777


def test_the_executable_bit_is_kept_and_nothing_is_writable(tmp_path: Path) -> None:
    target = tmp_path / "code"
    packages.unpack((member("bin/run", b"x", 0o100700), member("data", b"y", 0o100600)), target)
    assert stat.S_IMODE((target / "bin/run").stat().st_mode) == 0o555
    assert stat.S_IMODE((target / "data").stat().st_mode) == 0o444
    assert stat.S_IMODE(target.stat().st_mode) == 0o555


def test_a_link_inside_the_package_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "code"
    packages.unpack((member("lib/real", b"x"), member("bin/alias", b"../lib/real", LINK)), target)
    assert (target / "bin/alias").read_bytes() == b"x"


@pytest.mark.parametrize(
    "content",
    [
        b"not a zip",
        b"",
        member("../outside"),
        member("a/../../outside"),
        member("/etc/outside"),
        member("..\\outside"),
        member("device", b"", stat.S_IFCHR | 0o666),
    ],
)
def test_bad_packages_are_refused_early_and_late(content: bytes, tmp_path: Path) -> None:
    sentence = "Could not unzip uploaded file. Please check your file, then try to upload again."
    with pytest.raises(BadPackage) as found:
        packages.check(content)
    assert str(found.value) == sentence
    assert found.value.code == "InvalidParameterValueException"
    with pytest.raises(BadPackage):
        packages.unpack((content,), tmp_path / "inside" / "code")
    assert [path.name for path in tmp_path.iterdir()] in ([], ["inside"])
    assert not any((tmp_path / "inside").iterdir())


@pytest.mark.parametrize("aim", [b"/etc/passwd", b"../../outside", b"x/../../../outside"])
def test_a_link_out_of_the_package_is_refused(aim: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadPackage):
        packages.unpack((member("link", aim, LINK),), tmp_path / "code")


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("folder")
        link.external_attr = LINK << 16
        archive.writestr(link, str(outside))
        archive.writestr("folder/file", "x")
    with pytest.raises(BadPackage):
        packages.unpack((buffer.getvalue(),), tmp_path / "code")
    assert list(outside.iterdir()) == []


def test_a_bomb_is_refused_by_its_sizes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "LIMIT", 1_000_000)
    bomb = zipped({"zeros": bytes(1_000_001)})
    assert len(bomb) < 10_000
    with pytest.raises(BadPackage, match="Unzipped size must be smaller than"):
        packages.check(bomb)
    with pytest.raises(BadPackage, match="Unzipped size must be smaller than"):
        packages.unpack((bomb,), tmp_path / "code")


def test_a_lying_header_is_refused(tmp_path: Path) -> None:
    honest = member("zeros", b"0" * 100_000)
    with zipfile.ZipFile(io.BytesIO(honest)) as archive:
        size = archive.infolist()[0].file_size.to_bytes(4, "little")
    lie = honest.replace(size, (10).to_bytes(4, "little"))
    with pytest.raises(BadPackage):
        packages.unpack((lie,), tmp_path / "code")


def test_an_encrypted_member_is_refused(tmp_path: Path) -> None:
    content = bytearray(member("secret", b"x"))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BadPackage):
        packages.unpack((bytes(content),), tmp_path / "code")


def test_limits_count_layers_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "LIMIT", 1_000)
    one, two = zipped({"a": b"x" * 600}), zipped({"b": b"x" * 600})
    packages.unpack((one,), tmp_path / "alone")
    with pytest.raises(BadPackage):
        packages.unpack((one, two), tmp_path / "together")
