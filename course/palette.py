"""The class's colours: figures, pages and simulator take theirs from here, and `tests/test_palette.py` computes that
they differ for every eye and in grey. What is told by colour is told by a shape, a dash or a word too.
"""

# Three Okabe-Ito hues, darkened in steps so that they also differ in grey.
INK, BLUE, VERMILLION, MAUVE = "#1A1A1A", "#00468B", "#BF4600", "#C27AAB"
GREY = "#8F8F8F"  # for what is only there to compare with
PAPER, SOFT, SHADE = "#FFFFFF", "#EDF2F8", "#DDDDDD"
SERIES = (BLUE, VERMILLION, MAUVE, INK)
TEXT = (INK, BLUE, VERMILLION)  # what letters may be drawn in, on PAPER or SOFT

# Up to ten classes, found by a search for the largest least distance; two that share a mark differ most in grey.
CLASSES = (
    *("#0055AA", "#D46A00", "#2AEAFF", "#554015", "#AA80FF"),
    *("#40AAAA", "#BFD4AA", "#956A6A", "#FFBF15", "#801555"),
)
MARKS = ("o", "s", "^", "D", "v")  # of the classes, in turn
