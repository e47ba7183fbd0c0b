// The charts of the dashboards, drawn from the tables of the page; without this script the tables are simply there.

const style = getComputedStyle(document.documentElement);
const ink = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
const COLOURS = [ink("--background-action-high-blue-france", "#000091"), ink("--text-default-warning", "#b34000")];
const TEXT = ink("--text-default-grey", "#3a3a3a");
const LINES = ink("--border-default-grey", "#dddddd");
const ROW = 44; // pixels of one row of a ranking
const CHARACTERS = { wide: 30, narrow: 17 }; // of one line of a label beside a ranking
const narrow = matchMedia("(max-width: 36em)");

// The second series is told from the first without its colour.
function hatched(colour) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = colour;
  pen.lineWidth = 2.5;
  for (const start of [-8, 0, 8]) {
    pen.beginPath();
    pen.moveTo(start - 1, 9);
    pen.lineTo(start + 9, -1);
    pen.stroke();
  }
  return pen.createPattern(tile, "repeat");
}

function read(section) {
  const table = section.querySelector("table");
  const heads = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent);
  const rows = [...table.tBodies[0].rows];
  return {
    labels: rows.map((row) => row.cells[0].textContent),
    series: heads.map((label, index) => ({
      label,
      values: rows.map(({ cells }) => (cells[index + 1].dataset.value === "" ? null : Number(cells[index + 1].dataset.value))),
      texts: rows.map(({ cells }) => cells[index + 1].textContent),
    })),
  };
}

function dataset(kind, { label, values, texts }, index) {
  const colour = COLOURS[index % COLOURS.length];
  const common = { label, data: values, texts, borderColor: colour };
  if (kind === "line") {
    return {
      ...common,
      backgroundColor: index ? "#ffffff" : colour,
      borderWidth: 2,
      borderDash: index ? [6, 4] : [],
      pointStyle: index ? "rectRot" : "circle",
      pointRadius: values.length > 31 ? 1.5 : 3.5,
      pointHoverRadius: 6,
      spanGaps: false,
    };
  }
  return { ...common, backgroundColor: index ? hatched(colour) : colour, borderWidth: 1, maxBarThickness: 28 };
}

// Two lines at most: the whole label is in the tooltip and in the table.
function folded(label) {
  const longest = narrow.matches ? CHARACTERS.narrow : CHARACTERS.wide;
  const lines = [""];
  const bound = label.replace(/« /g, "«\u202f").replace(/ ([»:;?!])/g, "\u202f$1");
  for (const word of bound.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= longest || lines.at(-1) === "") {
      lines[lines.length - 1] = longer;
    } else {
      lines.push(word);
    }
  }
  return lines.length > 2 ? [lines[0], `${lines[1].slice(0, longest - 1).trimEnd()}…`] : lines;
}

function draw(section) {
  const { chart: kind, unit } = section.dataset;
  const { labels, series } = read(section);
  const ranking = kind === "ranking";
  const numbers = { beginAtZero: true, stacked: kind === "stacked", grid: { color: LINES }, ticks: { maxTicksLimit: 6 } };
  if (unit) {
    numbers.ticks.callback = (value) => `${value.toLocaleString("fr-FR")}\u00a0${unit}`;
  } else if (series.every(({ values }) => values.every((value) => Number.isInteger(value)))) {
    numbers.ticks.precision = 0;
  }
  const names = { stacked: kind === "stacked", grid: { display: false }, ticks: { maxRotation: 0, autoSkipPadding: 16 } };
  if (!ranking) {
    names.ticks.callback = (_value, index) => labels[index].replace(/^.* du /, ""); // « Semaine du 2 novembre »
  } else {
    names.ticks = { autoSkip: false, callback: (_value, index) => folded(labels[index]) };
  }
  const drawing = section.querySelector(".eq-chart__drawing");
  drawing.hidden = false;
  if (ranking) {
    drawing.style.height = `${labels.length * ROW + (series.length > 1 ? 80 : 40)}px`;
  }
  new Chart(drawing.querySelector("canvas"), {
    type: kind === "line" ? "line" : "bar",
    data: { labels, datasets: series.map((one, index) => dataset(kind, one, index)) },
    options: {
      indexAxis: ranking ? "y" : "x",
      maintainAspectRatio: false,
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 300 },
      interaction: { mode: "index", axis: ranking ? "y" : "x", intersect: false },
      scales: ranking ? { x: numbers, y: names } : { x: names, y: numbers },
      plugins: {
        legend: { display: series.length > 1, position: "bottom", labels: { usePointStyle: kind === "line", boxWidth: 28, boxHeight: 9 } },
        tooltip: {
          callbacks: {
            title: ([item]) => labels[item.dataIndex],
            label: ({ dataset: { label, texts }, dataIndex }) => ` ${label}\u202f: ${texts[dataIndex]}`,
          },
        },
      },
    },
  });
  section.querySelector("details").open = false;
}

if (typeof Chart !== "undefined") {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 13;
  Chart.defaults.color = TEXT;
  Chart.defaults.locale = "fr-FR";
  // What is printed is drawn at the size of the paper.
  addEventListener("beforeprint", () => Object.values(Chart.instances).forEach((one) => one.resize()));
  document.fonts.ready.then(() => document.querySelectorAll("[data-chart]").forEach(draw));
}

// The two dates only matter to a period of one's own.
const period = document.querySelector("[data-period]");
if (period) {
  const show = () => {
    for (const field of document.querySelectorAll("[data-custom]")) {
      field.hidden = period.value !== period.dataset.period;
    }
  };
  period.addEventListener("change", show);
  show();
}

// A long verification: the page follows it, and shows its outcome as soon as there is one.
const verifying = document.querySelector("[data-verifying]");
if (verifying) {
  const bar = verifying.querySelector("progress");
  const told = verifying.querySelector("[data-progress]");
  const ask = async () => {
    const answer = await fetch(verifying.dataset.verifying).catch(() => null);
    const state = answer?.ok && !answer.redirected ? await answer.json() : { finie: false };
    if (state.finie) return void location.reload();
    if (state.dites) {
      bar.max = state.total;
      bar.value = state.faites;
      told.textContent = state.dites;
    }
    setTimeout(ask, 2000);
  };
  setTimeout(ask, 1000);
}
