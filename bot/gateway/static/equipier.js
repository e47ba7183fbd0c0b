// What every form needs: the summary of errors gets the focus, and a form is sent once.

const summary = document.querySelector("[data-summary]");
if (summary) {
  summary.focus();
}

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) {
      return;
    }
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.querySelector('[type="submit"]').setAttribute("aria-disabled", "true");
  });
}

// Back to a page that the browser had kept as it was.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) {
    delete form.dataset.sent;
    form.querySelector('[type="submit"]').removeAttribute("aria-disabled");
  }
});
