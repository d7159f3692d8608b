"""What the scenarios start from."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.service import Service


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """Return an installation of the test's own, not yet configured."""
    service = Service(tmp_path)
    yield service
    await service.close()
