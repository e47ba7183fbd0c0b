// The box that shows a password works with scripts only: it is shown with them only.

for (const box of document.querySelectorAll("[data-show-password]")) {
  const field = document.getElementById(box.dataset.showPassword);
  const toggle = box.querySelector("input");
  box.hidden = false;
  toggle.addEventListener("change", () => {
    field.type = toggle.checked ? "text" : "password";
  });
}
