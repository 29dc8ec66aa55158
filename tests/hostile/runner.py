"""Read every hostile file in this process, and write what happened: a line of JSON for each.

`python -m tests.hostile.runner FOLDER FIRST LAST`: those of the entry points with these numbers.
"""

import gc
import json
import os
import sys
import time
from pathlib import Path

from tests.hostile.models import CANARY
from tests.hostile.readers import cases


def memory(field):
    """A figure of this process's memory in MB, such as VmRSS or VmHWM."""
    with open("/proc/self/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith(field))
    return int(line.split()[1]) / 1024


def examine(name, path, content, read, error):
    """What happened when a file was read."""
    path.write_bytes(content)
    if len(content) > 2**20:
        del content
        gc.collect()
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # begins VmHWM anew
    before, began = memory("VmRSS"), time.process_time()
    caught: BaseException | None = None
    try:
        read(path)
    except Exception as raised:
        caught = raised
    result = {
        "name": name,
        "seconds": time.process_time() - began,
        "megabytes": memory("VmHWM") - before,
        "refused": isinstance(caught, error),
        "error": f"{type(caught).__name__}: {caught}"[:600],
        "canary": os.path.exists(CANARY) or any(path.parent.rglob(CANARY)),
    }
    path.unlink(missing_ok=True)
    return result


def main(folder, first, last):
    os.chdir(folder)
    for case in cases(folder, slice(first, last)):
        print(json.dumps({"begun": case[0]}), flush=True)
        print(json.dumps(examine(*case)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
