"""The canvas in JupyterLab: digits drawn with a real mouse, stroke by stroke."""

import pytest
from playwright.sync_api import expect
from widgets import KEPT, barriers, draw, run_first_cell, watch

from course import datasets, handwriting

CELL = """
import numpy as np
from course.canvas import Canvas

board = Canvas(predict=lambda images: np.eye(10)[[int(images.shape == (1, 28, 28)) * 7]])
board
"""


@pytest.fixture(scope="module")
def name(lab):
    return lab.notebook("lienzo.ipynb", CELL.strip(), "board")


@pytest.fixture
def page(browser, lab, name, errors):
    page = watch(browser.new_page(viewport={"width": 1280, "height": 900}), errors)
    lab.open(page, name)
    run_first_cell(page, ".lienzo canvas")
    yield page
    page.close()


def test_a_drawn_digit_reaches_the_network_and_its_answer_comes_back(page, lab, name):
    told = page.locator(".lienzo p").first
    expect(told).to_have_text("Dibuja aquí un dígito.")
    strokes = datasets.drawings()[0][28]
    draw(page, strokes)
    expect(told).to_have_text("La red dice 7 (100 %)")
    expect(page.locator(".lienzo li.best")).to_have_text("7: 100 %")
    page.screenshot(path=KEPT / "lienzo.png")
    assert barriers(page, ".lienzo") == []
    lab.expect("len(board.strokes)", len(strokes), name)
    # What the mouse drew is what the strokes say, up to the pixels of the screen.
    drawn = handwriting.draw(lab.ask("board.strokes", name))
    assert abs(drawn - handwriting.draw(strokes)).mean() < 0.01


def test_clearing_empties_the_square_here_and_in_the_kernel(page, lab, name):
    draw(page, [[(0.5, 0.2), (0.5, 0.8)]])
    lab.expect("len(board.strokes)", 1, name)
    page.get_by_role("button", name="Borrar").first.click()
    expect(page.locator(".lienzo p").first).to_have_text("Dibuja aquí un dígito.")
    lab.expect("len(board.strokes)", 0, name)
    assert page.locator(".lienzo li").count() == 0


def test_a_second_view_shows_the_same_drawing(page, lab, name):
    draw(page, [[(0.2, 0.5), (0.8, 0.5)]])
    page.locator(".jp-CodeCell .cm-content").nth(1).click()
    page.keyboard.press("Control+Enter")
    pixels = "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).join()"
    squares = page.locator(".lienzo canvas")
    expect(squares).to_have_count(2)
    assert squares.nth(1).evaluate(pixels) == squares.nth(0).evaluate(pixels)


def test_a_dot_is_seen(page, lab, name):
    draw(page, [[(0.5, 0.5)]])
    lab.expect("[len(stroke) for stroke in board.strokes]", [1], name)
    dark = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(v => v < 128)"
    assert page.locator(".lienzo canvas").first.evaluate(dark)


def test_a_second_finger_draws_nothing(page, lab, name):
    box = page.locator(".lienzo canvas").first.bounding_box()
    screen = page.context.new_cdp_session(page)

    def touch(kind, *fingers):
        points = [
            {"id": i, "x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]}
            for i, (x, y) in enumerate(fingers)
        ]
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (0.2, 0.2))
    touch("touchMove", (0.2, 0.4))
    touch("touchStart", (0.2, 0.4), (0.9, 0.9))
    touch("touchMove", (0.2, 0.6), (0.9, 0.8))
    touch("touchMove", (0.2, 0.8))  # the second one is lifted
    touch("touchEnd")
    lab.expect(
        "[[[round(x, 1), round(y, 1)] for x, y in (stroke[0], stroke[-1])] for stroke in board.strokes]",
        [[[0.2, 0.2], [0.2, 0.8]]],
        name,
    )
    lab.expect("max(x for x, y in board.strokes[0]) < 0.5", True, name)


def test_a_right_click_and_a_drag_from_outside_draw_nothing(page, lab, name):
    box = page.locator(".lienzo canvas").first.bounding_box()
    page.mouse.click(box["x"] + 50, box["y"] + 50, button="right")
    page.keyboard.press("Escape")
    page.mouse.move(box["x"] - 20, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 50)
    page.mouse.up()
    lab.expect("board.strokes", [], name)
