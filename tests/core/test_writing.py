"""Files that a command writes: whole or not at all, not in place of a link or a device; one sentence otherwise."""

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from jingjinji.core import published, writing
from jingjinji.core.errors import BookError

LINES = "a,b\n1,2\n"


def alone(folder: Path, *names: str) -> bool:
    return sorted(path.name for path in folder.iterdir()) == sorted(names)


def test_a_file_is_made_and_replaced_with_its_permissions(tmp_path):
    file = tmp_path / "out.csv"
    assert writing.put(file, LINES)
    file.chmod(0o640)
    assert writing.put(file, LINES * 2)
    assert file.read_text() == LINES * 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert alone(tmp_path, "out.csv")


def test_a_link_stays_and_the_file_behind_it_is_replaced(tmp_path):
    file, link = tmp_path / "behind.csv", tmp_path / "link.csv"
    for before in (True, False):
        if before:
            file.write_text("before")
        link.symlink_to("behind.csv")
        writing.put(link, LINES)
        assert link.is_symlink()
        assert file.read_text() == LINES
        link.unlink()
        file.unlink()


def test_links_that_lead_in_a_circle_are_refused_and_stay(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.symlink_to(second)
    second.symlink_to(first)
    with pytest.raises(BookError, match="first cannot be written"):
        writing.put(first, LINES)
    assert first.is_symlink()
    assert alone(tmp_path, "first", "second")


def test_a_pipe_is_written_into_and_stays(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    assert not writing.put(pipe, LINES)
    reader.join()
    assert read == [LINES]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert alone(tmp_path, "pipe")


def test_a_device_is_written_into_and_stays(tmp_path):
    sink, full = tmp_path / "sink", tmp_path / "full"
    try:
        os.mknod(sink, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        os.mknod(full, 0o600 | stat.S_IFCHR, os.makedev(1, 7))
        sink.open("w").close()
    except OSError:
        pytest.skip("only an administrator makes devices")
    assert not writing.put(sink, LINES)
    with pytest.raises(BookError, match=r"full cannot be written \(No space left on device\): choose another file"):
        writing.put(full, LINES)
    assert all(stat.S_ISCHR(path.stat().st_mode) for path in (sink, full))
    assert alone(tmp_path, "sink", "full")


@pytest.mark.parametrize("place", ["/", "{}", "{}/", "{}/no/out.csv", "{}/file/out.csv", "{}/" + 300 * "x", "{}/a\0b"])
def test_what_is_no_place_for_a_file_is_refused_with_the_reason(tmp_path, place):
    (tmp_path / "file").write_text("a file")
    with pytest.raises(BookError) as caught:
        writing.put(Path(place.format(tmp_path)), LINES)
    assert "cannot be written (" in str(caught.value)
    assert "(None)" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert alone(tmp_path, "file")


def test_a_full_disk_keeps_the_file_before_and_leaves_no_part(tmp_path, monkeypatch):
    file = tmp_path / "out.csv"
    file.write_text("before")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BookError, match="No space left on device"):
        writing.put(file, LINES)
    with pytest.raises(OSError, match="No space left on device"):
        published.write(file, {"a": 1})
    assert file.read_text() == "before"
    assert alone(tmp_path, "out.csv")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "make room on its disk, and run the command again; what was finished is kept"),
        (errno.EDQUOT, "make room on its disk"),
        (errno.EROFS, "make it so, or have JINGJINJI_CACHE name a folder that can be written"),
        (errno.EACCES, "JINGJINJI_CACHE"),
        (errno.EIO, "mend that and run the command again"),
    ],
)
def test_an_error_of_the_disk_is_one_sentence(number, words):
    said = writing.told(OSError(number, os.strerror(number), "/some/file"))
    assert said.startswith("/some/file cannot be ")
    assert os.strerror(number) in said
    assert words in said


def test_an_error_without_a_file_says_where_to_look():
    assert writing.told(OSError(errno.ENOSPC, "full")).startswith("a file of the cache or of the store of fits cannot")


def test_an_error_that_is_none_of_the_disks_is_not_explained_away():
    assert writing.told(BrokenPipeError(errno.EPIPE, "Broken pipe")) == ""
    assert writing.told(TimeoutError("no answer")) == ""


@pytest.mark.parametrize("content", ["[]", "3", '"text"', "null", "{", "", "[" * 100_000])
def test_published_findings_of_another_version_are_told_in_one_sentence(tmp_path, content):
    file = tmp_path / "reference.json"
    file.write_text(content)
    with pytest.raises(BookError, match=r"reference\.json is .*: restore it from the repository") as caught:
        published.read(file)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cut", [b"", b"{", b'{"b": 2', b"\xff", b'{"b": 2}'])
def test_of_a_log_that_was_cut_off_the_whole_lines_are_kept_and_the_next_one_is_whole(tmp_path, cut):
    log = tmp_path / "log.jsonl"
    assert writing.whole_lines(log) == []
    log.write_bytes(b'{"a": 1}\n[2, 3]\n' + cut)
    assert writing.whole_lines(log) == [{"a": 1}, [2, 3]]
    with log.open("a") as file:
        file.write("4\n")
    assert writing.whole_lines(log) == [{"a": 1}, [2, 3], 4]


def test_who_reads_the_old_file_reads_it_whole(tmp_path):
    path = tmp_path / "file.json"
    path.write_text("old, and long")
    with path.open() as reader:
        writing.replace(path, "new")
        assert reader.read() == "old, and long"
    assert path.read_text() == "new"
