"""The C++ tests of the kernels, compiled and run with the compiler's sanitizers: memory, undefined behaviour,
data races.
"""

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCES = sorted(Path(__file__).with_name("cpp").glob("test_*.cpp"))
COMPILER = shutil.which(os.environ.get("CXX", "g++")) or shutil.which("clang++")
WIDEST = {"x86_64": ["-mavx2", "-mfma"]}.get(platform.machine(), [])
# Of undefined behaviour, what the sanitizer of addresses would not see; the rest doubles the compiler's time.
UNDEFINED = "bounds,float-cast-overflow,integer-divide-by-zero,shift,signed-integer-overflow"
SANITIZERS = {
    "address and undefined": [
        "-Og",
        f"-fsanitize=address,{UNDEFINED}",
        "-fno-sanitize-recover=all",
        *WIDEST,
    ],
    "threads": ["-O1", "-fsanitize=thread"],
}
# All kernels share their work between threads by one function, so one of them looks for races in `make test`,
# and one looks for addresses beyond its arrays. `make experiments` runs all: the compiler takes its time.
QUICK = {"threads": ("test_dense",), "address and undefined": ("test_windows",)}
PROGRAMS = [
    pytest.param(
        source,
        sanitizer,
        id=f"{source.stem}-{sanitizer}",
        marks=[pytest.mark.experiment] * (source.stem not in QUICK[sanitizer]),
    )
    for source in SOURCES
    for sanitizer in SANITIZERS
]


@pytest.mark.skipif(COMPILER is None or os.name == "nt", reason="needs g++ or clang++")
@pytest.mark.parametrize(("source", "sanitizer"), PROGRAMS)
def test_clean(source, sanitizer, tmp_path):
    program = tmp_path / source.stem
    flags = [  # without -g, which doubles the compiler's time: add it to see lines
        "-std=c++17",
        "-w",
        "-fno-math-errno",
        "-ffp-contract=fast",
        "-pthread",
        *SANITIZERS[sanitizer],
    ]
    subprocess.run([COMPILER, *flags, source, "-o", program], check=True)
    done = subprocess.run([program], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
