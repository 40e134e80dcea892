// A canvas to draw on. `value` is a list of strokes, which are lists of points [x, y] in units of the
// canvas, for Python; strokes that Python sets are drawn.

const SIDE = 280;
const EVERY = 150; // ms between messages while a stroke is drawn

export function render({ model }) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  canvas.setAttribute("aria-label", "draw here");
  canvas.style.cssText =
    "background: #000; border-radius: 6px; cursor: crosshair; touch-action: none;";
  const pen = canvas.getContext("2d");
  let strokes = [];
  let drawing = false;
  let sent = 0;

  function draw() {
    pen.clearRect(0, 0, SIDE, SIDE);
    if (!strokes.length) {
      pen.fillStyle = "#bbb";
      pen.font = "20px system-ui, sans-serif";
      pen.textAlign = "center";
      pen.fillText(model.prompt, SIDE / 2, SIDE / 2);
    }
    pen.strokeStyle = pen.fillStyle = "#fff";
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = model.pen * SIDE;
    for (const stroke of strokes) {
      pen.beginPath();
      pen.moveTo(SIDE * stroke[0][0], SIDE * stroke[0][1]);
      for (const [x, y] of stroke) pen.lineTo(SIDE * x, SIDE * y);
      pen.stroke();
    }
  }

  function point(event) {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  function send() {
    sent = Date.now();
    model.value = strokes.map((stroke) => stroke.slice());
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    drawing = true;
    strokes = [...strokes, [point(event)]];
    draw();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!drawing) return;
    strokes[strokes.length - 1].push(point(event));
    draw();
    if (Date.now() - sent > EVERY) send();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => {
      if (!drawing) return;
      drawing = false;
      send();
    });
  }
  model.on("value", () => {
    if (drawing) return; // an echo of what was sent, older than what is here
    strokes = model.value.map((stroke) => stroke.slice());
    draw();
  });
  strokes = model.value.map((stroke) => stroke.slice());
  draw();
  return canvas;
}
