"""The hotels' calendar: weekdays, the weeks of a year, and which nights they call weekend."""


def weekday(days):
    """Return the weekday of each date of an array, 0 for Monday (1970-01-01 was a Thursday)."""
    return (days.astype("datetime64[D]").astype(int) + 3) % 7


def week_number(days):
    """Return the week of the year: the hotels' weeks begin on Sunday, and the first one holds January 1st."""
    days = days.astype("datetime64[D]")
    new_year = days.astype("datetime64[Y]").astype("datetime64[D]")
    return ((days - new_year).astype(int) + (weekday(new_year) + 1) % 7) // 7 + 1


def weekend_nights(first, nights):
    """Count the nights of a stay that the hotels call weekend: those of Sunday and of Monday.

    Parameters
    ----------
    first : array of int
        The weekday of the arrival, 0 for Monday.
    nights : array of int
        How many nights follow.
    """
    return _before(first + nights) - _before(first)


def _before(day):
    """Count the weekend nights from Monday 0 up to a day."""
    return 2 * (day // 7) + (day % 7 > 0)
