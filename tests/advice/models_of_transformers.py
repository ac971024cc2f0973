"""Of random models of transformers, saved, the layers that are read are their linear layers. It runs by its name:
``.ci/others``. Tried with transformers 5.24.0 and torch 2.13.0."""

from collections import Counter

import pytest
import torch
import transformers

from rac_theory.advice.model_shapes import parse

SMALL = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "vocab_size": 99,
    "pad_token_id": 0,
}
VISION = {"image_size": 32, "patch_size": 8}
ENCODER = {"encoder_layers": 2, "encoder_ffn_dim": 48, "encoder_attention_heads": 4}
DECODER = {"decoder_layers": 2, "decoder_ffn_dim": 48, "decoder_attention_heads": 4}
KINDS = {
    "Llama": SMALL,
    "Qwen2": SMALL,
    "Gemma2": SMALL,
    "Phi3": SMALL,
    "Falcon": {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 99},
    "GPTNeoX": SMALL,
    "GPT2": {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 99},
    "GPTJ": {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 99, "rotary_dim": 4},
    "OPT": SMALL | {"ffn_dim": 48, "word_embed_proj_dim": 32},
    "Bloom": {"hidden_size": 32, "n_layer": 2, "n_head": 4, "vocab_size": 99},
    "Bert": SMALL,
    "Roberta": SMALL,
    "DebertaV2": SMALL | {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "T5": {"d_model": 32, "d_kv": 8, "d_ff": 48, "num_layers": 2, "num_heads": 4, "vocab_size": 99},
    "Bart": ENCODER | DECODER | {"d_model": 32, "vocab_size": 99},
    "Mamba": {"hidden_size": 32, "state_size": 4, "num_hidden_layers": 2, "vocab_size": 99},
    "Rwkv": {"hidden_size": 32, "attention_hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 99},
    "ViT": SMALL | VISION,
    "Swin": VISION | {"patch_size": 4, "embed_dim": 16, "depths": [1, 1], "num_heads": [2, 2], "window_size": 4},
    "Whisper": ENCODER
    | DECODER
    | {"d_model": 32, "vocab_size": 99, "num_mel_bins": 8}
    | {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1},
    "Wav2Vec2": SMALL
    | {
        "conv_dim": [16],
        "conv_kernel": [3],
        "conv_stride": [2],
        "num_feat_extract_layers": 1,
        "num_conv_pos_embeddings": 4,
        "num_conv_pos_embedding_groups": 2,
    },
}


def shape_of(module):
    """Outputs and inputs of a linear layer."""
    if isinstance(module, torch.nn.Linear):
        return module.out_features, module.in_features
    return (module.nf, module.nx) if type(module).__name__ == "Conv1D" else None


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("kind", KINDS)
def test_the_layers_are_the_linear_layers_of_the_model(tmp_path, kind):
    """By their shapes, as some are saved under other names."""
    config = getattr(transformers, f"{kind}Config")(**KINDS[kind])
    model = transformers.AutoModel.from_config(config)
    model.save_pretrained(tmp_path)
    found = parse(str(tmp_path))
    layers = Counter(shape for module in model.modules() if (shape := shape_of(module)))
    assert Counter(shape for _, shape in found.matrices) == layers, found.left_out
