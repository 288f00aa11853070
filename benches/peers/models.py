"""Trains one of the table's models in PyTorch on random images of 3x32x32, and prints what a step takes as JSON.

The models are those of Joulelab with its defaults: the same layers and, with the same sizes, the same number of parameters,
which is printed so that it can be compared. The images lie on the device; a step gathers a batch, goes forward and backward
and updates the weights with Adam, and nothing in it waits for the device.
"""

import argparse
import json
import os
import time

import torch
from torch import nn

SIDE, CHANNELS, CLASSES = 32, 3, 5
SAMPLES = 4000
WARM_UP_STEPS = 5


def mlp(width, depth):
    layers = [nn.Flatten()]
    wide = CHANNELS * SIDE * SIDE
    for _ in range(depth):
        layers += [nn.Linear(wide, width), nn.ReLU()]
        wide = width
    return nn.Sequential(*layers, nn.Linear(wide, CLASSES))


class Basic(nn.Module):
    """Two 3x3 convolutions and what they are added to (He and others 2016)."""

    def __init__(self, channels, to, stride):
        super().__init__()
        self.first = nn.Conv2d(channels, to, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(to)
        self.second = nn.Conv2d(to, to, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(to)
        self.shortcut = nn.Identity()
        if stride != 1 or channels != to:
            self.shortcut = nn.Sequential(
                nn.Conv2d(channels, to, 1, stride, bias=False), nn.BatchNorm2d(to)
            )

    def forward(self, x):
        y = torch.relu(self.first_norm(self.first(x)))
        return torch.relu(self.second_norm(self.second(y)) + self.shortcut(x))


def resnet18(width, _depth):
    """With the stem for small images: one 3x3 convolution, no pooling."""
    layers = [nn.Conv2d(CHANNELS, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    channels = width
    for stage in range(4):
        for block in range(2):
            to = width * 2**stage
            layers.append(Basic(channels, to, 2 if stage > 0 and block == 0 else 1))
            channels = to
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, CLASSES))


class Transformer(nn.Module):
    """Encoder over the rows of the image, normalised before each part of a block."""

    def __init__(self, width, depth, heads=8):
        super().__init__()
        self.rows = nn.Linear(CHANNELS * SIDE, width)
        self.places = nn.Parameter(torch.randn(SIDE, width) * 0.02)
        block = nn.TransformerEncoderLayer(
            width, heads, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
        )
        # With the fast path for inference off, which training does not take anyway.
        self.blocks = nn.TransformerEncoder(
            block, depth, norm=nn.LayerNorm(width), enable_nested_tensor=False
        )
        self.classes = nn.Linear(width, CLASSES)

    def forward(self, images):
        rows = images.permute(0, 2, 1, 3).flatten(2)
        return self.classes(self.blocks(self.rows(rows) + self.places).mean(1))


MODELS = {"mlp": mlp, "resnet18": resnet18, "transformer": Transformer}


def wait_for(device):
    if device == "cuda":
        torch.cuda.synchronize()
    elif device == "mps":
        torch.mps.synchronize()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", choices=[*MODELS], required=True)
    parser.add_argument("--width", type=int, required=True, help="of hidden layers, of the first stage, of a position")
    parser.add_argument("--depth", type=int, required=True, help="hidden layers or blocks; ResNet-18 has its own")
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--device", default="cpu", help="cpu, cuda (ROCm too) or mps")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    device = args.device
    model = MODELS[args.model](args.width, args.depth).to(device)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.003)
    loss_of = nn.CrossEntropyLoss()
    images = torch.randn(SAMPLES, CHANNELS, SIDE, SIDE, device=device)
    labels = torch.randint(0, CLASSES, (SAMPLES,), device=device)

    def step():
        chosen = torch.randint(0, SAMPLES, (args.batch,), device=device)
        optimiser.zero_grad()
        loss_of(model(images[chosen]), labels[chosen]).backward()
        optimiser.step()

    for _ in range(WARM_UP_STEPS):
        step()
    wait_for(device)
    begun = time.perf_counter()
    for _ in range(args.steps):
        step()
    wait_for(device)
    seconds = time.perf_counter() - begun
    print(json.dumps({
        "torch": torch.__version__,
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps_per_s": args.steps / seconds,
    }))


if __name__ == "__main__":
    main()
