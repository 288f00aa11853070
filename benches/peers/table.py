"""Steps a second and joules a sample of Joulelab and of PyTorch for an MLP, ResNet-18 and a Transformer, on one device, as a
Markdown table. Both take turns, so that they meet the same machine.

    python benches/peers/table.py --joulelab target/release/joulelab                      # the CPU
    python benches/peers/table.py --joulelab target/release/joulelab --device 0 --torch cuda

Energy is that of all parts of the machine which Joulelab's meters answer for; the grade says how good it is. Of PyTorch, that of
a run less that of one with a third of the steps, so that its start is not in it.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "models.py"
DATA = ["-d", "shapes", "--set", "dataset.size=32", "--set", "dataset.channels=3"]
# Sizes that keep a device busy, and steps that take some seconds each on a CPU of two cores.
CASES = {
    "mlp": (["-m", "mlp", "--hidden", "512,512"], 128, 300),
    "resnet18": (["-m", "resnet"], 64, 6),
    "transformer": (
        ["-m", "transformer", "--set", "model.width=256", "--set", "model.depth=4",
         "--set", "model.heads=8"],
        64, 45,
    ),
}


def output_of(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def joulelab(args, flags, batch, steps):
    """Parameters, steps a second, joules a step with their grade."""
    command = [
        args.joulelab, "run", "--json", "-q", "--idle", "0", "--device", args.device, *DATA, *flags,
        "-b", str(batch), "--steps", str(steps), "--evaluate-steps", str(10**9),
    ]
    details = json.loads(output_of([*command, "--library", args.library]))
    parts = {meter["id"] for meter in details["meters"] if meter["info"]["role"] == "part"}
    (train,) = [total for total in details["totals"] if total["phase"] == "train"]
    figures = [energy["figure"] for energy in train["energies"]]
    figures = [f for f in figures if f["meter"] in parts and f["energy_j"]]
    plan = json.loads(output_of([args.joulelab, "info", "--json", *DATA, *flags]))["plan"]
    parameters = sum(layer.get("parameters", 0) for layer in plan["layers"])
    joules = sum(figure["energy_j"]["value"] for figure in figures)
    grade = max((figure["grade"] for figure in figures), default="-")
    return parameters, steps / details["summary"]["json"]["train_s"], joules / steps, grade


def pytorch(args, model, batch, steps):
    """Parameters, steps a second, joules a step."""
    def run(steps):
        with tempfile.TemporaryDirectory() as folder:
            totals = Path(folder) / "totals.json"
            said = output_of([
                args.joulelab, "power", "--device", args.device, "--output", totals, "--",
                sys.executable, SCRIPT, "--model", model, "--steps", str(steps), "--batch", str(batch),
                "--device", args.torch,
            ])
            energy = json.loads(totals.read_text())["sum"]["energy_j"]
        return json.loads(said), energy and energy["value"]

    few = max(steps // 3, 1)
    said, energy = run(steps)
    _, start = run(few)
    joules = (energy - start) / (steps - few) if energy and start and steps > few else float("nan")
    return said["parameters"], said["steps_per_s"], joules


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--joulelab", required=True, help="the program, built with --release")
    parser.add_argument("--device", default="cpu", help="as of `joulelab devices`")
    parser.add_argument("--torch", default="cpu", help="the same device for PyTorch: cpu, cuda or mps; none to leave it out")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="times the steps; above 1 on a fast device")
    parser.add_argument("--models", nargs="+", choices=[*CASES], default=[*CASES])
    args = parser.parse_args()
    print("| model, batch | parameters | Joulelab steps/s | J a sample | PyTorch steps/s | J a sample | ratio of steps/s |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        args.library = str(Path(folder) / "library.sqlite")
        for model in args.models:
            flags, batch, steps = CASES[model]
            steps = max(int(steps * args.scale), 3)
            own, peer = [], []
            for _ in range(args.rounds):
                own.append(joulelab(args, flags, batch, steps))
                if args.torch != "none":
                    peer.append(pytorch(args, model, batch, steps))
            row(model, batch, own, peer)


def row(model, batch, own, peer):
    median = lambda rounds, column: statistics.median(one[column] for one in rounds)
    parameters, grade = own[0][0], own[0][3]
    cells = [f"{median(own, 1):.2f}", f"{median(own, 2) / batch:.3g} (grade {grade})"]
    if peer:
        if peer[0][0] != parameters:
            sys.exit(f"{model}: {parameters} parameters here, {peer[0][0]} in PyTorch: not the same model")
        ratio = statistics.median(a[1] / b[1] for a, b in zip(own, peer))
        cells += [f"{median(peer, 1):.2f}", f"{median(peer, 2) / batch:.3g}", f"{ratio:.2f}"]
    else:
        cells += ["-", "-", "-"]
    print(f"| {model}, {batch} | {parameters:,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
