"""Tests of another hotel's CSV."""

import numpy as np
import pandas as pd
import pytest

from course import bookings, datasets
from course.errors import CourseError

COLUMNS = {
    **{"llegada": "arrival_date", "salida": "departure_date", "reservado": "booking_date"},
    **{"personas": "adults", "tarifa": "adr", "anulada": "is_canceled", "agencia": "agent"},
}
VALUES = {"is_canceled": {"sí": "1", "no": "0"}}


def hotel(count=60):
    """Another hotel's table: its own names, whole dates, day first."""
    random = np.random.default_rng(0)
    arrival = pd.Timestamp("2024-02-01") + pd.to_timedelta(random.integers(0, 300, count), "D")
    return pd.DataFrame(
        {
            "llegada": arrival.strftime("%d/%m/%Y"),
            "salida": (arrival + pd.to_timedelta(random.integers(1, 9, count), "D")).strftime("%d/%m/%Y"),
            "reservado": (arrival - pd.to_timedelta(random.integers(0, 99, count), "D")).strftime("%d/%m/%Y"),
            "personas": random.integers(1, 4, count),
            "tarifa": random.integers(200_000, 500_000, count),
            "agencia": random.choice(["Sol y Mar", "", "Viajes Ñandú"], count),
            "anulada": random.choice(["sí", "no"], count),
            "notas": "ninguna",
        }
    )


def read(tmp_path, table, columns=None, sep=";", **options):
    table.to_csv(path := tmp_path / "hotel.csv", sep=sep, index=False)
    options = {"values": VALUES, "date_format": "%d/%m/%Y", "sep": sep, **options}
    return bookings.from_csv(path, COLUMNS if columns is None else columns, **options)


def test_another_hotel_goes_the_whole_way(tmp_path):
    theirs = hotel(400)
    table = read(tmp_path, theirs)
    arrival = pd.to_datetime(theirs["llegada"], format="%d/%m/%Y")
    assert (bookings.arrival(table) == arrival).all()
    nights = (pd.to_datetime(theirs["salida"], format="%d/%m/%Y") - arrival).dt.days
    assert (bookings.clean(table)["nights"] == nights).all()
    assert (table["lead_time"] == (arrival - pd.to_datetime(theirs["reservado"], format="%d/%m/%Y")).dt.days).all()
    assert (bookings.target(table) == (theirs["anulada"] == "sí")).all()
    assert set(bookings.clean(table)["agent"]) == {"Sol y Mar", "ninguna", "Viajes Ñandú"}
    assert "notas" not in table and "country" not in table
    assert table.attrs["origin"] == "csv" and "children" in table.attrs["filled"]
    parts = bookings.split(table, cuts=("2024-07-01", "2024-10-01"))
    data = bookings.prepare(*parts)
    assert all(np.isfinite(x).all() for x in data.x) and sum(map(len, data.y)) == 400


def test_the_courses_own_table_comes_back_as_it_was(tmp_path):
    own = datasets.bookings("synthetic").head(500)
    own.to_csv(path := tmp_path / "own.csv", index=False, na_rep="NULL")
    table = bookings.from_csv(path, columns={})
    assert list(table.columns) == list(own.columns) and table.attrs["filled"] == []
    pd.testing.assert_frame_equal(bookings.clean(table), bookings.clean(own))
    pd.testing.assert_frame_equal(bookings.typed(table.replace("NULL", np.nan)), own, check_categorical=False)


def test_the_calendar_is_the_tables(tmp_path):
    """Week and weekend nights from whole dates are those that the table itself has."""
    own = datasets.bookings("synthetic").head(500)
    arrival = bookings.arrival(own)
    stay = own["stays_in_weekend_nights"] + own["stays_in_week_nights"]
    derived = ["arrival_date_week_number", "stays_in_weekend_nights", "stays_in_week_nights", "lead_time"]
    dates = own.drop(columns=[*derived, *own.filter(like="arrival_date_")]).assign(
        arrival_date=arrival,
        departure_date=arrival + pd.to_timedelta(stay, "D"),
        booking_date=arrival - pd.to_timedelta(own["lead_time"], "D"),
    )
    dates.to_csv(path := tmp_path / "own.csv", index=False, na_rep="NULL")
    table = bookings.from_csv(path, columns={})
    pd.testing.assert_frame_equal(table[derived], own[derived], check_dtype=False)


@pytest.mark.parametrize(
    "endings, date_format",
    [
        ("T23:30:00Z", None),
        (["T23:30:00+02:00", " 00:30-0300", "T10:00:00.5+01", ""], None),
        (" 23:30 +0200", "%Y-%m-%d %H:%M %z"),
    ],
)
def test_times_and_zones_are_dropped(tmp_path, endings, date_format):
    """The day is the one that is written: in another zone it may be the one before."""
    plain = hotel()
    for name in ("llegada", "salida", "reservado"):
        plain[name] = pd.to_datetime(plain[name], format="%d/%m/%Y").dt.strftime("%Y-%m-%d")
    zoned = plain.copy()
    zoned["reservado"] += np.resize(endings, len(zoned))
    if date_format:
        zoned[["llegada", "salida"]] += endings
    expected = read(tmp_path, plain, date_format=None)
    pd.testing.assert_frame_equal(read(tmp_path, zoned, date_format=date_format), expected)


@pytest.mark.parametrize("date_format", ["%d/%m/%Y %z", "%d/%m/%Y %q"])
def test_a_format_that_does_not_do_is_told(tmp_path, date_format):
    theirs = hotel()
    theirs["llegada"] += np.resize([" +0200", " +0100"], len(theirs))
    with pytest.raises(CourseError, match=r"arrival_date no se puede leer con date_format='%d/%m/%Y %"):
        read(tmp_path, theirs, date_format=date_format)


def test_a_file_without_outcomes_can_be_predicted(tmp_path):
    table = read(
        tmp_path, hotel().drop(columns="anulada"), {k: v for k, v in COLUMNS.items() if k != "anulada"}, values={}
    )
    assert bookings.prepare(table).y == [None]
    with pytest.raises(CourseError, match="faltan columnas: is_canceled"):
        bookings.split(table, "random")


def test_what_is_required_and_what_is_optional_is_told(tmp_path):
    with pytest.raises(CourseError) as told:
        read(tmp_path, hotel(), {"llegada": "arrival_date", "personas": "adults"}, values={})
    assert "lead_time (antelación: días entre la reserva y la llegada; lo da también booking_date)" in str(told.value)
    assert "stays_in_week_nights" in str(told.value) and "adults (" not in str(told.value)
    assert str(told.value).index("opcionales") < str(told.value).index("children")


@pytest.mark.parametrize(
    "changes, options, told",
    [
        ({}, {"columns": {"entrada": "arrival_date"}}, r"columns nombra «entrada», que .* no tiene: tiene «llegada»"),
        ({}, {"columns": {**COLUMNS, "notas": "apuntes"}}, r"nombres que el curso no usa: «apuntes»"),
        ({}, {"columns": {**COLUMNS, "notas": "adr"}}, r"darían la misma: «adr»"),
        ({}, {"date_format": None}, r"arrival_date tiene 60 fechas que no se entienden.*date_format='%d/%m/%Y'"),
        ({}, {"values": {}}, r"is_canceled debe ser 0 o 1"),
        ({}, {"values": {"meal": {"a": "b"}}}, r"values nombra columnas que la tabla no tiene: «meal»"),
        ({"tarifa": "12,5"}, {}, r"adr tiene 60 valores que no son números, por ejemplo '12,5'"),
    ],
)
def test_a_map_that_does_not_fit_is_told(tmp_path, changes, options, told):
    with pytest.raises(CourseError, match=told):
        read(tmp_path, hotel().assign(**changes), **options)


def test_files_that_cannot_be_read_are_told(tmp_path):
    with pytest.raises(CourseError, match="no existe"):
        bookings.from_csv(tmp_path / "nada.csv", {})
    (path := tmp_path / "hotel.csv").write_bytes("personas;año\n1;Ñ\n".encode("latin-1"))
    with pytest.raises(CourseError, match="no es un CSV en UTF-8"):
        bookings.from_csv(path, {})
    path.write_bytes(b"")
    with pytest.raises(CourseError, match="no es un CSV en UTF-8"):
        bookings.from_csv(path, {})
    path.write_text("adults;adr\n1;2\n")
    with pytest.raises(CourseError, match=r"tiene «adults;adr»\. ¿Las separa otra cosa que «,»"):
        bookings.from_csv(path, {"personas": "adults"})
    for rows in ("1,2,3\n", "1,2\n1,2,3\n", "1,2\n1,2,3,4\n"):
        path.write_text(f"adults,adr\n{rows}")
        with pytest.raises(CourseError, match=r"más campos que el encabezado|no es un CSV en UTF-8"):
            bookings.from_csv(path, {})
