"""Names for the array types that the core passes around."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

U8 = NDArray[np.uint8]
U16 = NDArray[np.uint16]
U32 = NDArray[np.uint32]
I32 = NDArray[np.int32]
I64 = NDArray[np.int64]
Intp = NDArray[np.intp]
F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
