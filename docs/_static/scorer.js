/* Order of what a search finds: pages that explain before notebooks, and the reference last. A match in a title stays
   before one in the text; of two such titles the shorter one, which says less besides. */
var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
  places: [["house", -8], ["neighbours", -8], ["notebooks/", 1], ["extend/", 4], ["guide/", 3], ["theory/", 2]],
  score: ([page, title, anchor, , score, , kind]) => {
    const [, place] = Scorer.places.find(([start]) => page.startsWith(start)) || ["", 2];
    const isReference = kind === "object" || page.startsWith("api/");
    return score + (isReference ? -100 : place) - Math.min(title.length, 90) / 100 - (anchor ? 0.5 : 0);
  },
};
