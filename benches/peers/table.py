"""Steps a second and joules a sample of Joulelab and of PyTorch for an MLP, ResNet-18 and a Transformer, on one device, as a
Markdown table. All take turns, so that they meet the same machine.

    python benches/peers/table.py --joulelab target/release/joulelab                      # the CPU
    python benches/peers/table.py --joulelab target/release/joulelab --device 0 --torch cuda

Other builds of the program, and other settings of it, are rows beside it:

    python benches/peers/table.py --joulelab target/release/joulelab --device 0 --sizes small \\
        --variant "without fusion=../other/target/release/joulelab" \\
        --variant "balanced=target/release/joulelab,CUBECL_AUTOTUNE_LEVEL=balanced"

Energy is that of all parts of the machine which Joulelab's meters answer for; the grade says how good it is. Of PyTorch, that of
a run less that of one with a third of the steps, so that its start is not in it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "models.py"
DATA = ["-d", "shapes", "--set", "dataset.size=32", "--set", "dataset.channels=3"]
# For each model its size (of hidden layers, of the first stage, of a position), its depth, the batch, and steps that take some
# seconds: `full` keeps a graphics card busy, `small` is for adapters that compute on the processor.
SIZES = {
    "full": {"mlp": (512, 2, 128, 300), "resnet18": (64, 18, 64, 6), "transformer": (256, 4, 64, 45)},
    "small": {"mlp": (256, 2, 64, 100), "resnet18": (16, 18, 16, 6), "transformer": (64, 2, 16, 30)},
}


def flags_of(model, width, depth):
    """What makes Joulelab's model."""
    return {
        "mlp": ["-m", "mlp", "--hidden", ",".join([str(width)] * depth)],
        "resnet18": ["-m", "resnet", "--set", f"model.width={width}"],
        "transformer": [
            "-m", "transformer", "--set", f"model.width={width}", "--set", f"model.depth={depth}",
            "--set", "model.heads=8",
        ],
    }[model]


def output_of(command, settings=None):
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(settings or {})})
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


class Variant:
    """A build of Joulelab with settings of its environment."""

    def __init__(self, name, program, settings=()):
        self.name, self.program = name, program
        self.settings = dict(setting.split("=", 1) for setting in settings)

    @staticmethod
    def parsed(text):
        name, _, rest = text.partition("=")
        program, *settings = rest.split(",")
        if not program or not all("=" in setting for setting in settings):
            raise argparse.ArgumentTypeError(f"{text}: not NAME=PROGRAM or NAME=PROGRAM,KEY=VALUE,..")
        return Variant(name, program, settings)

    def train(self, args, flags, batch, steps):
        """Parameters, steps a second, joules a step with their grade."""
        command = [
            self.program, "run", "--json", "-q", "--idle", "0", "--device", args.device, *DATA, *flags,
            "-b", str(batch), "--steps", str(steps), "--evaluate-steps", str(10**9),
        ]
        details = json.loads(output_of([*command, "--library", args.library], self.settings))
        parts = {meter["id"] for meter in details["meters"] if meter["info"]["role"] == "part"}
        (train,) = [total for total in details["totals"] if total["phase"] == "train"]
        figures = [energy["figure"] for energy in train["energies"]]
        figures = [f for f in figures if f["meter"] in parts and f["energy_j"]]
        plan = json.loads(output_of([self.program, "info", "--json", *DATA, *flags]))["plan"]
        parameters = sum(layer.get("parameters", 0) for layer in plan["layers"])
        joules = sum(figure["energy_j"]["value"] for figure in figures)
        grade = max((figure["grade"] for figure in figures), default="-")
        return parameters, steps / details["summary"]["json"]["train_s"], joules / steps, grade


def pytorch(args, model, width, depth, batch, steps):
    """Parameters, steps a second, joules a step."""
    def run(steps):
        with tempfile.TemporaryDirectory() as folder:
            totals = Path(folder) / "totals.json"
            said = output_of([
                args.joulelab, "power", "--device", args.device, "--output", totals, "--",
                sys.executable, SCRIPT, "--model", model, "--width", str(width), "--depth", str(depth),
                "--steps", str(steps), "--batch", str(batch), "--device", args.torch,
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
    parser.add_argument("--name", default="as built", help="what its rows are called beside those of variants")
    parser.add_argument("--variant", action="append", type=Variant.parsed, default=[], metavar="NAME=PROGRAM[,KEY=VALUE..]",
                        help="a row for another build, or for settings of the environment; may be repeated")
    parser.add_argument("--device", default="cpu", help="as of `joulelab devices`")
    parser.add_argument("--torch", default="cpu", help="the same device for PyTorch: cpu, cuda or mps; none to leave it out")
    parser.add_argument("--sizes", choices=[*SIZES], default="full")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="times the steps; above 1 on a fast device")
    parser.add_argument("--models", nargs="+", choices=[*SIZES["full"]], default=[*SIZES["full"]])
    args = parser.parse_args()
    variants = [Variant(args.name, args.joulelab), *args.variant]
    print("| model, batch | parameters | build | Joulelab steps/s | J a sample | PyTorch steps/s | J a sample | ratio of steps/s |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        args.library = str(Path(folder) / "library.sqlite")
        for model in args.models:
            width, depth, batch, steps = SIZES[args.sizes][model]
            flags, steps = flags_of(model, width, depth), max(int(steps * args.scale), 3)
            own, peer = [[] for _ in variants], []
            for _ in range(args.rounds):
                for variant, rounds in zip(variants, own):
                    rounds.append(variant.train(args, flags, batch, steps))
                if args.torch != "none":
                    peer.append(pytorch(args, model, width, depth, batch, steps))
            for variant, rounds in zip(variants, own):
                row(f"{model} {width}, {batch}", variant, batch, rounds, peer)


def row(model, variant, batch, own, peer):
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
    print(f"| {model} | {parameters:,} | {variant.name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
