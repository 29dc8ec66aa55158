"""Builds the native kernels: one shared library for each instruction set, from the sources in
neurona/kernels/cpp, beginning with the one that this processor uses.

The playground's page is built from neurona/playground/web.

Everything else about the package is in pyproject.toml. Without a C++ compiler, or if it fails, the
installation continues without the libraries, and `neurona doctor` says so.
"""

import os
import platform
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py
from setuptools.errors import CompileError

FOLDER = Path("neurona", "kernels", "cpp")
HEADERS = sorted(str(path) for path in FOLDER.glob("*.h"))
# These keep NaN, infinity and denormals. -ffast-math would make the process that loads the library flush
# denormals.
FLAGS = [
    "-std=c++17",
    "-O3",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-fno-signed-zeros",
    "-ffp-contract=fast",
    "-fvisibility=hidden",
    "-g0",
]
INSTRUCTION_SETS = {"baseline": []}
if platform.machine().lower() in ("x86_64", "amd64"):
    INSTRUCTION_SETS["avx2"] = ["-mavx2", "-mfma"]
    INSTRUCTION_SETS["avx512"] = [
        "-mavx512f",
        "-mavx512dq",
        "-mavx512bw",
        "-mavx512vl",
        "-mfma",
        "-mprefer-vector-width=512",
    ]


def best_first() -> list[str]:
    """The instruction sets, the one that this processor uses first."""
    try:
        features = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:  # not Linux
        features = ""
    best = "avx512" if "avx512f" in features else "avx2" if "avx2" in features else "baseline"
    return sorted(INSTRUCTION_SETS, key=lambda name: name != best)


class Progress:
    """Tells how many files are compiled, and about how long the rest takes.

    It is written to the terminal itself: pip shows what a build prints only where the build fails.
    """

    def __init__(self, total: int) -> None:
        self._total, self._done, self._began = total, 0, time.monotonic()
        self._lock = threading.Lock()

    def compiled(self, library: str) -> None:
        """Count a file of a library."""
        with self._lock:
            self._done += 1
            rest = (time.monotonic() - self._began) / self._done * (self._total - self._done)
            left = f"about {rest:.0f} s left" if self._done < self._total else "done"
            text = f"\rNative kernels: {self._done} of {self._total} files compiled ({library}), {left}   "
            try:
                with open("/dev/tty", "w", encoding="ascii") as terminal:
                    terminal.write(text + ("\n" if self._done == self._total else ""))
            except OSError:  # no terminal
                print(text.strip(), flush=True)


def headers_of_xla() -> list[str]:
    """The folder with XLA's FFI headers, which come with jaxlib; none if it is not installed."""
    try:
        import jaxlib
    except ImportError:
        return []
    return [str(Path(folder, "include")) for folder in jaxlib.__path__]


class BuildLibraries(build_ext):
    """Compiles the sources of all libraries in parallel, each library's into a folder of its own, and only
    those that are newer than their objects.
    """

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self) -> None:
        old = [
            (ext, source) for ext in self.extensions for source in ext.sources if self._is_old(ext, source)
        ]
        self.progress = Progress(len(old))
        self.failures: dict[str, CompileError] = {}
        # A queue of files: with one of libraries, three of them would leave one of two cores idle at the end.
        with ThreadPoolExecutor(self.parallel) as pool:
            list(pool.map(lambda pair: self._compile(*pair), old))
        super().build_extensions()

    def _compile(self, ext: Extension, source: str) -> None:
        """Compile a source; what fails is told when its library is to be linked."""
        try:
            self.compiler.compile(
                [source],
                output_dir=str(Path(self.build_temp, ext.name)),
                include_dirs=ext.include_dirs,
                extra_postargs=ext.extra_compile_args,
            )
        except CompileError as error:
            self.failures[ext.name] = error
        else:
            self.progress.compiled(ext.name.rsplit("_", 1)[-1])

    def _object(self, ext: Extension, source: str) -> str:
        (path,) = self.compiler.object_filenames([source], output_dir=str(Path(self.build_temp, ext.name)))
        return path

    def _is_old(self, ext: Extension, source: str) -> bool:
        """Whether a source is to be compiled: its object is missing, or older than it or a header."""
        made = Path(self._object(ext, source))
        newest = max(Path(file).stat().st_mtime for file in (*HEADERS, source))
        return self.force or not made.exists() or made.stat().st_mtime < newest

    def build_extension(self, ext: Extension) -> None:
        if ext.name in self.failures:
            raise self.failures[ext.name]
        objects = [self._object(ext, source) for source in ext.sources]
        self.compiler.link_shared_object(objects, self.get_ext_fullpath(ext.name), target_lang="c++")


PAGE = Path("neurona", "playground")


def page_is_old() -> bool:
    """Whether the playground's page is not built, or is older than a source."""
    built = PAGE / "static" / "index.html"
    sources = [path for path in (PAGE / "web").rglob("*") if "node_modules" not in path.parts]
    newest = max((path.stat().st_mtime for path in sources if path.is_file()), default=0.0)
    return bool(sources) and (not built.exists() or built.stat().st_mtime < newest)


class BuildPage(build_py):
    """Builds the playground's page where npm is there. Otherwise the installation continues without it, and
    `neurona playground` says how to build it.
    """

    def run(self) -> None:
        npm = shutil.which("npm")
        if npm and page_is_old():
            try:
                for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
                    subprocess.run([npm, *command], cwd=PAGE / "web", check=True, timeout=600)
            except (OSError, subprocess.SubprocessError) as error:
                print(f"The playground's page is not built: {error}", flush=True)
        super().run()


setup(
    ext_modules=[
        Extension(
            f"neurona.kernels.library_{name}",
            sorted(str(path) for path in FOLDER.glob("*.cpp")),
            depends=HEADERS,
            include_dirs=headers_of_xla(),
            extra_compile_args=[*FLAGS, *INSTRUCTION_SETS[name]],
            optional=True,
        )
        for name in best_first()
    ],
    cmdclass={"build_ext": BuildLibraries, "build_py": BuildPage},
)
