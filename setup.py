"""Builds the native kernels: one shared library for each instruction set, from the sources in
neurona/kernels/cpp.

Everything else about the package is in pyproject.toml. Without a C++ compiler, or if it fails, the
installation continues without the libraries, and `neurona doctor` says so.
"""

import os
import platform
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

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


def headers_of_xla() -> list[str]:
    """The folder with XLA's FFI headers, which come with jaxlib; none if it is not installed."""
    try:
        import jaxlib
    except ImportError:
        return []
    return [str(Path(folder, "include")) for folder in jaxlib.__path__]


class BuildLibraries(build_ext):
    """Compiles the libraries in parallel, each into its own folder, and only sources that are newer than
    their objects.
    """

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extension(self, ext: Extension) -> None:
        newest_header = max(Path(header).stat().st_mtime for header in HEADERS)
        objects = []
        for source in ext.sources:
            (expected,) = self.compiler.object_filenames(
                [source], output_dir=str(Path(self.build_temp, ext.name))
            )
            made = Path(expected)
            if (
                self.force
                or not made.exists()
                or made.stat().st_mtime < max(newest_header, Path(source).stat().st_mtime)
            ):
                self.compiler.compile(
                    [source],
                    output_dir=str(Path(self.build_temp, ext.name)),
                    include_dirs=ext.include_dirs,
                    extra_postargs=ext.extra_compile_args,
                )
            objects.append(expected)
        self.compiler.link_shared_object(objects, self.get_ext_fullpath(ext.name), target_lang="c++")


setup(
    ext_modules=[
        Extension(
            f"neurona.kernels.library_{name}",
            sorted(str(path) for path in FOLDER.glob("*.cpp")),
            depends=HEADERS,
            include_dirs=headers_of_xla(),
            extra_compile_args=[*FLAGS, *flags],
            optional=True,
        )
        for name, flags in INSTRUCTION_SETS.items()
    ],
    cmdclass={"build_ext": BuildLibraries},
)
