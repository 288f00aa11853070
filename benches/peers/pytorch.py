"""The models of the bench `loop_overhead` in PyTorch on the CPU; prints milliseconds a step as JSON.

Same data, sizes of the parts, batch, optimiser and seed as Joulelab's defaults. The data lies in memory as tensors, and
the timed loop does nothing but gather, forward, loss, backward and step.
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

DATA = Path(__file__).resolve().parents[2] / "assets" / "datasets" / "digits.csv.gz"
BATCH = 64
TEST_FRACTION = 0.2
WARM_UP_STEPS = 50

MODELS = {
    "cnn": lambda: nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(128, 10),
    ),
    "mlp": lambda: nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10)),
}


def load(seed):
    """Training and test samples with labels, normalised by the training part's mean and deviation."""
    table = np.loadtxt(DATA, delimiter=",", dtype=np.float32)
    table = table[np.random.default_rng(seed).permutation(len(table))]
    samples, labels = table[:, :-1], table[:, -1].astype(np.int64)
    held = round(len(table) * TEST_FRACTION)
    samples = (samples - samples[held:].mean()) / samples[held:].std()
    samples, labels = torch.from_numpy(samples), torch.from_numpy(labels)
    return samples[held:], labels[held:], samples[:held], labels[:held]


def train(build, data, args, steps=None):
    """Trains from scratch; milliseconds a step and the share of test samples got right."""
    samples, labels, test_samples, test_labels = data
    torch.manual_seed(args.seed)
    model, loss_of = build(), nn.CrossEntropyLoss()
    optimiser = torch.optim.Adam(
        model.parameters(), lr=0.003, betas=(0.9, 0.999), eps=1e-8, fused=args.fused or None
    )
    per_epoch = len(samples) // BATCH
    orders = [torch.randperm(len(samples)).split(BATCH)[:per_epoch] for _ in range(args.epochs)]
    batches = [batch for order in orders for batch in order][:steps]
    begun = time.perf_counter()
    for batch in batches:
        optimiser.zero_grad()
        loss_of(model(samples[batch]), labels[batch]).backward()
        optimiser.step()
    ms_per_step = (time.perf_counter() - begun) * 1e3 / len(batches)
    model.eval()
    with torch.no_grad():
        accuracy = (model(test_samples).argmax(1) == test_labels).float().mean().item()
    return ms_per_step, accuracy


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=[*MODELS, "all"], default="all")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--fused", action="store_true", help="Adam's fused kernel, which is not the default")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    data = load(args.seed)
    models = {}
    for name in MODELS if args.model == "all" else [args.model]:
        train(MODELS[name], data, args, WARM_UP_STEPS)
        rounds = [train(MODELS[name], data, args) for _ in range(args.rounds)]
        models[name] = {
            "ms_per_step": statistics.median(ms for ms, _ in rounds),
            "test_accuracy": rounds[-1][1],
        }
    print(json.dumps({"torch": torch.__version__, "threads": args.threads, "models": models}))


if __name__ == "__main__":
    main()
