"""Everyone who trains the same network: one file each, one table."""

from __future__ import annotations

from importlib import import_module

from common.serving import limit_threads
from common.work import Work
from peers.peer import Peer, Row

PEERS = {
    "fast": Row("digitscope, engine fast", "peers.ours:fast", 1, "compiled kernels"),
    "fast-2": Row("digitscope, engine fast", "peers.ours:fast", 2, "compiled kernels"),
    "numpy": Row("digitscope, engine numpy", "peers.ours:numpy", 1, "the readable engine"),
    "products-1": Row(
        "the bare products", "peers.products:Products", 1, "five products a batch, no training"
    ),
    "products": Row(
        "the bare products", "peers.products:Products", 2, "five products a batch, no training"
    ),
    "buffers": Row(
        "NumPy, reused buffers", "peers.buffers:Buffers", 2, "float32, allocates nothing"
    ),
    "textbook": Row("NumPy, textbook", "peers.textbook:Textbook", 2, "float64, as lessons have it"),
    "sklearn": Row(
        "scikit-learn", "peers.scikit:Scikit", 2, "MLPClassifier.partial_fit; checks, a velocity"
    ),
    "keras-tensorflow": Row("Keras on TensorFlow", "peers.keras_fit:on_tensorflow", 2, "fit"),
    "keras-jax": Row("Keras on JAX", "peers.keras_fit:on_jax", 2, "fit"),
    "keras-torch": Row("Keras on PyTorch", "peers.keras_fit:on_torch", 2, "fit"),
    "torch": Row("PyTorch", "peers.torch_eager:TorchEager", 2, "eager"),
    "jax": Row("JAX", "peers.jax_scan:JaxScan", 2, "one jitted scan an epoch"),
}

__all__ = ["PEERS", "Peer", "Row", "make_peer"]


def make_peer(name: str, work: Work) -> Peer:
    """A candidate in this process, which from now on has as many threads as the row says."""
    row = PEERS[name]
    module, _, attribute = row.where.partition(":")
    limit_threads(row.threads)
    peer: Peer = getattr(import_module(module), attribute)(work)
    return peer
