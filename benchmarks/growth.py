"""How the time of a gradient and the memory of a fit grow with the number of cities, on simulated countries."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from book import Place
from measure import LONGEST, Found, Part, end, number

from jingjinji.fits import sampler

YEARS = 10
COPIES = {13: 1, 52: 4, 104: 8, 338: 26}
"""Cities of a simulated country -> how often it repeats the thirteen of the book."""
STATIONS, HOURS = 10_000, 8766
DRAWS_OF_A_CHAIN = 900
"""Warm-up and the first look of the gate."""


def growth(place: Place) -> Part:
    """A line for each number of cities, how a gradient grows, and what stations by the hour would take."""
    sizes = list(COPIES)
    made = {}
    for first in range(0, len(sizes), 2):
        made |= countries(sizes[first : first + 2])
    runs = {cities: run for cities, run in made.items() if isinstance(run, dict)}
    found = {f"country-{cities}": run if isinstance(run, str) else country(run) for cities, run in made.items()}
    few, many = min(COPIES), max(COPIES)
    if not {few, many} <= runs.keys():
        return Part(found | {"growth": f"the countries of {few} and of {many} cities are both needed"})
    ratio = runs[many]["gradient"] / runs[few]["gradient"]
    found["growth"] = Found(ratio, f"{many // few} times the cities")
    return Part(found, on_paper(runs))


def countries(sizes: list[int]) -> dict[int, dict | str]:
    """What is measured with each number of cities, or why nothing was: compiled side by side, measured one by one."""
    started = {cities: begun("country", COPIES[cities], YEARS) for cities in sizes}
    try:
        for process in started.values():
            process.stdout.readline()  # it is compiled, or has failed
        made = {}
        for cities, process in started.items():
            try:
                made[cities] = ended(process)
            except RuntimeError as error:
                made[cities] = str(error)
        return made
    finally:
        for process in started.values():
            end(process)


def country(run: dict) -> Found:
    note = (
        f"compiled in {run['compile']:.0f} s beside another, {run['draws']} draws of one chain in "
        f"{run['sampling']:.1f} s, at most {run['memory'] / 1e9:.2f} GB"
    )
    return Found(run["gradient"] * 1e6, note)


def on_paper(runs: dict[int, dict]) -> str:
    """What stations by the hour would take for a year, in words, from straight lines through the measured sizes."""
    values = np.array([cities * YEARS * 12 for cities in runs])
    seconds, _ = np.polyfit(values, [run["gradient"] for run in runs.values()], 1)
    room, _ = np.polyfit(values, [run["memory"] for run in runs.values()], 1)
    largest = runs[max(runs)]
    gradients = largest["sampling"] / largest["draws"] / largest["gradient"]
    asked = STATIONS * HOURS
    days = asked * seconds * gradients * DRAWS_OF_A_CHAIN / 86400
    return (
        f"On paper: {STATIONS:,} stations by the hour are {asked / 1e6:.1f} million values a year. At the "
        f"{number(seconds * 1e9)} ns and {number(room)} bytes that each further value costs here, a gradient would "
        f"take {number(asked * seconds)} s and a fit {number(asked * room / 1e9)} GB; with {number(gradients)} "
        f"gradients a draw, as with {max(runs)} cities, a chain of {DRAWS_OF_A_CHAIN} draws would take "
        f"{number(days)} days.\n"
    )


def in_own_process(*arguments: str | int) -> dict:
    """What `worker.py` measures, in a process of its own; RuntimeError with its last words where it fails."""
    return ended(begun(*arguments))


def begun(*arguments: str | int) -> subprocess.Popen:
    command = [sys.executable, str(Path(__file__).with_name("worker.py")), *map(str, arguments)]
    environment = sampler.environment() | {"JINGJINJI_DRAWS": "full"}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            env=environment)  # fmt: skip


def ended(process: subprocess.Popen) -> dict:
    """The last line of a worker, which goes on after a line of input."""
    words = " ".join(process.args[2:])
    try:
        out, errors = process.communicate("\n", timeout=LONGEST)
    except subprocess.TimeoutExpired:
        end(process)
        raise RuntimeError(f"'{words}' had not ended after {LONGEST} s") from None
    if process.returncode:
        print(errors[-3000:], file=sys.stderr)
        raise RuntimeError(f"'{words}' failed: {(errors.splitlines() or [''])[-1]}")
    return json.loads(out.splitlines()[-1])
