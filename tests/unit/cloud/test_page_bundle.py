"""One script out of the page's modules: what it refuses, and that it does what they do."""

import re

import pytest
from aiohttp.test_utils import make_mocked_request

from likelight.web.http.static_files import static_route
from likelight_cloud.page.bundle import BundleError, bundle, without_comments
from likelight_cloud.page.files import BUNDLED, FILES, MODULES, apart


def test_modules_come_once_each_after_those_that_they_import() -> None:
    modules = {
        "/page/main.js": 'import { a } from "./a.js";\nimport { b as other } from "/b.js";\n'
        "use(a, other);\n",
        "/page/a.js": 'import { b } from "/b.js";\nexport const a = b + 1;\n',
        "/b.js": "export const b = 1;\nconst hidden = 2;\nexport function f() {}\n",
    }
    assert bundle("/page/main.js", modules) == (
        "const $0 = (() => {\nconst b = 1;\nconst hidden = 2;\nfunction f() {}\n"
        "return { b, f };\n})();\n"
        "const $1 = (() => {\nconst { b } = $0;\nconst a = b + 1;\nreturn { a };\n})();\n"
        "const $2 = (() => {\nconst { a } = $1;\nconst { b: other } = $0;\nuse(a, other);\n"
        "return {  };\n})();\n"
    )


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ('import "./a.js";', "a line that can't be bundled: import"),
        ('import all from "./a.js";', "a line that can't be bundled: import all"),
        ('import * as all from "./a.js";', "a line that can't be bundled"),
        ("export let a = 1;", "a line that can't be bundled: export let a"),
        ("export default 1;", "a line that can't be bundled: export default"),
        ('export { a } from "./a.js";', "a line that can't be bundled"),
        ("const here = import.meta.url;", "import.meta"),
        ('import { a } from "./nowhere.js";', "/m.js imports /nowhere.js, which is not there"),
        ('import { m } from "./m.js";', "/m.js imports itself"),
        ("const text = `one\ntwo`;", "over several lines"),
        ("/* one */ two();", "code after a comment"),
    ],
)
def test_what_it_does_not_know_is_refused_by_name(source: str, told: str) -> None:
    with pytest.raises(BundleError, match=re.escape(told)):
        bundle("/m.js", {"/m.js": f"{source}\n", "/a.js": "export const a = 1;\n"})


def test_lines_of_comment_go_and_what_only_looks_like_one_stays() -> None:
    source = """/** A comment
 * of several lines. */
const a = "http://x"; // stays
  // goes

  const b = a
    / 2;
/* goes */
const c = `a // b`;
"""
    assert without_comments("/m.js", source) == (
        'const a = "http://x"; // stays\nconst b = a\n/ 2;\nconst c = `a // b`;\n'
    )


def test_the_page_s_own_bundle_has_every_module_and_names_only_what_is_served() -> None:
    script = BUNDLED.served[BUNDLED.script.rpartition("/")[2]].plain.decode()
    for address in MODULES.keys() - {"/static/page/privacy.js"}:
        for name in re.findall(r"^export (?:class|function) (\w+)", MODULES[address], re.MULTILINE):
            assert re.search(rf"^(?:class|function) {name}\b", script, re.MULTILINE), address
    assert re.findall(r'import\("([^"]+)"\)', script) == ["/player/vendor/hls.js"]
    (style,) = BUNDLED.styles
    urls = re.findall(r'url\("([^"]+)"\)', BUNDLED.served[style.rpartition("/")[2]].plain.decode())
    assert [f"/static/page/{url}" for url in urls] == list(BUNDLED.fonts)


async def test_a_name_with_a_hash_is_kept_for_a_year_and_one_without_is_asked_for_again() -> None:
    own = {BUNDLED.script, *BUNDLED.styles, *BUNDLED.fonts, BUNDLED.tab_icon}
    for address in own:
        name = address.rpartition("/")[2]
        assert re.fullmatch(r"[\w-]+\.[0-9a-f]{16}\.\w+", name)
        assert BUNDLED.served[name].caching == "public, max-age=31536000, immutable"
        # While servers are upgraded one by one, another one's hash may be asked for.
        handler = static_route("/static/page", BUNDLED.served).handler
        info = {"name": re.sub("[0-9a-f]{16}", "0123456789abcdef", name)}
        request = make_mocked_request("GET", "/", match_info=info)
        reply = await handler(request)  # type: ignore[misc, arg-type]
        assert reply.body == BUNDLED.served[name].plain
        assert reply.headers["Cache-Control"] == "no-cache"
    for address in (apart().script, *apart().styles):
        assert FILES[address.rpartition("/")[2]].caching == "no-cache"
