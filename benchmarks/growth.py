"""How the time of a gradient and the memory of a fit grow with the number of cities, on simulated countries."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from book import Place
from measure import LONGEST, Found, Part, number

from jingjinji import sampler

YEARS = 10
COPIES = {13: 1, 52: 4, 104: 8, 338: 26}
"""Cities of a simulated country -> how often it repeats the thirteen of the book."""
STATIONS, HOURS = 10_000, 8766
DRAWS_OF_A_CHAIN = 900
"""Warm-up and the first look of the gate."""


def growth(place: Place) -> Part:
    """A line for each number of cities, how a gradient grows, and what stations by the hour would take."""
    runs, found = {}, {}
    for cities, copies in COPIES.items():
        try:
            runs[cities] = in_own_process("country", copies, YEARS)
            found[f"country-{cities}"] = country(runs[cities])
        except RuntimeError as error:
            found[f"country-{cities}"] = str(error)
    few, many = min(COPIES), max(COPIES)
    if not {few, many} <= runs.keys():
        return Part(found | {"growth": f"the countries of {few} and of {many} cities are both needed"})
    ratio = runs[many]["gradient"] / runs[few]["gradient"]
    found["growth"] = Found(ratio, f"{many // few} times the cities")
    return Part(found, on_paper(runs))


def country(run: dict) -> Found:
    note = (
        f"compiled in {run['compile']:.0f} s, {run['draws']} draws of one chain in {run['sampling']:.1f} s, "
        f"at most {run['memory'] / 1e9:.2f} GB"
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
    command = [sys.executable, str(Path(__file__).with_name("worker.py")), *map(str, arguments)]
    environment = sampler.environment() | {"JINGJINJI_DRAWS": "full"}
    try:
        result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"'{' '.join(map(str, arguments))}' had not ended after {LONGEST} s") from None
    if result.returncode:
        print(result.stderr[-3000:], file=sys.stderr)
        raise RuntimeError(f"'{' '.join(map(str, arguments))}' failed: {(result.stderr.splitlines() or [''])[-1]}")
    return json.loads(result.stdout.splitlines()[-1])
