"""The downloader against a real server on this machine that cuts, corrupts, refuses and resumes."""

import hashlib
import io
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from neurona.core.errors import ArgumentError, DataError, DownloadError
from neurona.datasets.download import PublicFile, download, fetch, get_file

CONTENT = np.random.default_rng(0).bytes(700_000)
SHA256 = "sha256:" + hashlib.sha256(CONTENT).hexdigest()
MD5 = "md5:" + hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def target(empty_machine) -> Path:
    return empty_machine[1] / "datasets" / "file.bin"


@pytest.mark.parametrize("digest", [SHA256, MD5, None])
def test_downloads_and_leaves_no_part(server, target, digest, capsys):
    server.content["/file.bin"] = CONTENT
    assert download(f"{server.url}/file.bin", target, digest=digest) == target
    assert target.read_bytes() == CONTENT
    assert os.listdir(target.parent) == ["file.bin"]
    assert "(0.7 MB)" in capsys.readouterr().err


def test_cut_transfer_continues_where_it_stopped(server, target):
    server.content["/file.bin"] = CONTENT
    server.faults = ["cut", "cut"]
    download(f"{server.url}/file.bin", target, digest=SHA256)
    assert target.read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=350000-", "bytes=525000-"]


def test_without_a_checksum_a_cut_transfer_starts_anew(server, target):
    server.content["/file.bin"] = CONTENT
    server.faults = ["cut"]
    download(f"{server.url}/file.bin", target)
    assert target.read_bytes() == CONTENT
    assert server.ranges == [None, None]


def test_part_of_an_earlier_run_is_used(server, target):
    target.parent.mkdir(parents=True)
    target.with_name("file.bin.part").write_bytes(CONTENT[:1000])
    server.content["/file.bin"] = CONTENT
    download(f"{server.url}/file.bin", target, digest=SHA256)
    assert server.ranges == ["bytes=1000-"]
    assert target.read_bytes() == CONTENT


def test_complete_part_is_recognised(server, target):
    target.parent.mkdir(parents=True)
    target.with_name("file.bin.part").write_bytes(CONTENT)
    server.content["/file.bin"] = CONTENT
    download(f"{server.url}/file.bin", target, digest=SHA256)
    assert target.read_bytes() == CONTENT
    assert len(server.ranges) == 1


@pytest.mark.parametrize("fault", ["no ranges", "another range"])
def test_server_that_does_not_continue(server, target, fault):
    server.content["/file.bin"] = CONTENT
    server.faults = ["cut", fault]
    download(f"{server.url}/file.bin", target, digest=SHA256)
    assert target.read_bytes() == CONTENT


def test_wrong_part_is_thrown_away(server, target):
    target.parent.mkdir(parents=True)
    target.with_name("file.bin.part").write_bytes(bytes(len(CONTENT) + 5))
    server.content["/file.bin"] = CONTENT
    download(f"{server.url}/file.bin", target, digest=SHA256)
    assert target.read_bytes() == CONTENT
    assert server.ranges == [f"bytes={len(CONTENT) + 5}-", None]


def test_length_unknown(server, target):
    server.content["/file.bin"] = CONTENT
    server.faults = ["no length"]
    download(f"{server.url}/file.bin", target, digest=SHA256)
    assert target.read_bytes() == CONTENT


def test_corrupt_content_is_fetched_again(server, target):
    server.content["/file.bin"] = CONTENT
    server.faults = ["corrupt"]
    download(f"{server.url}/file.bin", target, digest=MD5)
    assert target.read_bytes() == CONTENT


def test_content_that_stays_corrupt(server, target):
    server.content["/file.bin"] = CONTENT
    server.faults = ["corrupt"] * 9
    with pytest.raises(DownloadError, match="not the published file") as raised:
        download(f"{server.url}/file.bin", target, digest=SHA256, attempts=3)
    assert SHA256 in str(raised.value)
    assert len(server.ranges) == 3
    assert not os.listdir(target.parent)


def test_busy_server_is_asked_again_with_growing_pauses(server, target, monkeypatch):
    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)
    server.content["/file.bin"] = CONTENT
    server.faults = ["unavailable"] * 3
    download(f"{server.url}/file.bin", target, digest=SHA256, attempts=4, pause=0.25)
    assert target.read_bytes() == CONTENT
    assert pauses == [0.25, 0.5, 1.0]


def test_not_found_is_not_asked_again(server, target, empty_machine):
    with pytest.raises(DownloadError, match="404") as raised:
        download(f"{server.url}/file.bin", target)
    message = str(raised.value)
    assert len(server.ranges) == 1
    assert f"{server.url}/file.bin" in message
    assert str(target) in message
    assert str(empty_machine[0]) in message


def test_no_network_says_what_to_do(empty_machine):
    with pytest.raises(DownloadError) as raised:
        fetch(PublicFile("some.npz", "http://files.invalid/some.npz"))
    message = str(raised.value)
    assert message.startswith("some.npz is not on this machine")
    assert "http://files.invalid/some.npz" in message
    assert str(empty_machine[0]) in message


def test_folder_that_cannot_be_written(server, tmp_path):
    server.content["/file.bin"] = CONTENT
    (tmp_path / "occupied").write_text("a file, not a folder")
    with pytest.raises(DownloadError, match="can't be written"):
        download(f"{server.url}/file.bin", tmp_path / "occupied" / "file.bin", digest=SHA256)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://host/file", "file.bin"])
def test_only_web_addresses(url, target):
    with pytest.raises(ArgumentError, match="https"):
        download(url, target)


@pytest.mark.parametrize("digest", ["sha256:12", "crc:1234", "0" * 64])
def test_digest_of_another_form(digest, target):
    with pytest.raises(ArgumentError, match="hexadecimal"):
        download("https://files.invalid/x", target, digest=digest)


def test_progress_line_on_a_terminal(server, target, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    server.content["/file.bin"] = CONTENT
    download(f"{server.url}/file.bin", target, digest=SHA256)
    assert "\r  100% of 0.7 MB" in screen.getvalue()


def test_data_folder_then_cache_then_download(server, empty_machine):
    data, cache = empty_machine
    file = PublicFile("sub/set.bin", f"{server.url}/set.bin", SHA256)
    server.content["/set.bin"] = CONTENT
    assert fetch(file) == cache / "datasets" / "sub" / "set.bin"
    fetch(file)
    assert len(server.ranges) == 1
    (data / "sub").mkdir()
    (data / "sub" / "set.bin").write_bytes(b"by hand")
    assert fetch(file).read_bytes() == b"by hand"


class TestGetFile:
    def test_file(self, server, empty_machine, tmp_path):
        server.content["/file.bin"] = CONTENT
        url = f"{server.url}/file.bin"
        path = get_file(origin=url, file_hash=SHA256[7:])
        assert path == str(empty_machine[1] / "datasets" / "file.bin")
        assert get_file(
            "other.bin", url, md5_hash=MD5[4:], cache_dir=tmp_path / "mine", cache_subdir="x"
        ) == str(tmp_path / "mine" / "x" / "other.bin")
        get_file(origin=url, file_hash=SHA256[7:])
        assert len(server.ranges) == 2
        get_file(origin=url, force_download=True)
        assert len(server.ranges) == 3

    def test_cached_file_that_changed_is_fetched_again(self, server, empty_machine):
        server.content["/file.bin"] = CONTENT
        path = Path(get_file(origin=f"{server.url}/file.bin", file_hash=SHA256[7:]))
        path.write_bytes(b"damaged")
        get_file(origin=f"{server.url}/file.bin", file_hash=SHA256[7:])
        assert path.read_bytes() == CONTENT

    def test_unpacks_tar_and_zip(self, server, empty_machine, make_tar, tmp_path):
        server.content["/flowers.tgz"] = make_tar(
            tmp_path / "flowers.gz", {"flowers/rose.txt": b"red"}
        ).read_bytes()
        folder = Path(get_file(origin=f"{server.url}/flowers.tgz", extract=True))
        assert folder == empty_machine[1] / "datasets" / "flowers.tgz"
        assert (folder / "flowers" / "rose.txt").read_bytes() == b"red"
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as bundle:
            bundle.writestr("lily.txt", "white")
        server.content["/lilies.zip"] = content.getvalue()
        folder = Path(get_file("lilies.zip", f"{server.url}/lilies.zip", extract=True))
        assert folder.name == "lilies_extracted"
        assert (folder / "lily.txt").read_text() == "white"
        assert Path(get_file("lilies", f"{server.url}/lilies.zip", extract=True)).name == "lilies"

    def test_member_outside_the_folder_is_refused(self, server, empty_machine, make_tar, tmp_path):
        server.content["/evil.tar.gz"] = make_tar(
            tmp_path / "evil.gz", {"../../outside.txt": b"x"}
        ).read_bytes()
        with pytest.raises(DataError, match="leads out of its folder"):
            get_file(origin=f"{server.url}/evil.tar.gz", extract=True)
        assert not list(empty_machine[1].rglob("outside.txt"))

    def test_bad_arguments(self, server, empty_machine):
        server.content["/file.bin"] = CONTENT
        with pytest.raises(ArgumentError, match="origin"):
            get_file("x")
        with pytest.raises(ArgumentError, match="cache_dir"):
            get_file("a/b", f"{server.url}/file.bin")
        with pytest.raises(ArgumentError, match="hash_algorithm"):
            get_file(origin=f"{server.url}/file.bin", file_hash="0", hash_algorithm="crc")
        with pytest.raises(ArgumentError, match="archive_format"):
            get_file(origin=f"{server.url}/file.bin", extract=True, archive_format="rar")
        with pytest.raises(DataError, match="not an archive"):
            get_file(origin=f"{server.url}/file.bin", extract=True)
