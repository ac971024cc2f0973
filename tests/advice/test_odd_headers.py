"""Headers as they come in the field: each gives the shape of its layer, or a reason, and never another answer."""

import pytest

from rac_theory.advice.model_shapes import parse
from rac_theory.commands.cli import main
from tests.advice.headers import safetensors

LAYER = (768, 2048)  # outputs, inputs
M, N = LAYER
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
    "flattened": ({"_fsdp_wrapped_module._flat_param": ("F32", 12_345)}, "1 axes"),
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
        (PACKED, SCALES, "1 axes"),
    ),
    "FP8": ({"q.weight": ("F8_E4M3", M, N), "q.weight_scale_inv": ("F32", 6, 16)}, ([LAYER], SCALES)),
    "Marlin": ({"q.qweight": ("I32", N // 16, 2 * M), "q.scales": ("F16", 16, M)}, (PACKED, SCALES)),
    "GPTQ whose index is of another layer": (
        {"q.qweight": ("I32", N // 8, M), "q.g_idx": ("I32", N - 1), "q.scales": ("F16", 16, M)},
        (PACKED, "1 axes", SCALES),
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
    "nothing but norms": ({"norm.weight": ("F32", M), "norm.bias": ("F32", M)}, "1 axes"),
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
