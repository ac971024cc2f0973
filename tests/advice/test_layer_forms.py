"""What stands for a layer in a file, as in the field, has the layer's shape, or a reason; and PEFT's configuration."""

import json
import math
from itertools import product

import pytest

from rac_theory.advice.adapter_config import AdapterConfig
from rac_theory.advice.model_shapes import parse
from rac_theory.commands.cli import main
from tests.advice.headers import read, safetensors, tensor
from tests.refused import refuses

M, N = 768, 2048  # outputs and inputs


def gptq(bits):
    return {"qweight": ("I32", bits * N // 32, M), "qzeros": ("I32", 16, bits * M // 32), "scales": ("F16", 16, M)}


FORMS = {
    "GPTQ with an index": {"qweight": ("I32", N // 8, M), "g_idx": ("I32", N), "scales": ("F16", 16, M)},
    **{f"GPTQ, {bits} bits": gptq(bits) for bits in (2, 3, 4, 8)},
    **{f"AWQ, {32 // k} bits": {"qweight": ("I32", N, M // k), "scales": ("F16", 16, M)} for k in (4, 8, 16)},
    "8 bits": {"weight": ("I8", M, N), "SCB": ("F32", M)},
    "LoHa": {f"hada_w{k}_{f}": ("F32", *s) for k in (1, 2) for f, s in (("a", (M, 4)), ("b", (4, N)))},
    "LoKr": {"lokr_w1": ("F32", 8, 16), "lokr_w2_a": ("F32", M // 8, 4), "lokr_w2_b": ("F32", 4, N // 16)},
    "LoKr, both whole": {"lokr_w1": ("F32", 8, 16), "lokr_w2": ("F32", M // 8, N // 16)},
}


LOKR = ("w1", "w2_a", "w2_b", "t2")


@pytest.mark.parametrize("parts", FORMS.values(), ids=FORMS)
def test_the_shape_is_that_of_the_layer(tmp_path, parts):
    """Catches m and n swapped, a pack of 8 that is taken for all, and parts that are listed beside their layer."""
    found = read(tmp_path, {f"q.{name}": part for name, part in parts.items()})
    assert [shape for _, shape in found.matrices] == [(M, N)]
    assert [name.removesuffix(".weight") for name, _ in found.forms] == ["q"]
    assert found.left_out == ()


def test_layers_that_are_called_like_parts_are_layers(tmp_path):
    """Catches a name that is read as that of a part, as if what stands after it were the name of an adapter."""
    header = {"qweight": ("F16", N // 8, M), "scales": ("F16", 16, M), "g_idx": ("F16", N)}
    found = read(tmp_path, {f"q.{name}.weight": part for name, part in header.items()})
    assert [shape for _, shape in found.matrices] == [(N // 8, M), (16, M)]
    assert found.forms == ()


def packed(folder, shape, numbers, *, before=b"xyz", body=None):
    """What is read of a weight of so many bytes, with the state of bitsandbytes that says its shape, or other bytes."""
    state, start = json.dumps({"quant_type": "nf4", "shape": shape, "dtype": "bfloat16"}).encode(), len(before)
    entry = tensor("U8", len(state)) | {"data_offsets": [start, start + len(state)]}
    header = {
        "q.weight": ("U8", numbers, 1),
        "q.weight.absmax": ("U8", 4),
        "q.weight.quant_map": ("F32", 16),
        "q.weight.quant_state.bitsandbytes__nf4": entry,
        "norm.weight": ("F32", 9),
    }
    return read(folder, header, body=before + state if body is None else body)


def test_bitsandbytes_keeps_the_shape_in_its_state(tmp_path):
    """Its bytes are read, and those of no other tensor, also at the beginning; where they are gone the layer is left
    out, with a reason. Catches a state that is asked to stand later."""
    found = packed(tmp_path, [M, N], M * N // 2)
    assert found.matrices == (("q.weight", (M, N)),)
    assert found.left_out == ("norm.weight has 1 axis",)
    assert packed(tmp_path, [3, 5], 8, before=b"").matrices == (("q.weight", (3, 5)),)
    for body in (b"", b"xyz" + b"\xff" * 100, b"xyz" + b"[" * 100):
        gone = packed(tmp_path, [M, N], M * N // 2, body=body)
        assert gone.matrices == ()
        assert "q.weight holds U8, as packed or quantised weights do" in gone.left_out[0]
    unfit = ([M, N], M * N // 4), ([M, -N], M * N // 2), ([True, 8], 4), ([M], M // 2), ("MxN", 8)
    for (shape, numbers), before in product(unfit, (b"xyz", b"")):
        assert packed(tmp_path, shape, numbers, before=before).matrices == ()


def test_what_does_not_say_its_shape_is_left_out_with_a_reason(tmp_path):
    for parts in (
        {"qweight": ("I32", N // 8, M), "scales": ("F16", 16, M)},  # of which nothing says how many bits
        {"qweight": ("I32", 0, M), "qzeros": ("I32", 16, M // 8), "scales": ("F16", 16, M)},
        {"qweight": ("I32", N // 8, M), "qzeros": ("I32", 16, M // 8), "scales": ("F16", 0, M)},  # no scale at all
        {"weight": ("I8", M, N)},
        {"hada_w1_a": ("F32", M, 4), "hada_w1_b": ("F32", 4, N)},
        FORMS["LoHa"] | {"hada_w1_b": ("F32", 5, N)},
        {"lokr_w1": ("F32", 8, 16)},
        {f"lokr_{name}": ("F32", *s) for name, s in zip(LOKR, ((8, 16), (9, 4), (4, 9), (4, 4, 3, 3)), strict=True)},
        {"oft_r": ("F32", 8, 8)},
    ):
        found = read(tmp_path, {f"q.{name}": part for name, part in parts.items()})
        assert found.matrices == ()
        assert len(found.left_out) == len(parts)
        assert all(any(why in line for why in ("holds", "is a part", "axes", "outside")) for line in found.left_out)


CONFIG = {"peft_type": "LORA", "r": 8, "lora_alpha": 32}
NO_ALPHA = (math.nan, math.inf, -16, 0, True, "16", 10**400)


def adapter(folder, config=CONFIG):
    header = {"a.q.lora_A.weight": ("F32", 8, N), "a.q.lora_B.weight": ("F32", M, 8)}
    safetensors(folder / "adapter_model.safetensors", header)
    (folder / "adapter_config.json").write_text(config if isinstance(config, str) else json.dumps(config))
    return folder


def test_the_folder_of_an_adapter_is_read_by_each_of_its_names(tmp_path):
    """A folder without a model says what it should have."""
    words = r"a folder with adapter_model\.safetensors, .* or model\.safetensors, got"
    refuses(parse, {str(tmp_path): words})
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    refuses(parse, {str(tmp_path): "safe_serialization=True"})
    for name in ("", "adapter_config.json", "adapter_model.safetensors"):
        found = parse(str(adapter(tmp_path) / name))
        assert found.matrices == (("a.q", (M, N)),)
        assert found.config == AdapterConfig("LORA", 8, 32.0)


def test_what_an_adapter_does_besides_is_said(tmp_path):
    more = {"use_dora": True, "use_rslora": True, "init_lora_weights": "pissa_niter_4", "lora_dropout": 0.1}
    config = parse(str(adapter(tmp_path, CONFIG | more | {"alpha_pattern": {"q": 3}}))).config
    assert config.by_root
    assert config.scale(4) == 16.0
    assert [remark.split()[0] for remark in config.remarks] == ["DoRA", "PiSSA", "dropout", "some"]
    plain = parse(str(adapter(tmp_path, CONFIG | {"use_dora": False, "lora_dropout": 0.0, "rank_pattern": {}}))).config
    assert (plain.remarks, plain.scale(4)) == ((), 8.0)
    assert math.isnan(parse(str(adapter(tmp_path, {"peft_type": "LOHA", "r": 1}))).config.lora_alpha)


def test_nonsense_in_a_configuration(tmp_path):
    cases = (
        ("{", "adapter_config.json must be JSON"),
        ("[" * 100_000, "adapter_config.json must be JSON"),
        ("[]", "must be an object with the settings of an adapter"),
        ({}, "must have a peft_type, such as LORA, got None"),
        ({"peft_type": "\u001b[31m", "r": 1}, "must have a peft_type"),
        ({"peft_type": "IA3", "target_modules": ["k"]}, "must have r, the rank, an integer >= 1, got None"),
        ({"peft_type": "LORA", "r": 8}, "must have lora_alpha, a number > 0, got None"),
        *((CONFIG | {"r": wrong}, "must have r, the rank, an integer >= 1") for wrong in (True, 0, -8, 8.0, 10**30)),
        *((CONFIG | {"lora_alpha": wrong}, "must have lora_alpha, a number > 0") for wrong in NO_ALPHA),
    )
    assert all(map(str.isprintable, refuses(lambda config: parse(str(adapter(tmp_path, config))), cases)))


def test_a_part_of_a_name_chooses_layers(tmp_path):
    header = {f"layers.0.{name}.weight": ("F32", 4, 4) for name in ("q_proj", "k_proj", "q_projection")}
    assert [name for name, _ in read(tmp_path, header, ["q_proj"]).matrices] == ["layers.0.q_proj.weight"]


LAYER = (M, N)
NAMES = "is a part of an adapter that is no product B A"
SCALES = "holds scales, as those of quantised numbers"
PACKED = "as packed or quantised weights do"
EMBEDDINGS = (
    *("model.embed_tokens", "model.embed_tokens_per_layer", "token_embd", "emb", "model.embed", "transformer.wte"),
    *("bert.embeddings.word_embeddings", "shared", "model.decoder.embed_positions", "tok_embeddings", "gpt.embed_in"),
)

# What a file holds, and what is said: shapes of layers, else what each reason has in it.
ODD = {
    "loralib, without .weight": ({"q.lora_A": ("F32", 8, N), "q.lora_B": ("F32", M, 8)}, [LAYER]),
    "loralib, merged layers": ({"q.lora_A": ("F32", 16, N), "q.lora_B": ("F32", M, 8)}, "no pair B A: 16 and 8"),
    "A transposed, of a square layer": ({"q.lora_A": ("F32", N, 8), "q.lora_B": ("F32", 8, N)}, "are they transposed"),
    "rank 0": ({"q.lora_A.weight": ("F32", 0, N), "q.lora_B.weight": ("F32", M, 0)}, "have rank 0 for a layer"),
    "lora_B alone": ({"q.lora_B.weight": ("F32", M, 8)}, "without the other, lora_A"),
    "mixed ranks": (
        {f"{q}.lora_A.weight": ("F32", r, N) for q, r in (("q", 8), ("v", 64))}
        | {f"{q}.lora_B.weight": ("F32", M, r) for q, r in (("q", 8), ("v", 64))},
        [LAYER, LAYER],
    ),
    "AdaLoRA": ({"q.lora_A": ("F32", 12, N), "q.lora_B": ("F32", M, 12), "q.lora_E": ("F32", 12, 1)}, ([LAYER], NAMES)),
    "MLX": ({"q.lora_a": ("F16", N, 8), "q.lora_b": ("F16", 8, M)}, "under other names"),
    "kohya": (
        {"te_q.lora_down.weight": ("F16", 8, N), "te_q.lora_up.weight": ("F16", M, 8), "te_q.alpha": ("F16",)},
        ("names", "names", "0 axes"),
    ),
    "diffusers before PEFT": (
        {"a.processor.to_q_lora.down.weight": ("F16", 4, N), "a.processor.to_q_lora.up.weight": ("F16", M, 4)},
        "is a factor of an adapter under other names",
    ),
    "DoRA of LyCORIS": ({"te_q.dora_scale": ("F16", M, 1)}, NAMES),
    "IA3": ({"k.ia3_l.default": ("F32", M, 1), "m.ia3_l": ("F32", 1, N)}, NAMES),
    "LoHa of a convolution": (
        {
            **{f"c.hada_w{k}_{f}": ("F32", *s) for k in (1, 2) for f, s in (("a", (8, 8)), ("b", (8, N)))},
            **{f"c.hada_t{k}": ("F32", 8, 8, 3, 3) for k in (1, 2)},
        },
        ("is a part",) * 4 + ("4 axes",) * 2,
    ),
    "HRA, Bone and VB-LoRA": (
        {"q.hra_u": ("F32", N, 8), "q.bone_block": ("F32", 8, M), "vblora_vector_bank.default": ("F32", 256, 64)},
        NAMES,
    ),
    "LoHa with the name of an adapter": ({"q.hada_w2_b.default": ("F32", 8, N)}, NAMES),
    "GPT-2 stores inputs times outputs": (
        {f"h.0.{name}.weight": ("F32", *s) for name, s in (("attn.c_attn", (64, 192)), ("mlp.c_proj", (256, 64)))},
        [(192, 64), (64, 256)],
    ),
    "nanoGPT does not": (
        {f"h.0.{name}.weight": ("F32", *s) for name, s in (("attn.c_attn", (192, 64)), ("mlp.c_proj", (64, 256)))},
        [(192, 64), (64, 256)],
    ),
    "experts in one tensor": ({"mlp.experts.gate_up_proj": ("BF16", 8, N, 2 * M)}, "3 axes"),
    "embeddings": ({f"{name}.weight": ("BF16", 50_000, M) for name in EMBEDDINGS}, "is an embedding, by its name"),
    "a position table": (
        {
            "a.relative_position_bias_table": ("F32", 169, 3),
            "a.rel_pos_h": ("F32", 127, 64),
            "r.cos_cached": ("F32", 64, 8),
        },
        "is a table of positions or a parameter of a recurrence",
    ),
    "a recurrence": (
        {"mixer.A_log": ("F32", N, 16), "att.time_faaaa": ("F32", 32, 64), "att.time_decay": ("F32", 32, 64)},
        "is a table of positions or a parameter of a recurrence",
    ),
    "norms as columns": ({"a.norm1.weight": ("F32", M, 1), "ln_f.weight": ("F32", 1, M)}, "is a norm, by its name"),
    "an optimiser": (
        {"state.0.exp_avg": ("F32", M, N), "state.0.exp_avg_sq": ("F32", M, N), "q.momentum_buffer": ("F32", M, N)},
        "is what an optimiser remembers",
    ),
    "flattened": ({"_fsdp_wrapped_module._flat_param": ("F32", 12_345)}, "1 axis"),
    "HQQ": (
        {"q.W_q": ("U8", M, N // 2), "q.scale": ("F16", M * N // 64, 1), "q.zero": ("F16", M * N // 64, 1)},
        (PACKED, SCALES, SCALES),
    ),
    "quanto": ({"q.weight._data": ("I8", M, N), "q.weight._scale": ("F16", M, 1)}, (PACKED, SCALES)),
    "EETQ": ({"q.weight": ("I8", N, M), "q.weight_scales": ("F16", 1, M)}, (PACKED, SCALES)),
    "NVFP4": (
        {"q.weight": ("U8", M, N // 2), "q.weight_scale": ("F8_E4M3", M, N // 16), "q.weight_scale_2": ("F32",)},
        (PACKED, SCALES, "0 axes"),
    ),
    "compressed tensors": (
        {"q.weight_packed": ("I32", M, N // 8), "q.weight_scale": ("BF16", M, 16), "q.weight_shape": ("I64", 2)},
        (PACKED, SCALES, "1 axis"),
    ),
    "FP8": ({"q.weight": ("F8_E4M3", M, N), "q.weight_scale_inv": ("F32", 6, 16)}, ([LAYER], SCALES)),
    "Marlin": ({"q.qweight": ("I32", N // 16, 2 * M), "q.scales": ("F16", 16, M)}, (PACKED, SCALES)),
    "GPTQ whose index is of another layer": (
        {"q.qweight": ("I32", N // 8, M), "q.g_idx": ("I32", N - 1), "q.scales": ("F16", 16, M)},
        (PACKED, "1 axis", SCALES),
    ),
    "GPTQ whose zeros are not packed": (
        {"q.qweight": ("I32", N // 8, M), "q.qzeros": ("I32", 16, M), "q.scales": ("F16", 16, M)},
        (PACKED, PACKED, SCALES),
    ),
    "AWQ with scales of three layers": (
        {"q.qweight": ("I32", N, M // 8), "q.scales": ("F16", 16, 3 * M)},
        (PACKED, SCALES),
    ),
    "complex numbers": ({"s4.C": ("C64", M, N)}, "holds C64"),
    "nothing but norms": ({"norm.weight": ("F32", M), "norm.bias": ("F32", M)}, "1 axis"),
}


@pytest.mark.parametrize(("parts", "answer"), ODD.values(), ids=ODD)
def test_a_header_gives_the_shape_of_its_layer_or_a_reason(tmp_path, capsys, parts, answer):
    """Each was a layer of another shape, before its line was read, or might become one with it. GPTQ keeps scales of 16
    x 2048 for a layer of 2048 x 2048. Catches what counts as a layer of its own shape."""
    path = safetensors(tmp_path / "a.safetensors", parts)
    found = parse(path)
    parts = answer if isinstance(answer, tuple) else (answer,)
    reasons = [part for part in parts if isinstance(part, str)]
    shapes = next((part for part in parts if isinstance(part, list)), [])
    assert [shape for _, shape in found.matrices] == shapes
    wanted = reasons * len(found.left_out) if len(reasons) == 1 else reasons
    assert len(wanted) == len(found.left_out) or not shapes
    assert all(reason in line for reason, line in zip(wanted, found.left_out, strict=False)), found.left_out
    assert main(["advise", path]) == (0 if shapes else 2)
    assert shapes or reasons[0] in capsys.readouterr().err
