// The page of `course simulator`: the widget, with a WebSocket where a notebook has a kernel.

import widget from "./widget.js";

const socket = new WebSocket(`ws://${location.host}/socket`);
socket.binaryType = "arraybuffer";

const listeners = new Set();
const model = {
  on: (_, listener) => listeners.add(listener),
  off: (_, listener) => listeners.delete(listener),
  send: (content) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(content)),
};

// Four bytes tell how long the JSON is; what follows it is the buffer.
socket.addEventListener("message", ({ data }) => {
  const size = new DataView(data).getUint32(0, true);
  const content = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, size)));
  for (const listener of listeners) listener(content, [new DataView(data, 4 + size)]);
});

const el = document.getElementById("simulator");
socket.addEventListener("open", () => widget.render({ model, el }));
socket.addEventListener("close", () => {
  const note = document.createElement("p");
  note.className = "disconnected";
  note.setAttribute("role", "alert");
  note.textContent = "El simulador se detuvo. Vuelve a abrirlo con: python -m course simulator";
  document.body.prepend(note);
});
