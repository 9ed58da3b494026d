"""What the quantities of a network are called, as the texts do: Z1, A1, P1, ... up to the loss."""

from __future__ import annotations

from digitscope.network.network import Network
from digitscope.network.spec import KINDS

__all__ = ["output_symbols", "subscript"]

LETTERS = {
    "dense": "Z",
    "conv2d": "Z",
    "activation": "A",
    "max_pool2d": "P",
    "flatten": "F",
    "dropout": "D",
    "batch_norm": "N",
}


def output_symbols(network: Network) -> list[str]:
    """A name for what leaves each layer: a letter for its kind, and the number of the last layer
    that has weights, which is in their names too.

    >>> output_symbols(Network.initialize("28x28-8c5-p2-10"))
    ['Z1', 'A1', 'P1', 'F1', 'Z2']
    """
    spec, number, symbols = network.spec, 0, list[str]()
    for layer, names in zip(spec.layers, spec.weight_names, strict=True):
        number += bool(names)
        symbol = f"{LETTERS[KINDS[type(layer)]]}{number}"
        while symbol in symbols:
            symbol += "'"
        symbols.append(symbol)
    return symbols


def subscript(symbol: str) -> str:
    """A name with its number marked as a subscript; names of weights may be Greek.

    >>> subscript("dW12"), subscript("gamma3"), subscript("X")
    ('dW_{12}', 'γ_{3}', 'X')
    """
    letters = symbol.rstrip("'").rstrip("0123456789")
    rest = symbol[len(letters) :]
    for word, letter in (("gamma", "γ"), ("beta", "β")):
        letters = letters.replace(word, letter)
    return f"{letters}_{{{rest}}}" if rest else letters
