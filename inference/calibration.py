"""What was done to a network's scores after its training, so that they mean something; its model card keeps it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from inference.errors import WeightsError


@dataclass(frozen=True)
class Calibration:
    """The class logits were divided by `temperature`, then `no_object_bias` was added to the last; see
    `inference.training.calibrate`. Without numbers nothing was done."""

    temperature: float = 1.0
    no_object_bias: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Calibration:
        """The inverse of `to_dict`; what is not said was not done. Raises `WeightsError`."""
        names = [field.name for field in fields(cls)]
        if not set(values) <= set(names) or not all(map(_is_number, values.values())):
            raise WeightsError(f"the entry calibration should be two numbers, {' and '.join(names)}.")
        made = cls(**values)
        if made.temperature <= 0:
            raise WeightsError("the temperature of the entry calibration should be more than 0.")
        return made


UNCALIBRATED = Calibration()


def _is_number(value: Any) -> bool:
    """Neither infinite nor an integer that no floating-point number comes near to."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
