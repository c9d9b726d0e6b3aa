"""The columns of the bookings, the type of each, and how their CSV is read."""

import io

_ROOMS = list("ABCDEFGHIKLP")
SCHEMA = {
    "hotel": ["City Hotel", "Resort Hotel"],
    "is_canceled": "int64",
    "lead_time": "int64",
    "arrival_date_year": "int64",
    "arrival_date_month": [
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ],
    "arrival_date_week_number": "int64",
    "arrival_date_day_of_month": "int64",
    "stays_in_weekend_nights": "int64",
    "stays_in_week_nights": "int64",
    "adults": "int64",
    "children": "float64",  # whole numbers, but a few are missing
    "babies": "int64",
    "meal": ["BB", "FB", "HB", "SC", "Undefined"],
    "country": "category",
    "market_segment": [
        *("Aviation", "Complementary", "Corporate", "Direct"),
        *("Groups", "Offline TA/TO", "Online TA", "Undefined"),
    ],
    "distribution_channel": ["Corporate", "Direct", "GDS", "TA/TO", "Undefined"],
    "is_repeated_guest": "int64",
    "previous_cancellations": "int64",
    "previous_bookings_not_canceled": "int64",
    "reserved_room_type": _ROOMS,
    "assigned_room_type": _ROOMS,
    "booking_changes": "int64",
    "deposit_type": ["No Deposit", "Non Refund", "Refundable"],
    "agent": "category",  # a number that names someone: its size means nothing
    "company": "category",
    "days_in_waiting_list": "int64",
    "customer_type": ["Contract", "Group", "Transient", "Transient-Party"],
    "adr": "float64",
    "required_car_parking_spaces": "int64",
    "total_of_special_requests": "int64",
    "reservation_status": ["Canceled", "Check-Out", "No-Show"],
    "reservation_status_date": "datetime64[us]",
}
"""The 32 columns of the bookings and the type of each; a list is a category's whole vocabulary, in its order."""


def parse(content):
    """Return the bookings in a CSV.

    Parameters
    ----------
    content : bytes
        The CSV, uncompressed.

    Returns
    -------
    pandas.DataFrame
        The columns and types of `SCHEMA`; what the CSV writes as ``NULL`` is missing.
    """
    import pandas as pd

    text = [name for name, kind in SCHEMA.items() if isinstance(kind, list) or kind == "category"]
    # "NULL" is the table's word for missing; four rows say "NA" instead, in `children`.
    table = pd.read_csv(
        io.BytesIO(content), dtype=dict.fromkeys(text, str), keep_default_na=False, na_values=["NULL", "NA"]
    )
    return typed(table)


def typed(table):
    """Return a table of bookings with its columns in the order of `SCHEMA` and of the types that it names."""
    import pandas as pd

    kinds = {name: pd.CategoricalDtype(kind) if isinstance(kind, list) else kind for name, kind in SCHEMA.items()}
    return table[list(kinds)].astype(kinds)
