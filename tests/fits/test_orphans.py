"""A process that samples for another ends with it."""

import subprocess
import sys

import psutil

WORKER = "from jingjinji.fits import orphans; orphans.end_with_parent(); print('works', flush=True); input()"
PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {WORKER!r}], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline().strip(), flush=True)
# the child's input stays open: the parent's own is what others hold
sys.stdin.read()
"""


def test_a_process_ends_when_the_one_that_started_it_is_killed():
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    pid, said = parent.stdout.readline().split()
    child = psutil.Process(int(pid))
    assert said == "works"
    assert child.is_running()
    parent.kill()
    parent.communicate()
    _, alive = psutil.wait_procs([child], timeout=20)
    assert alive == []
