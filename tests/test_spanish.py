"""The Spanish of notebooks, documents and messages: spelling, and the words of the class's glossary."""

import functools
import re
import shutil
import subprocess
import unicodedata
from collections import defaultdict
from itertools import pairwise

import pytest
import spanish

WORDS = spanish.ROOT / "tests" / "data" / "palabras.txt"
CHECKER = [shutil.which("hunspell"), "-d", "es_MX", "-i", "utf-8", "-l"]

# What is not said, and what is said instead. An English word may stand in brackets or italics beside the Spanish one.
GLOSSARY = {
    r"accurac\w+": "exactitud",
    r"back(?:ward|prop\w*)": "propagación hacia atrás",
    r"batch(?:es)?": "lote",
    r"bias(?:es)?": "sesgo",
    r"chequea\w*": "comprobar, revisar",
    r"coger|coge": "tomar",
    r"costes?": "costo",
    r"datasets?": "conjunto de datos",
    r"embeddings?": "vectores aprendidos",
    r"enfado|enfada\w*": "enojo",
    r"epochs?": "época",
    r"features?": "atributo",
    r"ficheros?": "archivo",
    r"(?<!feed-)forward": "propagación hacia adelante",
    r"función de costos?": "función de pérdida",
    r"gradiente descendente": "descenso del gradiente",
    r"grid": "rejilla",
    r"hidden": "oculta",
    r"layers?": "capa",
    r"learning rate": "tasa de aprendizaje",
    r"librer[íi]as?": "biblioteca",
    r"loss(?:es)?": "pérdida",
    r"mouse": "ratón",
    r"ordenador\w*": "equipo",
    r"overfit\w*": "sobreajuste",
    r"por defecto": "por omisión",
    r"random": "al azar",
    r"(?:ratio|rata|velocidad) de aprendizaje": "tasa de aprendizaje",
    r"recall": "exhaustividad",
    r"score|scores|puntuaci\w+": "puntaje",
    r"sobreentrena\w+": "sobreajuste",
    r"test|tests|testear": "prueba",
    r"threshold": "umbral",
    r"train|training": "entrenamiento",
    r"trials?": "intento",
    r"usted|ustedes|vosotros": "tú",
    r"weights?": "peso",
}


TITLES = {"Forward", "Backward", "Backpropagation", "datasets"}  # of slides, and of the paper on the bookings


@functools.cache
def unknown(words):
    """Return those words that the dictionary does not have."""
    typed = "\n".join(sorted(words))
    return frozenset(
        subprocess.run(CHECKER, input=typed, capture_output=True, encoding="utf-8", check=True).stdout.split()
    )


def has_dictionary():
    if CHECKER[0] is None:
        return False
    tried = subprocess.run(CHECKER, input="casa\nkasa", capture_output=True, encoding="utf-8")
    return tried.stdout.split() == ["kasa"]


needs_dictionary = pytest.mark.skipif(
    not has_dictionary(), reason="falta hunspell con su diccionario de español: make spelling los instala"
)


def without_pronoun(word):
    """Return what a verb may be without the pronoun behind it: calcúlalo → calcula, amplíalo → amplía."""
    found = re.fullmatch(r"(\w+?)(?:[mts]e|nos)?(?:l[aeo]s?|[mts]e|nos)", word.lower())
    if not found or not re.search("[áéíóú]|r$", found[1]):
        return set()
    return {found[1], without_accents(found[1])}


def without_accents(word):
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if letter != "\u0301")


def listed():
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def misspelt(texts, exempt=frozenset()):
    """Return {word: places} of the words that neither the dictionary nor the list has."""
    places = defaultdict(list)
    for place, text in texts:
        for word in set(spanish.words(text)) - exempt:
            places[word].append(place)
    known = {word.casefold() for word in listed()}
    stems = {word: without_pronoun(word) for word in unknown(frozenset(places)) if word.casefold() not in known}
    bad = unknown(frozenset().union(*stems.values()))
    return {word: places[word] for word, without in sorted(stems.items()) if without <= bad}


def everything():
    return [*spanish.documents(), *spanish.notebooks(), *spanish.messages()]


@needs_dictionary
def test_spelling_of_documents_and_notebooks():
    assert misspelt([*spanish.documents(), *spanish.notebooks()]) == {}


@needs_dictionary
def test_spelling_of_what_programs_say():
    assert misspelt(spanish.messages(), exempt=spanish.identifiers()) == {}


@needs_dictionary
@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("Una red nueronal aprende.", ["nueronal"]),
        ("El `nueronal` y $nueronal$ son código, y nueronal=3 también.", []),
        ("Amplíalo, calcúlalo y midámoslo; falta promediarlos.", []),
        ("Anplíalo y calkúlalo.", ["Anplíalo", "calkúlalo"]),
        ("La regularizacion y la época", ["regularizacion"]),
        ("Una red feed-forward en Keras", []),
    ],
)
def test_a_typo_is_seen_and_code_is_not(text, wrong):
    assert list(misspelt([("aquí", text)])) == wrong


def test_the_list_of_words_is_in_order():
    groups = WORDS.read_text(encoding="utf-8").split("\n\n")[1:]
    for heading, *words in (group.splitlines() for group in groups):
        assert heading.startswith("# ")
        assert all(a.casefold() < b.casefold() for a, b in pairwise(words)), heading


@needs_dictionary
def test_the_list_has_no_word_that_nobody_needs():
    used = {word.casefold() for _, text in everything() for word in spanish.words(text)}
    assert {word for word in listed() if word.casefold() not in used} == set()
    assert listed() - unknown(frozenset(listed())) == set()


def anglicisms(texts):
    """Return (place, what it says, what to say) for each word outside the glossary."""
    found = []
    for place, text in texts:
        plain = re.sub(r"\*[^*\n]+\*(?!\*)|\([\w -]+\)", " ", spanish.prose(text).replace("**", ""))
        for word, better in GLOSSARY.items():
            found += [
                (place, hit[0], better) for hit in re.finditer(rf"(?<![\w-])(?:{word})(?![\w-])", plain, re.IGNORECASE)
            ]
    return found


def test_one_word_for_each_thing():
    said = anglicisms([*spanish.documents(), *spanish.notebooks()])
    assert [row for row in said if row[1] not in TITLES] == []
    names = spanish.identifiers()  # a message may name an argument, as in "loss debe ser una función"
    assert [row for row in anglicisms(spanish.messages()) if row[1] not in names] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("La loss del dataset baja.", ["dataset", "loss"]),
        ("Un **batch** y un *batch* y un lote (batch)", ["batch"]),
        ("El coste por defecto", ["coste", "por defecto"]),
        ("Una red feed-forward; `loss=0` y loss=0; prueba", []),
    ],
)
def test_an_anglicism_is_seen(text, words):
    assert [word for _, word, _ in anglicisms([("aquí", text)])] == words
