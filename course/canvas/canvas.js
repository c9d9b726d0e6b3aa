// A square to draw on. The strokes are the model's: points (x, y) in [0, 1], y downwards.

const SIDE = 280; // of the square, in CSS pixels
const PEN = 0.08; // the pen's width, as in handwriting.py

function render({ model, el }) {
  el.classList.add("lienzo");
  const square = document.createElement("canvas");
  square.width = square.height = SIDE * 2; // sharp also on screens of twice the pixels
  square.tabIndex = 0;
  square.setAttribute("role", "img");
  const side = document.createElement("div");
  const clear = document.createElement("button");
  clear.type = "button";
  clear.textContent = "Borrar";
  const bars = document.createElement("ol");
  bars.start = 0;
  const told = document.createElement("p");
  told.setAttribute("aria-live", "polite");
  side.append(told, bars, clear);
  el.append(square, side);

  const context = square.getContext("2d");
  let stroke = null; // the one under the pen, not yet the model's
  let pen = null; // the id of the pointer that draws it: a second finger, or the hand's edge, draws nothing

  function paint() {
    const size = square.width;
    context.fillStyle = "#FFFFFF";
    context.fillRect(0, 0, size, size);
    Object.assign(context, { lineWidth: PEN * size, lineCap: "round", lineJoin: "round", strokeStyle: "#1A1A1A" });
    for (const points of [...model.get("strokes"), ...(stroke ? [stroke] : [])]) {
      context.beginPath();
      points.forEach(([x, y]) => context.lineTo(x * size, y * size));
      context.lineTo(points.at(-1)[0] * size + 0.1, points.at(-1)[1] * size); // a line of no length would not be drawn
      context.stroke();
    }
  }

  function tell() {
    const answer = model.get("answer");
    const best = answer.indexOf(Math.max(...answer));
    const drawn = model.get("strokes").length > 0;
    told.textContent = model.get("problem")
      ? `La red no pudo responder: ${model.get("problem")}`
      : answer.length
        ? `La red dice ${best} (${Math.round(100 * answer[best])} %)`
        : drawn
          ? "Dibujo guardado."
          : "Dibuja aquí un dígito.";
    square.setAttribute("aria-label", `Lienzo para dibujar un dígito. ${told.textContent}`);
    bars.replaceChildren(
      ...answer.map((chance, digit) => {
        const row = document.createElement("li");
        row.style.setProperty("--chance", chance);
        row.classList.toggle("best", digit === best);
        row.textContent = `${digit}: ${Math.round(100 * chance)} %`;
        return row;
      }),
    );
  }

  const place = (event) => {
    const box = square.getBoundingClientRect();
    const share = (value) => Math.round(1000 * Math.min(1, Math.max(0, value))) / 1000;
    return [share((event.clientX - box.left) / box.width), share((event.clientY - box.top) / box.height)];
  };
  const draws = (event) => stroke && event.pointerId === pen;
  square.addEventListener("pointerdown", (event) => {
    if (stroke || event.button !== 0) return;
    pen = event.pointerId;
    square.setPointerCapture(pen);
    stroke = [place(event)];
    paint();
    event.preventDefault(); // no selecting, no scrolling
  });
  square.addEventListener("pointermove", (event) => {
    if (!draws(event)) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) stroke.push(place(one));
    paint();
  });
  // However a stroke ends: the pen is lifted, or the browser takes it away.
  square.addEventListener("lostpointercapture", (event) => {
    if (!draws(event)) return;
    const strokes = [...model.get("strokes"), stroke];
    stroke = null;
    model.set("strokes", strokes);
    model.save_changes();
  });
  clear.addEventListener("click", () => {
    model.set("strokes", []);
    model.save_changes();
  });

  model.on("change:strokes", paint);
  model.on("change:strokes change:answer change:problem", tell);
  paint();
  tell();
  return () => {
    model.off("change:strokes", paint);
    model.off("change:strokes change:answer change:problem", tell);
  };
}

export default { render };
