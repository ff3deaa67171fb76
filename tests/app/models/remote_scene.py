"""The service that photos would be sent to, and photos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.remote_card import ADDRESS_VARIABLE
from inference.remote_key import SERVICE, USER, VARIABLE
from tests.inference.keyrings import FakeKeyring
from tests.inference.remote_server import SECRET, Service, seen
from tests.inference.serving import serving

HOST = "127.0.0.1"


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, use_keyring: FakeKeyring) -> Iterator[Service]:
    monkeypatch.setenv("NO_PROXY", HOST)
    monkeypatch.delenv(VARIABLE, raising=False)
    use_keyring.set_password(SERVICE, USER, SECRET)
    with serving(Service([seen])) as service:
        monkeypatch.setenv(ADDRESS_VARIABLE, service.root)
        yield service


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Light above the middle, dark below."""
    paths = []
    for number in range(2):
        photo = np.full((40, 60 + number, 3), 220, np.uint8)
        photo[20:] = 30
        paths.append(tmp_path / "photos" / f"{number}.png")
        paths[-1].parent.mkdir(exist_ok=True)
        cv2.imwrite(str(paths[-1]), photo)
    return paths
