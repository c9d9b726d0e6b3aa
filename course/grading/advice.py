"""What a student may do to predict better, told from the measures alone."""


def advice(measured, config):
    """Return what to improve, as a list of sentences in Spanish, the most urgent first.

    Parameters
    ----------
    measured : dict
        One part of what `course.grading.scores.measure` returns.
    config : dict
        The challenge's.
    """
    base, reference, auc = config["baseline"], config["reference"], measured["auc"]
    constant = len(measured["calibration"]) == 1 and auc == 0.5
    lost = auc < 0.55 and not constant  # then the other measures are bad because of the order
    told = [
        (
            auc > config["implausible_auc"],
            f"Tu AUC ({auc:.3f}) no se alcanza con lo que se sabe al reservar: busca en tu cuaderno qué le dijo a la "
            "red cómo terminó cada reserva.",
        ),
        (
            auc < 0.45,
            "Tu orden está al revés: das más probabilidad a las reservas que no se cancelan. Revisa que entregas la "
            "probabilidad de la clase 1 (cancelada).",
        ),
        (
            lost and auc >= 0.45,
            f"Tu AUC ({auc:.3f}) es el de ordenar al azar. Revisa que cada probabilidad esté junto al id de su "
            "reserva: si mezclaste u ordenaste las filas, puede haber quedado junto al de otra.",
        ),
        (
            measured["certain"] > 0.5,
            "Casi todo lo que entregaste es 0 o 1. Entrega la probabilidad que da la red, antes de compararla con un "
            "umbral: cada error con una seguridad total cuesta muchísimo en la entropía cruzada.",
        ),
        (
            constant,
            "Das la misma probabilidad a todas las reservas. Revisa que la red aprendió: ¿baja la pérdida en "
            "entrenamiento? ¿Escalaste las columnas numéricas?",
        ),
        (
            not lost and measured["log_loss"] > base["log_loss"],
            f"Tu entropía cruzada ({measured['log_loss']:.3f}) es peor que la de la línea de base "
            f"({base['log_loss']:.3f}): tus probabilidades son demasiado seguras. Prueba con menos épocas, más "
            "Dropout o un regularizador L2.",
        ),
        (
            not lost and measured["ece"] > 0.05,
            f"Tus probabilidades se desvían de las frecuencias reales en {measured['ece']:.2f} de media, y "
            f"{_deviation(measured)}. Calíbralas con los datos de validación, los más recientes.",
        ),
        (
            not lost and auc < reference["auc"] - 0.02,
            f"Tu AUC ({auc:.3f}) puede subir hasta cerca de {reference['auc']:.3f}: mira si usas todas las "
            "columnas que se conocen al reservar, si agrupaste las categorías raras y si validas con los meses más "
            "recientes, no con filas al azar.",
        ),
    ]
    return [sentence for holds, sentence in told if holds] or [
        "Muy bien: ordenas y calibras como la solución de referencia, o casi. Cuenta en tu cuaderno qué decisiones te "
        "llevaron hasta aquí y cómo las validaste."
    ]


def _deviation(measured):
    """Return where the probabilities tend to: to one side or, where that explains little, to the ends or inwards."""
    middle = measured["mean"]
    gap = middle - measured["rate"]
    if abs(gap) > measured["ece"] / 2:
        return f"tiran hacia {'arriba' if gap > 0 else 'abajo'}"
    outwards = sum(count * (mean - rate) * (mean - middle) for mean, rate, count in measured["calibration"])
    return f"son demasiado {'extremas' if outwards > 0 else 'tímidas'}"
