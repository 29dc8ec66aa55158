"""Every hostile file is refused with the one error of its reader, at little cost, and does nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.readers import ENTRIES

ROOT = Path(__file__).parents[2]
LEAST = 150  # different files
SECONDS, MEGABYTES = 2, 200

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured by Linux's /proc")


def examined(folder, first, last):
    """What happened to the files of some entry points, in a process of their own: one of them may kill it."""
    command = [sys.executable, "-m", "tests.hostile.runner", str(folder), str(first), str(last)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1200)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, f"the process died in {lines[-1:]}: {done.stderr[-2000:]}"
    return [line for line in lines if "name" in line]


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return examined(tmp_path_factory.mktemp("hostile"), 0, len(ENTRIES))


def test_there_are_many_files_and_all_are_refused_by_the_one_error(results):
    assert len({result["name"].partition(": ")[2] for result in results}) >= LEAST
    wrong = [f"{result['name']}: {result['error']}" for result in results if not result["refused"]]
    assert not wrong, "\n".join(wrong)


def test_no_file_did_anything(results):
    assert not [result["name"] for result in results if result["canary"]]


def test_refusing_costs_little(results):
    # Seconds of the processor, not of the clock: other programs don't count.
    costly = [
        f"{result['name']}: {result['seconds']:.1f} s, {result['megabytes']:.0f} MB"
        for result in results
        if result["seconds"] > SECONDS or result["megabytes"] > MEGABYTES
    ]
    assert not costly, "\n".join(costly)


def test_an_error_names_the_file_and_shows_no_more_than_a_screen(results):
    assert all(len(result["error"]) < 600 for result in results)


def fuzzed(folder, seed, count):
    """What went wrong with damaged files."""
    command = [sys.executable, "-m", "tests.hostile.fuzz", str(folder), str(seed), str(count)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=3600
    )
    found = done.stdout.splitlines()
    assert done.returncode == 0, f"the process died ({done.returncode}): {done.stderr[-2000:]}"
    return found[: -1 if found[-1:] == ["END"] else None]


def test_damaged_files_are_read_or_refused(tmp_path):
    assert fuzzed(tmp_path, 0, 60) == []


@pytest.mark.experiment
@pytest.mark.parametrize("seed", range(1, 11))
def test_many_damaged_files_are_read_or_refused(tmp_path, seed):
    assert fuzzed(tmp_path, seed, 3000) == []
