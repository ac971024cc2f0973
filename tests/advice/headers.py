"""Files of tensors that are headers only."""

import json


def safetensors(path, header, *, length=None, body=b""):
    """Write a header, a mapping or bytes, with the length that it has, or another."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + body)
    return str(path)


def tensor(dtype, *shape):
    """An entry of a header."""
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [0, 0]}
