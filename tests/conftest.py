import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_bookings_folder():
    """Return the folder that has the real bookings; skip the test where there is none."""
    named = os.environ.get("COURSE_DATA_DIR") or Path(__file__).parents[2] / "shared" / "data"
    if not (Path(named) / "hotel_bookings.csv.gz").is_file():
        pytest.skip("la tabla real de reservas no está aquí: pon su carpeta en COURSE_DATA_DIR")
    return Path(named)
