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
    base, reference = config["baseline"], config["reference"]
    told = [
        (
            measured["auc"] < 0.5,
            "Tu orden está al revés: das más probabilidad a las reservas que no se cancelan. Revisa que entregas la "
            "probabilidad de la clase 1 (cancelada).",
        ),
        (
            measured["certain"] > 0.5,
            "Casi todo lo que entregaste es 0 o 1. Entrega la probabilidad que da la red, antes de compararla con un "
            "umbral: cada error con una seguridad total cuesta muchísimo en la entropía cruzada.",
        ),
        (
            len(measured["calibration"]) == 1 and measured["auc"] == 0.5,
            "Das la misma probabilidad a todas las reservas. Revisa que la red aprendió: ¿baja la pérdida en "
            "entrenamiento? ¿Escalaste las columnas numéricas?",
        ),
        (
            measured["log_loss"] > base["log_loss"],
            f"Tu entropía cruzada ({measured['log_loss']:.3f}) es peor que la de la línea de base "
            f"({base['log_loss']:.3f}): tus probabilidades son demasiado seguras. Prueba con menos épocas, más "
            "Dropout o un regularizador L2.",
        ),
        (
            measured["ece"] > 0.05,
            f"Tus probabilidades se desvían de las frecuencias reales en {measured['ece']:.2f} de media, y "
            f"{_deviation(measured)}. Calíbralas con los datos de validación, los más recientes.",
        ),
        (
            0.5 <= measured["auc"] < reference["auc"] - 0.02,
            f"Tu AUC ({measured['auc']:.3f}) puede subir hasta cerca de {reference['auc']:.3f}: mira si usas todas las "
            "columnas que se conocen al reservar, si agrupaste las categorías raras y si validas con los meses más "
            "recientes, no con filas al azar.",
        ),
    ]
    return [sentence for holds, sentence in told if holds] or [
        "Muy bien: ordenas y calibras casi como la solución de referencia. Cuenta en tu cuaderno qué decisiones te "
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
