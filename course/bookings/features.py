"""What each column of the bookings means, when it is known, and so whether a model may use it.

A model that is asked when the booking is made can only use what is known then. Everything that depends on this
(the challenge's files, the cleaning, the audit) takes it from `FEATURES`.
"""

from typing import NamedTuple

BOOKING, AFTER, END = "al reservar", "después", "al final"


class Feature(NamedTuple):
    """A column: its name, its meaning and unit, when it is known, whether it is an input of the models, and why."""

    name: str
    meaning: str
    unit: str
    known: str
    used: bool
    why: str


FEATURES = (
    Feature("hotel", "hotel de la reserva: urbano o de playa", "categoría", BOOKING, True,
            "cada hotel tiene otros clientes y otra tasa de cancelación"),
    Feature("is_canceled", "si la reserva terminó cancelada, o el cliente no se presentó", "0 o 1", END, False,
            "es la respuesta"),
    Feature("lead_time", "antelación: días entre la reserva y la llegada", "días", BOOKING, True,
            "cuanto antes se reserva, más tiempo hay para cambiar de planes"),
    Feature("arrival_date_year", "año de llegada", "año", BOOKING, False,
            "no se repite: de un año que no ha visto, el modelo no sabe nada"),
    Feature("arrival_date_month", "mes de llegada", "categoría", BOOKING, True, "temporada alta o baja"),
    Feature("arrival_date_week_number", "semana del año de la llegada", "1 a 53", BOOKING, True,
            "temporada, con más detalle que el mes"),
    Feature("arrival_date_day_of_month", "día del mes de la llegada", "1 a 31", BOOKING, True,
            "con el mes y el año da el día de la semana"),
    Feature("stays_in_weekend_nights", "noches de fin de semana", "noches", BOOKING, True,
            "viaje de ocio o de trabajo"),
    Feature("stays_in_week_nights", "noches entre semana", "noches", BOOKING, True, "viaje de ocio o de trabajo"),
    Feature("adults", "adultos", "personas", BOOKING, True, "quién viaja"),
    Feature("children", "niños", "personas", BOOKING, True, "quién viaja"),
    Feature("babies", "bebés", "personas", BOOKING, True, "quién viaja"),
    Feature("meal", "comidas: desayuno (BB), media pensión (HB), pensión completa (FB) o ninguna (SC)", "categoría",
            BOOKING, True, "se contrata con la reserva"),
    Feature("country", "país del cliente", "código ISO 3166", AFTER, False,
            "el hotel lo confirma a la llegada: mientras tanto figura Portugal, y así delata a quien no llegó"),
    Feature("market_segment", "segmento de mercado: directo, agencia, grupo, empresa…", "categoría", BOOKING, True,
            "cómo llegó la reserva"),
    Feature("distribution_channel", "canal de distribución", "categoría", BOOKING, True, "cómo llegó la reserva"),
    Feature("is_repeated_guest", "si el cliente ya se había alojado en el hotel", "0 o 1", BOOKING, True,
            "quien vuelve cancela menos"),
    Feature("previous_cancellations", "reservas anteriores del cliente que canceló", "reservas", BOOKING, True,
            "historia del cliente hasta entonces"),
    Feature("previous_bookings_not_canceled", "reservas anteriores del cliente que no canceló", "reservas", BOOKING,
            True, "historia del cliente hasta entonces"),
    Feature("reserved_room_type", "tipo de habitación reservada", "categoría (letra)", BOOKING, True,
            "lo que se pidió"),
    Feature("assigned_room_type", "tipo de habitación asignada", "categoría (letra)", AFTER, False,
            "se decide a la llegada: si difiere de la reservada, el cliente llegó"),
    Feature("booking_changes", "cambios hechos a la reserva hasta su final", "cambios", AFTER, False,
            "se acumulan después de reservar"),
    Feature("deposit_type", "depósito: ninguno, reembolsable o no", "categoría", BOOKING, True,
            "se acuerda al reservar"),
    Feature("agent", "agencia que reservó", "categoría (número)", BOOKING, True,
            "unas agencias cancelan mucho más que otras; su número es un nombre, no una cantidad"),
    Feature("company", "empresa que paga", "categoría (número)", BOOKING, True,
            "su número es un nombre, no una cantidad"),
    Feature("days_in_waiting_list", "días en lista de espera hasta confirmarse", "días", AFTER, False,
            "al reservar nadie sabe cuánto durará la espera"),
    Feature("customer_type", "tipo de cliente: individual, contrato, grupo…", "categoría", BOOKING, True,
            "cómo llegó la reserva"),
    Feature("adr", "precio medio por noche", "€ por noche", BOOKING, True,
            "el precio acordado; negativo o disparatado es un error de registro"),
    Feature("required_car_parking_spaces", "plazas de estacionamiento", "plazas", AFTER, False,
            "se anotan a la llegada: ninguna reserva cancelada tiene una"),
    Feature("total_of_special_requests", "peticiones especiales: cuna, planta alta, cama doble…", "peticiones",
            BOOKING, True, "quien pide algo piensa venir"),
    Feature("reservation_status", "estado final: cancelada, alojada o no presentada", "categoría", END, False,
            "dice la respuesta con otras palabras"),
    Feature("reservation_status_date", "fecha de ese estado", "fecha", END, False,
            "si es anterior a la llegada, la reserva se canceló"),
)  # fmt: skip
"""The 32 columns, in the order of the table."""

TARGET = "is_canceled"
OUTCOME = tuple(feature.name for feature in FEATURES if feature.known == END)
"""Columns that say what became of the booking, `TARGET` among them."""

AFTER_BOOKING = tuple(feature.name for feature in FEATURES if feature.known == AFTER)
"""Columns that are filled in, or change, after the booking is made."""

KNOWN = tuple(feature.name for feature in FEATURES if feature.known == BOOKING)
"""Columns that are known when the booking is made."""

INPUTS = tuple(feature.name for feature in FEATURES if feature.used)
"""Columns that the models use."""
