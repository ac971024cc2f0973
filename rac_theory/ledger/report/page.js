"use strict";
// What is open, shown, sorted and saved; the tables can be read without it.
const { page: onAPage, jsonEnd } = document.currentScript.dataset;
const form = document.querySelector(".filters");
const cases = [...document.querySelectorAll("tbody.case")];
const heads = [...document.querySelectorAll(".cases thead th")];
const words = new Map(); // of a case, as they are searched
let sorted = cases, shown = cases, first = 0;

function packed(name) { // in their order, each with the number of what it holds first
  let first = 0;
  return [...document.querySelectorAll(`template.${name}`)].map((element) => {
    const pack = { element, first };
    first += Number(element.dataset.rows);
    return pack;
  });
}
const packs = packed("pack"), proofs = packed("proofs"), saved = packed("saved");

async function unpack(pack) {
  const bytes = Uint8Array.from(atob(pack.element.content.textContent), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}

const unpacked = (pack) => (pack.value ??= unpack(pack));

async function fill(cell, packs, number) {
  if (cell.hasChildNodes()) return;
  try {
    const pack = packs.findLast((one) => one.first <= number);
    cell.innerHTML = (await unpacked(pack))[number - pack.first]; // words in it are escaped, and the policy runs none
  } catch (error) {
    cell.textContent = `This browser cannot unpack what the row opens (${error}); those since 2023 can.`;
  }
}

function open(one, expanded) {
  const button = one.querySelector("button");
  const about = one.rows[1] ?? Object.assign(one.insertRow(), { className: "about", id: button.getAttribute("aria-controls") });
  const cell = about.cells[0] ?? Object.assign(about.insertCell(), { colSpan: heads.length });
  button.ariaExpanded = String(expanded);
  about.hidden = !expanded;
  return expanded ? fill(cell, packs, cases.indexOf(one)) : Promise.resolve();
}

function fits(one, chosen, statuses, asked) {
  if (!statuses.has(one.dataset.status)) return false;
  for (const name of ["claim", "problem", "sketch", "rank", "side"]) {
    if (chosen[name] && one.dataset[name] !== chosen[name]) return false;
  }
  if (asked.length && !words.has(one)) words.set(one, one.rows[0].textContent.toLowerCase());
  return asked.every((word) => words.get(one).includes(word));
}

function filter() {
  const data = new FormData(form), chosen = Object.fromEntries(data), statuses = new Set(data.getAll("status"));
  const asked = chosen.search.toLowerCase().split(/\s+/).filter(Boolean);
  shown = sorted.filter((one) => fits(one, chosen, statuses, asked));
  turn(0);
}

function turn(to) { // to the page that begins with this one of the cases that are shown
  first = to;
  const last = Math.min(first + Number(onAPage), shown.length);
  const all = new Set(shown), here = new Set(shown.slice(first, last));
  for (const one of cases) {
    one.hidden = !all.has(one);
    one.classList.toggle("beyond", !here.has(one)); // printed, but not laid out on a screen
  }
  const part = last - first < shown.length ? `${first + 1} to ${last} of ` : "";
  const whole = part && shown.length === cases.length ? "" : ` of ${cases.length}`;
  document.querySelector(".pager output").value = `${part}${shown.length}${whole} cases`;
  for (const button of document.querySelectorAll("[data-turn]")) {
    button.disabled = Number(button.dataset.turn) < 0 ? first === 0 : last === shown.length;
  }
}

function sort(head) {
  const column = heads.indexOf(head), falling = head.ariaSort === "ascending";
  for (const other of heads) other.ariaSort = "none";
  head.ariaSort = falling ? "descending" : "ascending";
  const { compare } = new Intl.Collator("en", { numeric: true }); // T2 before T10
  const keyed = cases.map((one) => {
    const cell = one.rows[0].cells[column];
    return { one, key: cell.dataset.key ?? cell.textContent, number: parseFloat(cell.dataset.key) };
  });
  keyed.sort((a, b) => {
    if (!a.key || !b.key) return !a.key - !b.key; // what does not exist comes last, whichever way
    const order = isNaN(a.number) ? compare(a.key, b.key) : a.number - b.number;
    return falling ? -order : order;
  });
  sorted = keyed.map(({ one }) => one);
  document.querySelector("table.cases").append(...sorted);
  filter();
}

async function save(kind) {
  const [head, ...rows] = await unpacked(saved[0]);
  const each = shown.map((one) => rows[cases.indexOf(one)]);
  const text = kind === "csv" ? head[1] + each.map((row) => row[1]).join("") : head[0] + each.map((row) => row[0]).join(",\n") + jsonEnd;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: kind === "csv" ? "text/csv" : "application/json" }));
  link.download = `results.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function follow() {
  const number = Number(location.hash.replace(/^#case-/, ""));
  const part = [...document.querySelectorAll(".parts a")].find(({ dataset }) => dataset.first <= number && number <= dataset.last);
  if (part) location.replace(part.getAttribute("href") + location.hash);
  const row = location.hash.startsWith("#case-") && document.getElementById(location.hash.slice(1));
  if (!row) return;
  const one = row.parentElement;
  if (one.hidden) {
    form.reset();
    filter();
  }
  turn(Math.floor(shown.indexOf(one) / onAPage) * onAPage);
  open(one, true).then(() => row.scrollIntoView({ block: "start" }));
}

for (const one of document.querySelectorAll("details[data-proof]")) {
  one.addEventListener("toggle", () => fill(one.querySelector("div"), proofs, Number(one.dataset.proof)));
}

if (form) {
  form.addEventListener("input", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelector("table.cases").addEventListener("click", ({ target }) => {
    const head = target.closest("thead th"), row = target.closest("tr[id^=case-]");
    if (head) sort(head);
    const selecting = String(getSelection()) !== "";
    if (row && (!selecting || target.closest("button"))) {
      open(row.parentElement, row.querySelector("button").ariaExpanded !== "true");
    }
  });
  for (const button of document.querySelectorAll("[data-turn]")) {
    button.addEventListener("click", () => turn(first + Number(button.dataset.turn) * onAPage));
  }
  for (const button of form.querySelectorAll("[data-save]")) {
    button.addEventListener("click", () => save(button.dataset.save));
  }
  for (const link of document.querySelectorAll("a[data-show]")) {
    link.addEventListener("click", () => {
      form.elements.claim.value = link.dataset.show;
      filter();
    });
  }
  filter(); // a browser may have kept what was chosen before
}
addEventListener("hashchange", follow);
follow();
