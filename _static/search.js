/* The search page: pages in the order of what they say of the words, with an excerpt of their prose. */
document.addEventListener("DOMContentLoaded", () => {
  const results = document.querySelector("#search-results")
  const status = document.querySelector("#search-status")
  if (!results) return
  const field = document.querySelector(".book-search input")
  const root = document.documentElement.dataset.content_root
  const asked = new URLSearchParams(location.search).get("q") || ""
  const SHOWN = 3
  const SPELLINGS = { pm25: "pm2.5", "pm 2.5": "pm2.5", hongkong: "hong kong", peking: "beijing" }

  const plain = (text) => text.toLowerCase().replace(/\u2212/g, "-").replace(/[₀-₉]/g, (digit) => digit.charCodeAt(0) - 8320)
  const words = (text) => plain(text).match(/[a-z]*\d+(?:[.,]\d+)*|\p{L}+/gu) || []
  const spelled = (text) => Object.entries(SPELLINGS).reduce((said, [other, ours]) => said.replace(new RegExp(`\\b${other}\\b`, "gi"), ours), text)
  const stem = (word) => (word.length > 4 ? word.replace(/(ies|es|s)$/, "") : word)
  const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
  const make = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties)
    element.append(...children)
    return element
  }
  /* A number is met as a whole number, a word from its beginning. */
  const pattern = (word) => new RegExp(/^\d/.test(word) ? `(?<![\\d.])${escape(word)}(?![\\d]|\\.\\d)` : `(?<![\\p{L}\\d])${escape(stem(word))}`, "giu")
  const count = (text, looked) => (plain(text).match(looked) || []).length
  const much = (times) => times / (times + 2)

  const weigh = (section, looked) => {
    const numbers = section.numbers.map((pair) => pair.join(" ")).join(" ")
    const each = looked.map((one) => ({
      heading: count(section.heading, one), prose: count(section.prose, one), other: count(section.cells, one) + count(numbers, one),
    }))
    const met = each.map((one) => one.heading + one.prose + one.other > 0)
    const score = each.reduce((sum, one) => sum + 3 * Math.min(one.heading, 1) + 4 * much(one.prose) + much(one.other), 0)
    return { section, met, score }
  }
  const rank = (page, looked) => {
    const all = page.sections.map((section) => weigh(section, looked))
    const titled = looked.filter((one) => count(page.title, one)).length
    const met = looked.every((one, place) => all.some((part) => part.met[place]) || count(page.title, one))
    const parts = all.filter((part) => part.score > 0).sort((one, other) =>
      other.met.filter(Boolean).length - one.met.filter(Boolean).length || other.score - one.score)
    const said = parts.reduce((sum, part) => sum + part.score, 0)
    return { page, parts, met, score: page.tier * (30 * titled + 10 * said / (said + 10)) }
  }

  const marked = (text, looked) => {
    const places = looked.flatMap((one) => [...plain(text).matchAll(one)].map((hit) => [hit.index, hit.index + hit[0].length]))
    places.sort((one, other) => one[0] - other[0])
    const parts = []
    let end = 0
    places.forEach(([from, to]) => {
      if (from < end) return
      parts.push(text.slice(end, from), make("mark", {}, text.slice(from, to)))
      end = to
    })
    return [...parts, text.slice(end)]
  }
  const excerpt = (section, looked) => {
    const text = section.prose
    const place = Math.max(...looked.map((one) => plain(text).search(one)))
    const number = section.numbers.find((pair) => looked.some((one) => count(pair.join(" "), one)))
    if (place < 0 && number) return marked(`${number[0]}: ${number[1]}`, looked)
    const from = place < 90 ? 0 : text.lastIndexOf(" ", place - 60) + 1
    const cut = text.slice(from, from + 220)
    return marked((from ? "… " : "") + cut.replace(/\s\S*$/, from + 220 < text.length ? " …" : "$&"), looked)
  }
  const row = ({ page, parts }, looked) => make("li", {},
    make("a", { href: root + page.page, className: "search-title" }, page.title),
    ...parts.slice(0, SHOWN).map(({ section }) => make("p", {},
      make("a", { href: `${root}${page.page}#${section.anchor}` }, section.heading || page.title), " ", ...excerpt(section, looked))))

  const show = () => {
    const looked = words(spelled(plain(asked))).map(pattern)
    const found = looked.length ? window.BOOK_SEARCH.map((page) => rank(page, looked)).filter((one) => one.met) : []
    found.sort((one, other) => other.score - one.score)
    results.replaceChildren(...found.map((one) => row(one, looked)))
    const pages = found.length === 1 ? "1 page says" : `${found.length} pages say`
    status.textContent = looked.length ? `${pages} something of “${asked}”.` : "Give a word or a number."
    if (looked.length && !found.length) status.textContent = `Nothing was found for “${asked}”. Try one word of it, or a shorter one.`
  }
  field.value = asked
  if (!asked) {
    field.focus()
    return
  }
  status.textContent = "Searching …"
  const script = make("script", { src: `${root}searchindex.js` })
  script.addEventListener("load", show)
  script.addEventListener("error", () => { status.textContent = "The list of words did not arrive. Load the page again." })
  document.head.append(script)
})
