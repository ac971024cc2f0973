"""Adapters are told apart from layers, checkpoints in shards are read as one, names are chosen, pickles are refused."""

import json
import shlex
import time

import numpy as np
import pytest

from rac_theory.advice.model_shapes import parse
from tests.advice.headers import read, safetensors
from tests.refused import refused, refuses

BASE = "base_model.model.model.layers.0.self_attn"


def test_an_adapter_counts_as_its_layer(tmp_path):
    """B A is m x n: as a matrix A would be a layer of 8 rows. Catches m and n swapped, and another rank."""
    header = {
        f"{BASE}.q_proj.lora_A.weight": ("F32", 8, 64),
        f"{BASE}.q_proj.lora_B.weight": ("F32", 768, 8),
        f"{BASE}.v_proj.lora_B.default.weight": ("BF16", 32, 4),
        f"{BASE}.v_proj.lora_A.default.weight": ("BF16", 4, 64),
        "embed_tokens.lora_embedding_A": ("F32", 2, 500),
        "embed_tokens.lora_embedding_B": ("F32", 64, 2),
        f"{BASE}.q_proj.lora_magnitude_vector": ("F32", 768),
        "head.modules_to_save.weight": ("F32", 10, 64),
    }
    found = read(tmp_path, header)
    assert found.matrices == (
        (f"{BASE}.q_proj", (768, 64)),
        (f"{BASE}.v_proj (default)", (32, 64)),
        ("head.modules_to_save.weight", (10, 64)),
    )
    assert found.adapters == ((f"{BASE}.q_proj", 8), (f"{BASE}.v_proj (default)", 4))
    embedding, magnitude = found.left_out
    assert embedding.startswith("embed_tokens is an embedding, by its name: ")
    assert magnitude == f"{BASE}.q_proj.lora_magnitude_vector has 1 axis"


def test_two_adapters_of_one_layer_are_not_mixed(tmp_path):
    """Catches pairs that are looked for by the layer alone."""
    header = {
        f"q.lora_{factor}.{name}.weight": ("F32", *shape)
        for name, r in (("one", 1), ("two", 3))
        for factor, shape in (("A", (r, 5)), ("B", (7, r)))
    }
    found = read(tmp_path, header)
    assert found.matrices == (("q (one)", (7, 5)), ("q (two)", (7, 5)))
    assert found.adapters == (("q (one)", 1), ("q (two)", 3))


def test_factors_without_a_pair_are_said(tmp_path):
    header = {
        "q.lora_A.weight": ("F32", 8, 64),
        "k.lora_A.weight": ("F32", 8, 64),
        "k.lora_B.weight": ("F32", 64, 4),
        "v.lora_A.weight": ("I8", 8, 64),
        "v.lora_B.weight": ("I8", 64, 8),
        "conv.lora_A.weight": ("F32", 8, 3, 3, 3),
    }
    found = read(tmp_path, header)
    assert found.matrices == found.adapters == ()
    assert found.left_out == (
        "q.lora_A.weight is a factor of an adapter without the other, lora_B",
        "k.lora_A.weight and k.lora_B.weight are no pair B A: 8 and 4 are their ranks",
        "v holds I8, as packed or quantised weights do, which gradients do not train",
        "conv.lora_A.weight has 4 axes",
    )


def test_layers_with_names_like_these_are_layers(tmp_path):
    """Catches a pattern that is too wide: heads, projections of embeddings, experts that are shared."""
    names = ("lm_head.weight", "embed_out.weight", "visual.patch_embed.proj.weight", "time_embedding.linear_1.weight")
    names += ("mlp.shared_expert.up_proj.weight", "layers.0.scales_proj.weight", "alohada_w.weight", "upscale.weight")
    assert [name for name, _ in read(tmp_path, dict.fromkeys(names, ("F16", 8, 4))).matrices] == [*names]


def index(folder, places):
    path = folder / "model.safetensors.index.json"
    path.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": places}))
    return str(path)


def test_all_shards_of_an_index_are_read(tmp_path):
    """In the order of the index, each tensor once, and only those that it lists. Catches the first shard alone."""
    first, second = "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"
    safetensors(tmp_path / first, {"a": ("F32", 2, 3), "tied": ("F32", 4, 4)})
    safetensors(tmp_path / second, {"b": ("F32", 5, 6), "tied": ("F32", 4, 4), "norm": ("F32", 6)})
    found = parse(index(tmp_path, {"a": first, "tied": second, "b": second, "norm": second}))
    assert found.matrices == (("a", (2, 3)), ("b", (5, 6)), ("tied", (4, 4)))
    assert found.left_out == ("norm has 1 axis",)


def test_nonsense_in_an_index(tmp_path):
    """A shard that is missing is named; a path out of the folder is not followed; all that is said can be printed."""
    safetensors(tmp_path / "here.safetensors", {"a": ("F32", 2, 3)})
    cases = (
        ({"a": "here.safetensors", "b": "gone.safetensors"}, r"gone\.safetensors'.*: No such file"),
        (dict.fromkeys("ab", "here.safetensors"), r"'here\.safetensors' must hold each tensor .* lacks 1, 'b'"),
        ({"a": "../here.safetensors"}, r"must list files of its own folder, got '\.\./here\.safetensors'"),
        ({"a": "/etc/passwd"}, r"must list files of its own folder, got '/etc/passwd'"),
        ({"a": ""}, "must list files of its own folder, got ''"),
        ({"a": ".."}, r"must list files of its own folder, got '\.\.'"),
        ({"a": "zero\0.safetensors"}, "with all the shards that .* lists beside it"),
        ({"a": "a.safetensors", "b": 3}, "must have a weight_map"),
        ({"a": 3}, r"must have a weight_map, the file of each tensor by its name, got \{'a': 3\}"),
        ({}, "must have a weight_map"),
        (["a"], "must have a weight_map"),
    )
    assert all(map(str.isprintable, refuses(lambda places: parse(index(tmp_path, places)), cases)))
    path = tmp_path / "model.safetensors.index.json"
    for text in ("{", "[]", "[" * 100_000):
        path.write_text(text)
        refused((lambda: parse(str(path)), r"index\.json must be (JSON|an object of tensors by name)"))


def test_the_way_out_of_a_pickle_is_a_line_that_compiles():
    with pytest.raises(ValueError, match="a pickle, which is code and is not run") as failure:
        parse("folder/it's.bin")
    python, option, line, path = shlex.split(str(failure.value).partition("make it a .safetensors: ")[2])
    assert (python, option, path) == ("python", "-c", "folder/it's.bin")
    compile(line, "line", "exec")


def test_names_are_chosen(tmp_path):
    """By the names of layers, adapters among them; what is not chosen is not told as left out."""
    path = str(tmp_path / "a.npz")
    np.savez(path, **{"0.q.weight": np.zeros((3, 4)), "1.q.weight": np.zeros((5, 4)), "norm": np.zeros(3)})
    assert parse(path, ["*.q.weight"]).matrices == (("0.q.weight", (3, 4)), ("1.q.weight", (5, 4)))
    assert parse(path, ["1.*", "no*"]).matrices == (("1.q.weight", (5, 4)),)
    assert parse(path, ["1.*", "no*"]).left_out == ("norm has 1 axis",)
    assert parse("3x4", ["1.*"]).matrices == (("3x4", (3, 4)),)
    with pytest.raises(ValueError, match=r"only must fit the name of a tensor in .*, got \['Q'\]: 0\.q\.weight, 1\.q"):
        parse(path, ["Q"])


def test_a_header_of_300_matrices_is_read_at_once(tmp_path):
    """A header of adapters: pairs that are looked for one by one among all would show at ten times as many."""
    header = {
        f"{i}.lora_{factor}.weight": ("F32", *shape)
        for i in range(3_000)
        for factor, shape in (("A", (8, 64)), ("B", (32, 8)))
    }
    path, start = safetensors(tmp_path / "a.safetensors", header), time.process_time()
    assert len(parse(path).adapters) == 3_000
    assert time.process_time() - start < 3
