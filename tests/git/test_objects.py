"""Objects: one process for many reads, nothing unverified, and one bad object spoils only its own answer."""

import os
import zlib

import pytest

from gitreg.core.oid import Oid
from gitreg.errors import FormatError, GitError, UsageError, VerificationError
from gitreg.git.objects import (
    GitObject,
    Missing,
    ObjectReader,
    TreeEntry,
    Unreadable,
    list_tree,
    write_object,
)
from gitreg.git.refs import resolve
from gitreg.git.repository import Repository


@pytest.fixture(params=["sha1", "sha256"])
def repo(request, tmp_path, sh):
    sh(tmp_path, "git", "init", "-q", f"--object-format={request.param}", "repo")
    return Repository.discover(tmp_path / "repo")


def object_file(repo, oid):
    path = repo.common_dir / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    return path


def commit_tree(repo, sh, files):
    for name, text in files.items():
        (repo.root / name).parent.mkdir(parents=True, exist_ok=True)
        (repo.root / name).write_text(text)
    sh(repo.root, "git", "add", "-A")
    sh(repo.root, "git", "commit", "-qm", "files")
    return resolve(repo, "refs/heads/main")


def test_what_is_written_is_read_back(repo):
    bodies = [b"", b"x", b"line\n", b"no newline\n\nblob 3 missing", bytes(range(256)) * 999]
    oids = [write_object(repo, "blob", body) for body in bodies]
    with ObjectReader(repo) as reader:
        assert [reader.read(oid) for oid in oids] == [
            GitObject(oid, "blob", body) for oid, body in zip(oids, bodies, strict=True)
        ]
        assert reader.read("0" * len(oids[0])) is None


def test_many_objects_need_many_rounds_and_keep_their_order(repo):
    """More requests than a pipe holds would otherwise leave us and git waiting for each other."""
    oids = [write_object(repo, "blob", b"%d" % number * 50_000) for number in range(3)]
    wanted = [oids[number % 3] if number % 7 else "1" * len(oids[0]) for number in range(1000)]
    with ObjectReader(repo) as reader:
        answers = list(reader.read_many(wanted))
    assert [getattr(answer, "oid", None) or answer.spec for answer in answers] == wanted
    assert isinstance(answers[0], Missing)


def test_files_are_read_out_of_a_commit_by_any_path(repo, sh):
    files = {"models/a b.gitreg": "one", "ünï/模型.gitreg": "two", "x missing": "three", "c:d": "four", "-e": "five"}
    commit = commit_tree(repo, sh, files)
    with ObjectReader(repo) as reader:
        for path, text in files.items():
            assert reader.read(f"{commit}:{path}").data == text.encode()
        assert reader.read(f"{commit}:nope missing") is None
        assert reader.read(f"{commit}:models").type == "tree"


@pytest.mark.parametrize("path", ["", "./a", "../a", "a/../b", "/a", "a//b", "a\nb", "a\0b", "a/"])
def test_paths_that_are_expressions_to_git_are_refused(repo, path):
    with ObjectReader(repo) as reader, pytest.raises(UsageError):
        reader.read("1" * 40 + ":" + path)


@pytest.mark.parametrize("spec", ["HEAD", "main", "HEAD:a", "abc1234", "--help", ":a", "", "@{-1}"])
def test_only_full_names_are_asked_for(repo, spec):
    with ObjectReader(repo) as reader, pytest.raises(FormatError):
        reader.read(spec)


def test_an_altered_object_is_noticed(repo, sh):
    """Git hands out what is in the file; it does not hash it."""
    oid = write_object(repo, "blob", b"good")
    object_file(repo, oid).write_bytes(zlib.compress(b"blob 4\0evil"))
    assert sh(repo.root, "git", "cat-file", "blob", oid) == "evil"
    with ObjectReader(repo) as reader, pytest.raises(VerificationError, match="does not hash"):
        reader.read(oid)


@pytest.mark.parametrize("damage", ["flip", "truncate", "garbage", "empty"])
def test_a_corrupt_object_costs_its_own_answer_only(repo, damage):
    before, broken, after = (write_object(repo, "blob", text * 400) for text in (b"abc", b"xyz12", b"def"))
    file = object_file(repo, broken)
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    damaged = {"flip": bytes(raw), "truncate": bytes(raw[:-9]), "garbage": b"garbage", "empty": b""}[damage]
    file.write_bytes(damaged)
    with ObjectReader(repo) as reader:
        answers = list(reader.read_many([before, broken, after, broken, before]))
        assert reader.read(before) is not None
    good = [answer.oid for answer in answers if isinstance(answer, GitObject)]
    assert good == [before, after, before]
    assert all(isinstance(answers[place], Unreadable | Missing) for place in (1, 3))


def test_a_huge_object_is_refused_unread_and_the_next_one_still_answers(repo):
    big, small = write_object(repo, "blob", bytes(5_000_000)), write_object(repo, "blob", b"small")
    with ObjectReader(repo, limit=1000) as reader:
        with pytest.raises(FormatError, match="too large"):
            reader.read(big)
        assert reader.read(small).data == b"small"
        first, second = reader.read_many([big, small])
    assert isinstance(first, Unreadable)
    assert second == GitObject(small, "blob", b"small")


def test_leaving_a_listing_half_way_does_not_shift_later_answers(repo):
    oids = [write_object(repo, "blob", b"%d" % number) for number in range(5)]
    with ObjectReader(repo) as reader:
        next(reader.read_many(oids))
        assert reader.read(oids[4]).data == b"4"


def test_a_copy_of_the_process_reads_through_a_git_of_its_own(repo):
    """Both would take the other's answers for their own, and the first to leave would end the other's git."""
    oids = [write_object(repo, "blob", b"%d" % number) for number in range(9)]
    with ObjectReader(repo) as reader:
        assert reader.read(oids[0]) is not None
        copy = os.fork()
        if copy == 0:
            with reader:
                mine = [reader.read(oid) for _ in range(20) for oid in reversed(oids)]
            os._exit(0 if [found.oid for found in mine if found] == oids[::-1] * 20 else 1)
        found = [reader.read(oid) for _ in range(20) for oid in oids]
        assert os.waitpid(copy, 0)[1] == 0
        assert [each.oid for each in found if each] == oids * 20
        assert reader.read(oids[1]) is not None


def test_leaving_the_reader_ends_its_process(repo):
    with ObjectReader(repo) as reader:
        reader.read("1" * 40)
        process = reader._cat_file._process
        assert process.poll() is None
    assert process.poll() is not None


def test_git_refuses_to_store_a_malformed_tag(repo):
    with pytest.raises(GitError):
        write_object(repo, "tag", b"object nonsense\n")


def test_pointers_of_a_commit_are_listed_and_links_are_not(repo, sh):
    (repo.root / "link.gitreg").symlink_to("/etc/passwd")
    (repo.root / "tab\there").mkdir()
    commit = commit_tree(repo, sh, {"a.gitreg": "1", "b/c d.gitreg": "2", "tab\there/x.gitreg": "3", "d.txt": "4"})
    found = list_tree(repo, commit)
    assert [entry.path for entry in found] == ["a.gitreg", "b/c d.gitreg", "tab\there/x.gitreg"]
    assert found[0] == TreeEntry("a.gitreg", write_object(repo, "blob", b"1"))
    assert [entry.path for entry in list_tree(repo, commit, below="b/")] == ["b/c d.gitreg"]
    assert list_tree(repo, commit, below="absent/") == []
    with pytest.raises(FormatError):
        list_tree(repo, Oid("HEAD"))
