"""An epoch of `lesson`: the readable engine beside PyTorch's eager loop of the same network.

    python benchmarks/lesson_epoch.py [--epochs 7]

The work: 784-128-10, batches of 128, every image once in a fresh random order, plain gradient
descent, float32, the same first weights and the same order for both. The two take turns, an epoch
each, after one that does not count; PyTorch has all cores, the readable engine its one thread.
Given are the medians and their ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time

import numpy as np
import torch

from digitscope.arrays import to_input
from digitscope.data.mnist import load_mnist
from digitscope.engines import Position, make_engine
from digitscope.network.network import Network
from digitscope.threads import limited_threads
from digitscope.training.recipe import load_recipe
from digitscope.training.run_folder import processor


def torch_twin(network: Network) -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    """The same network and optimizer in PyTorch; its weights are [n_out, n_in]."""
    model = torch.nn.Sequential(
        torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)
    )
    with torch.no_grad():
        for layer, number in ((model[0], 1), (model[2], 2)):
            layer.weight.copy_(torch.from_numpy(network.weights[f"W{number}"].T.copy()))
            layer.bias.copy_(torch.from_numpy(network.weights[f"b{number}"]))
    return model, torch.optim.SGD(model.parameters(), lr=0.1)


def main(epochs: int) -> None:
    """Measure and print."""
    recipe = load_recipe("lesson")
    train, test = load_mnist("train"), load_mnist("test")
    network = Network.initialize(recipe.spec(), 0)
    engine = make_engine("numpy", recipe.problem(), Position.start(network, "sgd"))
    model, optimizer = torch_twin(network)
    X = torch.from_numpy(to_input(train.images, (784,)))
    y = torch.from_numpy(train.labels.astype(np.int64))
    loss = torch.nn.CrossEntropyLoss()

    def ours(order: np.ndarray) -> None:
        images, labels = train.images[order], train.labels[order]
        with limited_threads():
            engine.advance(images, labels, 128, [0.1] * 469, np.random.default_rng)

    def theirs(order: np.ndarray) -> None:
        index = torch.from_numpy(order)
        for i in range(0, 60_000, 128):
            batch = index[i : i + 128]
            optimizer.zero_grad()
            loss(model(X[batch]), y[batch]).backward()
            optimizer.step()

    rng = np.random.default_rng(0)
    seconds: dict[str, list[float]] = {"digitscope numpy": [], "PyTorch eager": []}
    for epoch in range(epochs + 1):
        order = rng.permutation(60_000)
        for name, run in (("digitscope numpy", ours), ("PyTorch eager", theirs)):
            began = time.perf_counter()
            run(order)
            if epoch:
                seconds[name].append(time.perf_counter() - began)
    Z = engine.logits(test.images)
    with torch.no_grad():
        twin = model(torch.from_numpy(to_input(test.images, (784,)))).numpy()
    print(f"{os.cpu_count()} cores, {processor()}, PyTorch {torch.__version__}")
    for name, values in seconds.items():
        spread = f"{min(values):.3f} to {max(values):.3f}"
        print(f"{name:<17} {statistics.median(values):.3f} s an epoch ({spread})")
    ours_, theirs_ = seconds.values()
    ratios = [a / b for a, b in zip(ours_, theirs_, strict=True)]
    print(f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    print(
        f"both after {epochs + 1} epochs: {np.mean(Z.argmax(1) == test.labels):.4f} and "
        f"{np.mean(twin.argmax(1) == test.labels):.4f} of the test images, logits at most "
        f"{np.abs(Z - twin).max():.1e} apart"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=7)
    main(parser.parse_args().epochs)
