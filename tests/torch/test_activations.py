"""What is added up is what went in, by the inputs themselves: for layers that share them, and of wide ones a sample."""

import numpy as np
import pytest
import torch
from torch import nn

from rac_theory.advice import Curvature, features_in
from rac_theory.torch import Activations


class Attention(nn.Module):
    """Three layers with one input, and one with another."""

    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(5, n) for n in (5, 3, 5, 2))

    def forward(self, x):
        return self.o(self.q(x) + self.v(x) + self.k(x).sum())


_SEEDED = torch.Generator().manual_seed(0)
BATCHES = [torch.randn(*shape, generator=_SEEDED) for shape in ((2, 3, 5), (4, 5))]


def test_the_second_moments_are_those_of_the_inputs(tmp_path):
    """Catches sums that are not divided by the examples, a batch that is left out, and single precision."""
    model = Attention()
    with Activations(model) as seen:
        for batch in BATCHES:
            model(batch)
    model(BATCHES[0])  # no longer watched
    saved = features_in(seen.save(tmp_path / "acts.npz"))
    X = torch.cat([batch.reshape(-1, 5) for batch in BATCHES]).double().numpy()
    assert set(saved) == set("qkvo")
    for name in "qkv":
        np.testing.assert_allclose(saved[name].load(), X.T @ X / 10, rtol=1e-14)
        assert saved[name].examples() == 10
        known, own = saved[name].curvature(), Curvature.of_features(X)
        assert (known.rho, known.L) == pytest.approx((own.rho, own.L), rel=1e-12)
        assert known.condition == pytest.approx(own.condition, rel=1e-9)
    assert np.abs(saved["o"].load() - saved["q"].load()).max() > 0.01


def test_layers_with_one_input_keep_it_once(tmp_path):
    model = Attention()
    with Activations(model) as seen:
        model(BATCHES[0])
        model.o(BATCHES[1])
    assert repr(seen) == "<Activations: 4 layers, 10 examples>"  # of the layer that saw most
    with np.load(seen.save(tmp_path / "acts.npz")) as arrays:
        assert {name for name in arrays if name.endswith("second_moment")} == {"q.second_moment", "o.second_moment"}
        same = {name: str(arrays[name]) for name in arrays if name.endswith("same_as")}
    assert same == {"k.same_as": "q", "v.same_as": "q"}


def test_a_layer_that_stops_to_share_is_refused():
    """Its inputs up to there are those of another: adding them up apart would lose them."""
    model = Attention()
    with Activations(model):
        model(BATCHES[0])
        with pytest.raises(RuntimeError, match=r"k had the inputs of q so far.*only=\['k'\]"):
            model.k(BATCHES[1])
    with Activations(model, only=["k"]) as seen:
        model(BATCHES[0])
        model.k(BATCHES[1])
    assert repr(seen) == "<Activations: 1 layers, 10 examples>"
    assert {*Activations(model, only=["q", "o"])._layers} == {"q", "o"}


def test_of_a_wide_input_rows_are_kept_each_with_the_same_chance(monkeypatch):
    """3 of 12 rows in batches of 5, 6 and 1, 2,000 times: each row is kept a quarter of the time.

    The largest of 12 deviations is beyond 4 standard errors with probability below 12 * 6.4e-5; rows that are kept with
    chance 1/5, as those of the last batch would be if it began to count anew, are off by 5.
    """
    monkeypatch.setattr("rac_theory.torch.activations.LARGEST_SIDE", 1)
    rows, model = torch.arange(12.0).reshape(12, 1).repeat(1, 2), nn.Linear(2, 1)
    kept = np.zeros(12)
    rng = np.random.default_rng(5)
    for _ in range(2_000):
        with Activations(model, rows=3, rng=rng) as seen:
            for batch in torch.split(rows, [5, 6, 1]):
                model(batch)
        sample = seen._records["model"].sample
        assert len(sample) == 3
        kept[sample[:, 0].int().numpy()] += 1
    assert np.abs(kept / 2_000 - 1 / 4).max() < 4 * np.sqrt(3 / 16 / 2_000)


def test_of_an_adapted_model_the_layers_of_the_base_are_watched():
    """By the names that they have without the adapter. Catches factors that count as layers of their own."""
    base = nn.Linear(5, 2)
    layer = nn.Module()
    layer.base_layer, layer.lora_A = base, nn.ModuleDict({"default": nn.Linear(5, 1, bias=False)})
    layer.forward = lambda x: base(x) + layer.lora_A["default"](x)
    model = nn.ModuleDict({"q": layer})
    with Activations(model) as seen:
        layer.forward(BATCHES[1])
    assert repr(seen) == "<Activations: 1 layers, 4 examples>"
    assert list(seen._layers) == ["q"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Activations(nn.ReLU()), "model must have a linear layer, got none"),
        (lambda: Activations(Attention(), only="p"), r"a linear layer with a name in \['p'\], got none"),
        (lambda: Activations(Attention(), rows=0), "rows must be >= 1, got 0"),
        (lambda: Activations(Attention()).save("a.npz"), "a model must run while it is watched"),
        (lambda: Activations(Attention()).save("a.txt"), r"path must end in \.npz, got 'a\.txt'"),
    ],
)
def test_nonsense(call, message):
    with pytest.raises(ValueError, match=message):
        call()
