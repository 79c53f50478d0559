"""An application that lives on both clusters, to be tried."""

import pytest

from tests.control_plane import CLUSTERS, eventually
from tests.faults.trial import Trial


@pytest.fixture(scope="session")
def trial(control_plane):
    """An application that lives on both clusters; it is retired afterwards."""
    made = Trial(control_plane, control_plane.application())
    made.declare(greeting="Hello")
    made.settled()
    made.greets("Hello")
    yield made
    made.application.retire()
    for cluster in CLUSTERS:
        eventually(lambda cluster=cluster: made.application.gone(cluster))
