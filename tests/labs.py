"""Which lab a process of tests uses: of those that DOUGONG_TEST_LAB names (`test` if unset), one for each xdist worker.

Tests stop, cut and freeze what they need, so two workers never share a lab of their own accord.
"""

import os

NAMES = os.environ.get("DOUGONG_TEST_LAB", "test").split(",")
LAB = NAMES[int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % len(NAMES)]
