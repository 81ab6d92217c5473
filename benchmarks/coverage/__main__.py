"""All simulations of coverage: ``python -m benchmarks.coverage``.

Exits with 1 when a cell leaves 93.5 to 97.5 % and the package neither refused nor said
so, or when a test raises more false alarms than it promises.
"""

from __future__ import annotations

import sys
import time

from benchmarks.coverage import (
    agreement,
    comparison,
    correction,
    rates,
    saturation,
    summary,
)

PARTS = {
    "rates": rates.run,
    "correction": correction.run,
    "agreement": agreement.run,
    "comparison": comparison.run,
    "saturation": saturation.run,
}


def main() -> int:
    found = {}
    for name, run in PARTS.items():
        begun = time.perf_counter()
        print(f"\n===== {name} =====")
        found[name] = run()
        print(f"{name}: {time.perf_counter() - begun:.0f} s", flush=True)
    print("\n===== all =====")
    neither = sum(summary(name, cells) for name, (cells, _) in found.items())
    broken = [f"{name}: {one}" for name, (_, bad) in found.items() for one in bad]
    print(f"\nneither refused nor warned: {neither}; other promises broken: {broken}")
    return int(neither > 0 or bool(broken))


if __name__ == "__main__":
    sys.exit(main())
