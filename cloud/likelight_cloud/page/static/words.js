/** The page's words, in the language that the server chose. */

const WORDS = JSON.parse(document.getElementById("words").textContent);

/** The page's language, for numbers and times too. */
export const lang = document.documentElement.lang;

/** The words `key`, with `{name}` and the like filled in. */
export function word(key, values = {}) {
  return WORDS[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const plurals = new Intl.PluralRules(lang);

/** The words `key` in the form that the number `n` takes in the page's language. */
export function counted(key, n, values = {}) {
  return word(`${key}_${plurals.select(n)}`, values);
}

/** Read the page in another language from now on; only its address remembers that. */
export function chooseLanguage(chosen) {
  const url = new URL(location.href);
  url.searchParams.set("lang", chosen);
  location.replace(url);
}
