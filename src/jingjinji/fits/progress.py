"""What a run shows: how many of how many fits, what is being done, when it will be done, and what took how long."""

import time
from collections import defaultdict

from rich.console import Console
from rich.live import Live
from rich.text import Text

from jingjinji.fits import cluster

STAGES = ("compile", "sample", "findings")
ENDED = ("stored", "not published", "kept")


class Progress:
    """Shows the events of a run: a line for each fit that ended and, on a terminal, what is going on.

    Parameters
    ----------
    wanted : every fit that was asked for.
    todo : those that are missing.
    """

    def __init__(self, wanted, todo):
        self.total, self.todo = len({*wanted, *todo}), list(todo)
        self.expected = cluster.costs(self.todo)
        self.untimed = self.expected.keys() - cluster.timed().keys()
        self.ended: dict[str, dict] = {}
        self.now: dict[str, str] = {}
        self.start = time.monotonic()
        self.console = Console(highlight=False)
        self.live = Live(console=self.console, transient=True, refresh_per_second=2, get_renderable=self._view)

    def __enter__(self):
        if self.todo:
            self._say(f"{len(self.todo)} of {self.total} fits are to be made; {self._left()}.")
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *error):
        self.live.stop()

    def report(self, event: dict) -> None:
        fit = event["fit"]
        if "look" in event:
            self.now[fit] = f"goes on after {event['look']} draws a chain: {event['why']}"
        elif "phase" not in event:
            self.now[fit] = f"sampling, {100 * event['done'] // event['total']} % of the draws to the next look"
        elif event["phase"] in ENDED:
            self.now.pop(fit, None)
            if fit not in self.ended:
                self.ended[fit] = event
                self._say(f"[{len(self.ended)}/{len(self.todo)}] {self._words(event)}")
        else:
            self.now[fit] = event["phase"]
            if event["phase"] not in ("compiling", "sampling"):
                self._say(f"{fit}: {event['phase']}")

    def summary(self, done: dict[str, str]) -> str:
        """The last lines: how long each topic compiled, sampled and computed findings, and the whole."""
        made = {fit: event["seconds"] for fit, event in self.ended.items() if "seconds" in event}
        if not done:
            return f"{self.total} fits are up to date; nothing was sampled."
        topics: dict[str, dict[str, float]] = defaultdict(lambda: dict.fromkeys(STAGES, 0.0))
        for fit, seconds in made.items():
            for stage in STAGES:
                topics[fit.partition("/")[0]][stage] += seconds[stage]
        lines = [f"{'seconds':<20}{'compiling':>12}{'sampling':>12}{'findings':>12}"]
        for topic, seconds in [*topics.items(), ("all", {k: sum(t[k] for t in topics.values()) for k in STAGES})]:
            lines.append(f"{topic:<20}" + "".join(f"{seconds[stage]:>12.1f}" for stage in STAGES))
        minutes = (time.monotonic() - self.start) / 60
        stored = sum(not event.get("sampled", True) for event in self.ended.values())
        words = f", {stored} of them from stored draws" if stored else ""
        return "\n".join([*lines, f"{len(made)} of {self.total} fits were made{words} in {minutes:.1f} minutes."])

    def _say(self, words: str) -> None:
        self.console.print(words, markup=False, soft_wrap=True)

    def _words(self, event: dict) -> str:
        words = f"{event['fit']} is stored already"
        if event["phase"] == "not published":
            words = f"{event['fit']} is not published: {event['problem']}"
        elif event["phase"] == "stored":
            seconds = event["seconds"]
            words = (
                f"{event['fit']} passed after {event['draws']} draws a chain, {seconds['sample']:.1f} s"
                if event["sampled"]
                else f"{event['fit']} passes with the stored draws, its findings took {seconds['findings']:.1f} s"
            )
        return f"{words}; {self._left()}"

    def _left(self) -> str:
        """When the rest will be done, from what fits took before and how fast this machine has been with them."""
        done = sum(self.expected[fit] for fit in self.ended if fit in self.expected)
        left = sum(self.expected.values()) - done
        if done <= 30 and self.untimed - self.ended.keys():
            return "how long that takes is not known yet"
        elapsed = time.monotonic() - self.start
        pace = elapsed / done if done > 30 else 0.5
        minutes = left * pace / 60
        return (
            "nothing is left"
            if not left
            else f"about {minutes:.0f} minutes left"
            if minutes > 1.5
            else "about a minute left"
        )

    def _view(self) -> Text:
        lines = [f"{fit}: {what}" for fit, what in self.now.items()]
        return Text("\n".join([*lines, f"{len(self.ended)} of {len(self.todo)} fits, {self._left()}"]))


def dry_text(total: int, rows: list[dict]) -> str:
    """What a dry run found: a line for each fit that would be made, and a count."""
    said = [row for row in rows if row.get("phase") in ("sample", "findings")]
    lines = [f"{row['fit']}: would be sampled, {row['why']}" if row["phase"] == "sample" else
             f"{row['fit']}: draws are stored, its findings would be computed again" for row in said]  # fmt: skip
    sampled = sum(row["phase"] == "sample" for row in said)
    again = len(said) - sampled
    lines.append(f"{sampled} of {total} fits would be sampled; of {again} the findings would be computed again.")
    return "\n".join(lines)
