// A frame to sign in, with a finger, a stylus or a mouse. The drawing goes in a hidden field, as a PNG.

const INK = "#161616";
const WIDTH = 4; // pixels of the picture

export function signaturePad(root) {
  const canvas = root.querySelector("canvas");
  const state = root.querySelector("[data-pad-state]");
  const field = root.querySelector('[name="drawing"]');
  const pen = canvas.getContext("2d");
  let last = null;

  const say = (signed) => {
    const said = signed ? "Signature tracée." : "Le cadre est vide.";
    state.textContent = said;
    canvas.setAttribute("aria-label", `Cadre de signature. ${said}`);
  };

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) * canvas.width) / box.width,
      y: ((event.clientY - box.top) * canvas.height) / box.height,
    };
  };

  const draw = (to) => {
    pen.beginPath();
    pen.moveTo(last.x, last.y);
    pen.lineTo(to.x, to.y);
    pen.stroke();
    last = to;
  };

  pen.lineWidth = WIDTH;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.strokeStyle = INK;

  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary || event.button !== 0) {
      return;
    }
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    draw(last); // a dot, for a touch that does not move
  });
  canvas.addEventListener("pointermove", (event) => {
    if (last && event.isPrimary) {
      for (const step of event.getCoalescedEvents?.() ?? [event]) {
        draw(place(step));
      }
    }
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, (event) => {
      if (last && event.isPrimary) {
        last = null;
        field.value = canvas.toDataURL("image/png");
        say(true);
      }
    });
  }
  root.querySelector("[data-pad-clear]").addEventListener("click", () => {
    pen.clearRect(0, 0, canvas.width, canvas.height);
    field.value = "";
    say(false);
  });

  if (field.value) {
    const drawn = new Image();
    drawn.addEventListener("load", () => pen.drawImage(drawn, 0, 0));
    drawn.src = field.value;
  }
  say(Boolean(field.value));
}
