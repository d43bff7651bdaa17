"""What every object store must do."""

from __future__ import annotations

import threading
import time
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pytest

from millpond.errors import Invalid, NotFound
from millpond.raw.store import ObjectStore


class ObjectStoreSuite:
    """Inherit it, and give it an empty store as the fixture ``store``."""

    @pytest.fixture
    def store(self) -> ObjectStore:
        """An empty store."""
        raise pytest.UsageError("a suite needs a fixture that gives the backend: store")

    def test_what_is_put_is_got(self, store: ObjectStore) -> None:
        """Bytes come back as they were put, also none at all."""
        store.put("objects/3f/a", b"one")
        store.put("empty", b"")
        assert store.get("objects/3f/a") == b"one"
        assert store.get("empty") == b""

    def test_a_mapped_file_is_put(self, store: ObjectStore, tmp_path: Path) -> None:
        """A file mapped into memory is as good as its bytes."""
        path = tmp_path / "file"
        path.write_bytes(b"many" * 10_000)
        with open(path, "rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
            store.put("batches/3f/a", data)
        assert store.get("batches/3f/a") == path.read_bytes()

    def test_a_put_replaces(self, store: ObjectStore) -> None:
        """The last put counts."""
        store.put("a", b"one")
        store.put("a", b"two")
        assert store.get("a") == b"two"

    def test_what_is_not_there_is_not_found(self, store: ObjectStore) -> None:
        """A missing key, and a mere prefix of keys, are errors that name it."""
        store.put("a/b", b"x")
        for key in ("a", "a/c", "b"):
            with pytest.raises(NotFound, match=key):
                store.get(key)

    def test_a_delete_is_final_and_may_be_repeated(self, store: ObjectStore) -> None:
        """After it the key is gone; another delete is no error."""
        store.put("a/b", b"x")
        store.delete("a/b")
        store.delete("a/b")
        with pytest.raises(NotFound):
            store.get("a/b")
        assert list(store.list("")) == []

    def test_a_listing_is_sorted_and_by_whole_parts(self, store: ObjectStore) -> None:
        """Keys in order, with size and time; ``a`` is no prefix of ``a-1``."""
        before = time.time_ns() // 1000 - 2_000_000
        keys = ["a/b", "a-1", "a.x", "a0", "a/a/z", "b"]
        for key in keys:
            store.put(key, key.encode())
        assert [found.key for found in store.list("")] == sorted(keys)
        listed = list(store.list("a"))
        assert [(found.key, found.size) for found in listed] == [("a/a/z", 5), ("a/b", 3)]
        assert all(found.modified > before for found in listed)
        assert list(store.list("absent")) == []

    @pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a b", "ä"])
    def test_a_malformed_key_is_refused(self, store: ObjectStore, key: str) -> None:
        """No key leads out of the store, or to a file of its own housekeeping."""
        with pytest.raises(Invalid):
            store.put(key, b"x")

    def test_a_reader_never_sees_half(self, store: ObjectStore) -> None:
        """While a key is put again and again, a reader gets all of one put."""
        versions = [bytes([number]) * 200_000 for number in range(2)]
        store.put("a", versions[0])
        seen, done = set(), threading.Event()

        def read() -> None:
            while not done.is_set():
                seen.add(store.get("a"))

        reader = threading.Thread(target=read)
        reader.start()
        for number in range(40):
            store.put("a", versions[number % 2])
        done.set()
        reader.join()
        assert seen <= set(versions)
