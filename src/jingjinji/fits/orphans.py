"""A process that samples for another one ends when that one ends, however it ended: also where it was killed."""

import os
import threading
import time

OFTEN = 0.5
"""Seconds between two looks."""


def end_with_parent() -> None:
    """Have this process end as soon as the process that started it has ended."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(OFTEN)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
