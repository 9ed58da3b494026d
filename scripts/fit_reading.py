"""Fit the weights of digitscope/reading/scores.py to a model, and say how well it reads strings.

    python scripts/fit_reading.py [--model reader] [--strings 400] [--part validation] [--alone]

Strings are composed (digitscope/synthesis/strings.py) of MNIST's training digits that the recipe
held out of the training; half of them are fitted to, the other half judge. What is fitted is the
log of the probability that the lattice gives the true string (L. R. Rabiner's forward sums), with a
floor, so that strings that no way through the lattice can give count for little. Fitted are the
weights of lines that are judged twice (AMONG), with `--alone` those of lines that one network
judges (WEIGHTS). `--part test` fits nothing: it measures the weights as they stand on strings of
MNIST's test digits.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import replace

import numpy as np

from digitscope.arrays import Floats, Images, Labels
from digitscope.data.mnist import load_mnist
from digitscope.evaluation.calibration import measure_calibration
from digitscope.models.model import load
from digitscope.models.neighbours import load_neighbours
from digitscope.reading.lattice import Lattice, backward, forward
from digitscope.reading.scores import AMONG, DROPPED, NONE, WEIGHTS, evidence, scores
from digitscope.reading.strings import lattices
from digitscope.reading.telling import tell as told
from digitscope.synthesis.strings import KINDS, ComposedString, compose_strings
from digitscope.training.recipe import SETTINGS, Recipe
from digitscope.training.split import split_for

FLOOR = 1e-3  # a string's probability counts as at least so much
ROUNDS, STEP = 60, 0.15
KEEP = 1e-3  # how strongly the weights are held to where they begin

Case = tuple[ComposedString, Lattice]


def main() -> None:
    """Fit, or measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="reader")
    parser.add_argument("--strings", type=int, default=400)
    parser.add_argument("--part", choices=("validation", "test"), default="validation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--alone", action="store_true", help="no second look among the neighbours")
    options = parser.parse_args()
    model = load(options.model)
    judges = model.judge, None if options.alone else load_neighbours().judge
    if options.part == "test":
        tell(read(judges, *load_mnist("test"), options.strings, options.seed))
        return
    known = {name: value for name, value in model.recipe.items() if name in SETTINGS}
    held_out = split_for(Recipe(**known)).validation
    assert held_out is not None
    half = len(held_out.labels) // 2
    fitted = read(judges, held_out.images[:half], held_out.labels[:half], options.strings, 1)
    judged = read(judges, held_out.images[half:], held_out.labels[half:], options.strings, 2)
    tell(judged)
    weights = WEIGHTS if options.alone else AMONG
    fit([case for case in fitted if of(case[1]) is weights], weights)
    print({name: round(value, 2) for name, value in weights.items()})
    tell([(string, weighed(lattice)) for string, lattice in judged])


def of(lattice: Lattice) -> dict[str, float]:
    """The weights that its scores come of."""
    return WEIGHTS if lattice.among is None else AMONG


def read(judges, images: Images, labels: Labels, n: int, seed: int) -> list[Case]:  # type: ignore[no-untyped-def]
    """Composed strings with their lattices."""
    strings = compose_strings(n, np.random.default_rng(seed), images, labels)
    began = time.perf_counter()
    found: list[Case] = []
    for i in range(0, n, 50):
        part = strings[i : i + 50]
        found += zip(part, lattices([s.image for s in part], *judges), strict=True)
    segments = sum(len(lattice.segments) for _, lattice in found)
    seconds = time.perf_counter() - began
    print(f"{n} strings, {segments / n:.0f} segments and {seconds / n:.3f} s each")
    return found


def weighed(lattice: Lattice) -> Lattice:
    """The same lattice with the weights as they are now."""
    return replace(lattice, scores=scores(*basis(lattice)))


def basis(lattice: Lattice):  # type: ignore[no-untyped-def]
    """What its scores are made of."""
    height, among = lattice.blots.height, lattice.among
    return lattice.segments, lattice.nodes, height, lattice.probabilities, among


def tell(cases: list[Case]) -> None:
    """How many strings of each kind are exact, and whether the confidence means what it says."""
    right: dict[str, list[bool]] = {kind: [] for kind in KINDS}
    sure: list[float] = []
    every: list[bool] = []
    for string, lattice in cases:
        reading = told(lattice)
        text = reading.text.replace(" ", "")
        right[string.kind].append(text == string.label)
        every.append(text == string.label)
        sure.append(reading.confidence)
    overlap = right["overlap"] + right["touching"]
    for kind, part in (*right.items(), ("overlap or touching", overlap), ("all", every)):
        if part:
            print(f"{kind:20} {100 * np.mean(part):6.2f} % of {len(part)}")
    error = measure_calibration(np.array(sure), np.array(every)).error
    print(f"{'calibration error':20} {100 * error:6.2f} % of the strings' confidence")


def fit(cases: list[Case], weights: dict[str, float]) -> None:
    """Change the weights to those with which the true strings are most probable: Adam on all
    strings at once.
    """
    begun = np.array(list(weights.values()))
    w, m, v = begun.copy(), np.zeros_like(begun), np.zeros_like(begun)
    x = [evidence(*basis(lattice)) for _, lattice in cases]
    for i in range(1, ROUNDS + 1):
        weights.update(zip(weights, w.tolist(), strict=True))
        g = -2 * KEEP * (w - begun)
        for (string, lattice), evidences in zip(cases, x, strict=True):
            log, slope = _log_and_slope(string, weighed(lattice), evidences)
            p = math.exp(log)
            g += p / (p + FLOOR) * slope / len(cases)
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
        step = STEP * (1 - i / (ROUNDS + 1))
        w = w + step * (m / (1 - 0.9**i)) / (np.sqrt(v / (1 - 0.99**i)) + 1e-8)
    weights.update(zip(weights, w.tolist(), strict=True))


def _log_and_slope(string: ComposedString, lattice: Lattice, x: Floats) -> tuple[float, Floats]:
    """The log of the true string's probability, and its derivative by the weights."""
    labels = tuple(map(int, string.label))
    start, end = lattice.segments.start, lattice.segments.end
    ahead, behind = forward(lattice), backward(lattice)
    shares = np.exp(ahead[start, None] + lattice.scores[:, :NONE] + behind[end, None] - ahead[-1])
    every = np.einsum("ed,edf->f", shares, x)
    before, after = _string_sums(lattice, labels)
    total = before[-1, -1]
    if total == -np.inf:
        return -np.inf, np.zeros_like(every)
    logs = before[start, :-1] + lattice.scores[:, list(labels)] + after[end, 1:] - total
    true = np.einsum("ek,ekf->f", np.exp(logs), x[:, list(labels)])
    return float(total - ahead[-1]), true - every


def _string_sums(lattice: Lattice, labels: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Logs of the sums over all ways to each node that give the first k labels, and from each node
    on that give the rest, float64 [nodes, k + 1] both.
    """
    wanted, dropped = lattice.scores[:, list(labels)], lattice.scores[:, DROPPED, None]
    before = np.full((len(lattice.nodes), len(labels) + 1), -np.inf)
    after = before.copy()
    before[0, 0] = after[-1, -1] = 0
    start = lattice.segments.start
    for node, edges in enumerate(lattice.into):
        if edges.stop > edges.start:
            there = before[start[edges]]
            before[node] = np.logaddexp.reduce(there + dropped[edges], axis=0)
            longer = np.logaddexp.reduce(there[:, :-1] + wanted[edges], axis=0)
            before[node, 1:] = np.logaddexp(before[node, 1:], longer)
    for node in range(len(lattice.nodes) - 1, 0, -1):
        edges = lattice.into[node]
        there = after[node] + dropped[edges]
        there[:, :-1] = np.logaddexp(there[:, :-1], after[node, 1:] + wanted[edges])
        after[start[edges]] = np.logaddexp(after[start[edges]], there)
    return before, after


if __name__ == "__main__":
    main()
