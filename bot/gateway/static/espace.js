// What works with scripts only is shown with them only: the box that shows a password, the button that prints.

for (const box of document.querySelectorAll("[data-show-password]")) {
  const field = document.getElementById(box.dataset.showPassword);
  const toggle = box.querySelector("input");
  box.hidden = false;
  toggle.addEventListener("change", () => {
    field.type = toggle.checked ? "text" : "password";
  });
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
