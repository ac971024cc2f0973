"""Shapes from text and from headers: only headers are read, and nonsense in them is one sentence."""

import json
import os
import tracemalloc
import zipfile
from functools import partial

import numpy as np
import pytest

from rac_theory.advice.model_shapes import parse
from tests.advice.headers import read, safetensors, tensor
from tests.refused import refused, refuses


def test_text():
    """A swap of rows and columns would exchange the sides. What is no shape is said."""
    assert parse("768x3072").matrices == (("768x3072", (768, 3072)),)
    assert parse("1X2").matrices == (("1x2", (1, 2)),)
    kinds = r"path of a \.safetensors, \.safetensors\.index\.json or \.npz file, got"
    pickle = r"a pickle, which is code and is not run; make it a \.safetensors: python -c \".*\" model\.bin$"
    cases = {
        "768": "shape must be rows x columns, as in 768x3072",
        "768x3072x2": "shape must be rows x columns",
        "-1x2": "shape must be rows x columns",
        "0x2": "shape must be in 1..1000000, got 0",
        "9999999x2": "shape must be in 1..1000000, got 9999999",
        "model.gguf": rf"{kinds} 'model\.gguf'",
        "a.json": rf"{kinds} 'a\.json'",
        "model.bin": pickle,
        "model.PTH": r"torch\.load\(sys\.argv\[1\], map_location='cpu', weights_only=True\); .*\" model\.PTH$",
        "missing.npz": "shape must be the path of a file that can be read, got 'missing.npz': No such file",
    }
    refuses(parse, cases)


def test_a_safetensors_header_is_enough(tmp_path):
    """The data need not be there: whoever reads beyond the header, or the length as big-endian, fails here."""
    header = {
        "__metadata__": {"format": "pt"},
        "q.weight": ("F32", 768, 64),
        "k.weight": ("BF16", 64, 768),
        "q.bias": ("F32", 768),
        "conv": ("F16", 3, 3, 3, 8),
        "scale": ("F32",),
        "position": ("I64", 1, 512),
        "mask": ("BOOL", 4, 4),
        "packed": ("F8_E4M3", 16, 16),
        "empty": ("F32", 0, 8),
        "long": ("F32", 1, 1_000_000),
        "longer": ("F32", 1, 1_000_001),
        "bell\u0007": ("F64", 2, 3),
    }
    found = read(tmp_path, header)
    assert found.matrices == (
        ("q.weight", (768, 64)),
        ("k.weight", (64, 768)),
        ("packed", (16, 16)),
        ("long", (1, 1_000_000)),
        ("bell\\x07", (2, 3)),
    )
    assert found.left_out == (
        "q.bias has 1 axis",
        "conv has 4 axes",
        "scale has 0 axes",
        "position holds I64, which gradients do not train",
        "mask holds BOOL, which gradients do not train",
        "empty has a shape outside 1..1000000: 0x8",
        "longer has a shape outside 1..1000000: 1x1000001",
    )


def test_nonsense_in_a_safetensors_header(tmp_path):
    length, lengths = "must begin with the length of its header", "must have lengths >= 0"
    what = "must have a dtype and a shape"
    cases = (
        (b"", 0, f"{length}, 2..100000000 bytes, got 0"),
        (b"{}", 2**63, length),
        (b"{}", 100_000_001, length),
        (b"{}", 50, "must hold a header of 50 bytes, got 2; is the file cut off"),
        (b"{]", None, "must be JSON"),
        (b"\xff\xfe", None, "must be JSON"),
        (b"[" * 100_000, None, "must be JSON"),
        (b"[1, 2]", None, "must be an object of tensors by name, got list"),
        ({"w": 3}, None, f"'w' in the header of .* {what}, got 3"),
        ({"w": {"dtype": "F32"}}, None, what),
        ({"w": {"dtype": 7, "shape": [1, 2]}}, None, what),
        ({"w": {"dtype": "F32", "shape": "2x3"}}, None, what),
        ({"w": ("F32", -1, 2)}, None, rf"{lengths} as its shape, got \[-1, 2\]"),
        ({"w": ("F32", 1.5, 2)}, None, lengths),
        ({"w": ("F32", True, 2)}, None, lengths),
    )
    refused(*((partial(read, tmp_path, header, length=said), words) for header, said, words in cases))
    (tmp_path / "short.safetensors").write_bytes(b"\x02\x00")
    refuses(parse, {str(tmp_path / "short.safetensors"): length})


@pytest.mark.parametrize("more", [0, 1])
def test_a_header_and_an_index_may_be_as_long_as_safetensors_takes_them(tmp_path, monkeypatch, more):
    """Both on either side of the end. Catches an index that is cut off before it is measured."""
    index = json.dumps({"weight_map": {"w": "a.safetensors"}}).ljust(90 + more)
    (tmp_path / "a.safetensors.index.json").write_text(index)
    header = json.dumps({"w": tensor("F32", 3, 4)}).encode()
    safetensors(tmp_path / "a.safetensors", header.ljust(90))
    monkeypatch.setattr("rac_theory.advice.headers._LARGEST_HEADER", 90)
    path = safetensors(tmp_path / "b.safetensors", header.ljust(90 + more))
    for name in (path, str(tmp_path / "a.safetensors.index.json")):
        if more:
            refuses(parse, {name: r"must begin with the length of its header, 2\.\.90|90 bytes"})
        else:
            assert parse(name).matrices == (("w", (3, 4)),)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path, save):
    more = {"i": np.zeros((2, 2), int), "h": np.zeros((2, 4)), "e": np.zeros((0, 2))}
    save(tmp_path / "a.npz", w=np.zeros((3, 5), np.float32), b=np.zeros(3), **more)
    found = parse(str(tmp_path / "a.npz"))
    assert found.matrices == (("w", (3, 5)), ("h", (2, 4)))
    said = ("b has 1 axis", "i holds int64, which gradients do not train", "e has a shape outside 1..1000000: 0x2")
    assert found.left_out == said


def npz(folder, header, compression=zipfile.ZIP_STORED, *, version=b"\x01\x00", length=None, width=2):
    """An archive with a header of an array and nothing behind it, with the length that it has, or another."""
    with zipfile.ZipFile(folder / "a.npz", "w", compression, compresslevel=1) as archive:
        size = (len(header) if length is None else length).to_bytes(width, "little")
        archive.writestr("w.npy", b"\x93NUMPY" + version + size + header)
        archive.writestr("readme.txt", "not an array")
    return str(folder / "a.npz")


def test_npz_arrays_are_not_loaded(tmp_path):
    """A header that promises a terabyte, with nothing behind it: whoever loads the array fails."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (400000, 400000), }".ljust(117) + b"\n"
    assert parse(npz(tmp_path, header)).matrices == (("w", (400_000, 400_000)),)


def test_what_has_no_end_is_named_before_it_is_opened(tmp_path):
    """A pipe would be waited for: this test would never end."""
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "zero.npz").symlink_to("/dev/zero")
    (tmp_path / "folder.safetensors").mkdir()
    words = "shape must be the path of a file that can be read, .*which is "
    kinds = {"pipe.npz": "a pipe", "zero.npz": "a device", "folder.safetensors": "a folder"}
    refuses(parse, {str(tmp_path / name): words + kind for name, kind in kinds.items()})


@pytest.mark.long
def test_a_bomb_is_not_unpacked(tmp_path):
    """A header of 64 megabytes in a file of 300 kilobytes, whichever length it says: memory stays at a few."""
    big = b"{" + b" " * (1 << 26)
    for version, width, length in ((b"\x01\x00", 2, 65_535), (b"\x02\x00", 4, 1 << 26), (b"\x02\x00", 4, 9_000)):
        path = npz(tmp_path, big, zipfile.ZIP_DEFLATED, version=version, length=length, width=width)
        tracemalloc.start()
        with pytest.raises(ValueError, match=r"'w\.npy' in .* must be made by numpy\.savez, got "):
            parse(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 4e6


SMALL = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}"


def test_a_header_may_be_as_long_as_numpy_takes_one(tmp_path):
    """Ten thousand bytes, and not one more; and of a compression that cannot be read in part it is said that it is."""
    assert parse(npz(tmp_path, SMALL.ljust(9_999) + b"\n")).matrices == (("w", (2, 3)),)
    refuses(parse, {npz(tmp_path, SMALL.ljust(10_000) + b"\n"): "a header of 10001 bytes, more than 10000"})
    for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        refuses(parse, {npz(tmp_path, SMALL + b"\n", compression): "a compression that it does not use"})


HEADERS = [
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (True, 2)}\n",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (-1, 2)}\n",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (3L, 2L)}\n",  # of Python 2
    b"{'descr': '\\d<f8', 'fortran_order': False, 'shape': (3, 2)}\n",
    b"{'descr': '\x1b[31m', 'fortran_order': False, 'shape': (3, 2)}\n",
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2}\n",
    b"{'descr': '''<f8', 'fortran_order': False, 'shape': (3, 2)}\n",
    b"{'descr': '<f8', \n  'fortran_order': False,\n 'shape': (3, 2)\n\x00",
    b"(" * 9_000,
    b"-" * 9_000 + b"1",
    b"{[]: 1}\n",
    b"{" * 300 + b"\n",
    b"\xff\xfe\x00",
    b"   \n\t 'a'\n  'b'",
    b"",
]


def test_a_broken_header_is_a_sentence(tmp_path):
    """NumPy lets through what tokenize and ast raise, which differs among versions of Python."""
    words = r"^'w\.npy' in .*a\.npz must be made by numpy\.savez, got "
    said = refuses(lambda header: parse(npz(tmp_path, header)), dict.fromkeys(HEADERS, words))
    assert all(map(str.isprintable, said))


def test_names_and_types_are_printable(tmp_path):
    """Of tensors, of members and of fields of records: a terminal would obey them."""
    records = np.zeros((2, 2), dtype=[("\x1b[2J", float)])
    np.savez(tmp_path / "a.npz", **{"red\x1b[31m": np.zeros((2, 3)), "fields\n": records})
    found = parse(str(tmp_path / "a.npz"))
    assert found.matrices == (("red\\x1b[31m", (2, 3)),)
    assert all(line.isprintable() for line in found.left_out)
    header = {"w\x1b": {"dtype": "F32\x1b[31m", "shape": [2]}, "v": {"dtype": "\x1b", "shape": [2, 2]}}
    assert all(line.isprintable() for line in read(tmp_path, header).left_out)
    texts = ("\x1b[31m", "\x1b[31m.npz", "\udcff.npz", "zero\x00.npz")
    assert all(map(str.isprintable, refuses(parse, dict.fromkeys(texts, "shape must be"))))


def test_damaged_files_are_sentences(tmp_path):
    """Bytes changed, cut off and doubled at random in both kinds of file: a shape, or a sentence, and nothing else."""
    np.savez(tmp_path / "good.npz", w=np.zeros((3, 5)), v=np.zeros((2, 2), np.float32))
    safetensors(tmp_path / "good.safetensors", {"w": ("F32", 768, 64), "v": ("F32", 3, 4)})
    rng = np.random.default_rng(8)
    for suffix in (".npz", ".safetensors"):
        good = (tmp_path / f"good{suffix}").read_bytes()
        for _ in range(300):
            bad = bytearray(good)
            for _ in range(rng.integers(1, 6)):
                bad[rng.integers(len(bad))] = rng.integers(256)
            cut = rng.integers(len(bad) + 1) if rng.random() < 0.2 else len(bad)
            path = tmp_path / f"bad{suffix}"
            path.write_bytes(bytes(bad[:cut]) * (1 + (rng.random() < 0.1)))
            try:
                found = parse(str(path))
                said = [*found.left_out, *(name for name, _ in found.matrices)]
            except ValueError as error:
                said = [str(error)]
            assert all(map(str.isprintable, said))


def test_nonsense_in_an_npz_file(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"no zip")
    refuses(parse, {str(path): r"a\.npz must be made by numpy\.savez"})
    for content, words in (
        (b"no array", r"'w\.npy' in .*a\.npz must be made by numpy\.savez"),
        (b"\x93NUMPY\x01\x00\xff\xff{", r"'w\.npy' in"),
        (b"\x93NUMPY\x03\x00\x02\x00\x00\x00{}", "no array, or a version of the format"),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("w.npy", content)
        refuses(parse, {str(path): words})
