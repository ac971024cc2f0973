"use strict";
// What is open and what is shown; the tables can be read without it.
const form = document.querySelector(".filters");
const cases = [...document.querySelectorAll("tbody.case")];

const packed = (name) => [...document.querySelectorAll(`template.${name}`)].map((one) => ({ letters: one.content.textContent }));
const packs = packed("pack"), proofs = packed("proofs");
const rowsInPack = Number(document.currentScript.dataset.rows);

async function unpack(letters) {
  const bytes = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}

async function fill(cell, packs, number) {
  if (cell.hasChildNodes()) return;
  const pack = packs[Math.floor(number / rowsInPack)];
  try {
    pack.fragments ??= unpack(pack.letters);
    cell.innerHTML = (await pack.fragments)[number % rowsInPack]; // words in it are escaped, and the policy runs none
  } catch (error) {
    cell.textContent = `This browser cannot unpack what the row opens (${error}); those since 2023 can.`;
  }
}

function open(one, expanded) {
  one.querySelector("button").setAttribute("aria-expanded", String(expanded));
  one.querySelector(".about").hidden = !expanded;
  return expanded ? fill(one.querySelector(".about > td"), packs, cases.indexOf(one)) : Promise.resolve();
}

function filter() {
  const chosen = new FormData(form);
  const statuses = new Set(chosen.getAll("status"));
  let shown = 0;
  for (const one of cases) {
    const fits = ["claim", "problem", "sketch"].every((name) => !chosen.get(name) || one.dataset[name] === chosen.get(name));
    one.hidden = !(fits && statuses.has(one.dataset.status));
    shown += !one.hidden;
  }
  form.querySelector("output").value = `${shown} of ${cases.length} cases`;
}

function follow() {
  const row = location.hash.startsWith("#case-") && document.getElementById(location.hash.slice(1));
  if (!row) return;
  if (row.parentElement.hidden) form.reset();
  open(row.parentElement, true).then(() => row.scrollIntoView({ block: "start" }));
}

for (const one of document.querySelectorAll("details[data-proof]")) {
  one.addEventListener("toggle", () => fill(one.querySelector("div"), proofs, Number(one.dataset.proof)));
}

if (form) {
  form.addEventListener("change", filter);
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const one of cases) {
    one.firstElementChild.addEventListener("click", (event) => {
      const selecting = String(getSelection()) !== "";
      if (!selecting || event.target.closest("button")) open(one, one.querySelector(".about").hidden);
    });
  }
  for (const link of document.querySelectorAll("a[data-show]")) {
    link.addEventListener("click", () => {
      form.elements.claim.value = link.dataset.show;
      filter();
    });
  }
  addEventListener("hashchange", follow);
  filter(); // a browser may have kept what was chosen before
  follow();
}
