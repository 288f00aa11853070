"""The cases of the bench `convolution` in PyTorch on the CPU; prints for each [forward, input gradient, weight gradient,
training] in ms, as JSON.

A case is `batch,channels in,channels out,side,kernel,stride,groups`.
"""

import argparse
import json
import os
import statistics
import time

import torch

MEASURE_S = 0.3


def median_ms(work):
    work()
    begun = time.perf_counter()
    work()
    times = min(max(int(MEASURE_S / (time.perf_counter() - begun)), 3), 200)
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begun) * 1e3)
    return statistics.median(taken)


def measure(case):
    batch, channels, to, side, kernel, stride, groups = map(int, case.split(","))
    padding = kernel // 2
    out = (side + 2 * padding - kernel) // stride + 1
    x = torch.randn(batch, channels, side, side, requires_grad=True)
    weight = torch.randn(to, channels // groups, kernel, kernel, requires_grad=True)
    bias = torch.zeros(to, requires_grad=True)
    grad = torch.randn(batch, to, out, out)

    def forward():
        return torch.conv2d(x, weight, bias, stride, padding, 1, groups)

    def backward(mask):
        geometry = ([stride] * 2, [padding] * 2, [1, 1], False, [0, 0], groups)
        return torch.ops.aten.convolution_backward(grad, x, weight, [to], *geometry, mask)

    def training():
        x.grad = weight.grad = bias.grad = None
        (forward() * grad).sum().backward()

    with torch.no_grad():
        parts = [
            median_ms(forward),
            median_ms(lambda: backward([True, False, False])),
            median_ms(lambda: backward([False, True, False])),
        ]
    return [*parts, median_ms(training)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="+")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(json.dumps([measure(case) for case in args.cases]))


if __name__ == "__main__":
    main()
