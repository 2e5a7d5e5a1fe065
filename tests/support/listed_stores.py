"""Stores of every kind that a list may have, for hypothesis."""

from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from likelight.assets.qr_sheet import LANGUAGES
from likelight.contract import BOARDS, KITS, KitchenName
from likelight.contract.schedule import WEEKDAYS
from likelight.fleet.stores.details import Details
from likelight.fleet.stores.rows import StoreRow

NAME: TypeAdapter[str] = TypeAdapter(KitchenName)


def _is_name(text: str) -> bool:
    try:
        return NAME.validate_python(text) == text
    except ValidationError:
        return False


STRANGE = st.text("'=+-@\",;\t# \N{NO-BREAK SPACE}\ufeffé日م", min_size=1, max_size=8)
NAMES = (STRANGE | st.text(min_size=1, max_size=60)).filter(_is_name)
DAY = st.sampled_from(["closed", "11:00-23:00", "11:00-14:00, 17:00-02:00", "00:00-24:00"])
WEEKS = st.just({}) | st.fixed_dictionaries(dict.fromkeys(WEEKDAYS, DAY))


def _or_nothing(*known: str) -> st.SearchStrategy[str | None]:
    return st.none() | st.sampled_from(known)


STORES = st.builds(
    StoreRow,
    kid=st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True),
    name=NAMES,
    details=st.builds(
        Details,
        timezone=_or_nothing("Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5"),
        country=_or_nothing("DE", "NO"),
        language=_or_nothing(*LANGUAGES),
        board=_or_nothing(*BOARDS),
        kit=_or_nothing(*KITS),
    ),
    week=WEEKS,
)
