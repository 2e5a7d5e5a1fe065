"""One verifier of webhooks, driven by profiles: official examples, and what is refused."""

import base64
import hashlib
import hmac
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from likelight_cloud.trust import signature
from likelight_cloud.trust.signature import (
    BUILT_IN,
    Profile,
    ProfileError,
    SignatureError,
    Signed,
    read_profile,
    verify,
)

URL = "https://kitchens.example/v1/ingest/till"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEY = b"a-key-of-a-test!"
STANDARD = BUILT_IN["standard-webhooks"]
GITHUB = BUILT_IN["github"]
SQUARE = BUILT_IN["square"]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def test_the_profiles_that_come_with_the_cloud_are_named_as_their_files() -> None:
    assert list(BUILT_IN) == ["github", "square", "standard-webhooks"]
    assert [profile.name for profile in BUILT_IN.values()] == list(BUILT_IN)


@pytest.mark.parametrize("secret", ["whsec_", ""])
def test_the_example_of_standard_webhooks_is_right(secret: str) -> None:
    """libraries/javascript/src/webhook.test.ts of standard-webhooks/standard-webhooks."""
    headers = CIMultiDict(
        {
            "Webhook-Id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "Webhook-Timestamp": "1614265330",
            "Webhook-Signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        }
    )
    key = STANDARD.key_of(f"{secret}MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    told = verify(STANDARD, [key], headers, url=URL, body=body, now=at(1614265330))
    assert told == Signed(hashlib.sha256(b"msg_p5jXN8AQM9LWM0D4loKWxJek").digest(), at(1614265330))
    # A sender in a rotation of its own, or with a newer kind of signature, sends several.
    more = ["v2,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=", headers["Webhook-Signature"]]
    headers["Webhook-Signature"] = " ".join(more)
    assert verify(STANDARD, [KEY, key], headers, url=URL, body=body, now=at(1614265330)) == told


def test_the_example_of_square_is_right() -> None:
    """tests/integration/test_webhooks_helper.py of square/square-python-sdk."""
    body = (
        b'{"merchant_id":"MLEFBHHSJGVHD","type":"webhooks.test_notification",'
        b'"event_id":"ac3ac95b-f97d-458c-a6e6-18981597e05f",'
        b'"created_at":"2022-07-13T20:30:59.037339943Z",'
        b'"data":{"type":"webhooks","id":"bc368e64-01aa-407e-b46e-3231809b1129"}}'
    )
    headers = CIMultiDict(
        {"x-square-hmacsha256-signature": "GF4YkrJgGBDZ9NIYbNXBnMzqb2HoL4RW/S6vkZ9/2N4="}
    )
    key = SQUARE.key_of("Ibxx_5AKakO-3qeNVR61Dw")
    url = "https://webhook.site/679a4f3a-dcfa-49ee-bac5-9d0edad886b9"
    sent = datetime(2022, 7, 13, 20, 30, 59, 37339, tzinfo=UTC)
    told = verify(SQUARE, [key], headers, url=url, body=body, now=sent + timedelta(hours=24))
    assert told == Signed(hashlib.sha256(b"ac3ac95b-f97d-458c-a6e6-18981597e05f").digest(), sent)
    with pytest.raises(SignatureError, match="no signature in x-square"):
        verify(SQUARE, [key], headers, url=url.replace("/679", "/79"), body=body, now=sent)


def test_the_example_of_github_is_right() -> None:
    """The page "Validating webhook deliveries" of github/docs."""
    headers = CIMultiDict(
        {
            "X-Hub-Signature-256": "sha256="
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        }
    )
    # Its signature is right: what is refused is that it says nothing of when it was sent.
    with pytest.raises(SignatureError, match="the body is not JSON"):
        verify(
            GITHUB,
            [b"It's a Secret to Everybody"],
            headers,
            url=URL,
            body=b"Hello, World!",
            now=NOW,
        )


def signed(
    profile: Profile, body: bytes, id: bytes = b"msg_1", time: bytes = b"1795262400"
) -> CIMultiDict[str]:
    """Return the headers of an event, as its sender makes them."""
    values = {"{id}": id, "{timestamp}": time, "{url}": URL.encode(), "{body}": body}
    message = b"".join(values.get(part, part.encode()) for part in profile.parts)
    mac = hmac.new(KEY, message, hashlib.sha256).digest()
    written = mac.hex() if profile.encoding == "hex" else base64.b64encode(mac).decode()
    headers = CIMultiDict({profile.signature: profile.prefix + written})
    for place, value in ((profile.id, id), (profile.timestamp, time)):
        if place and place.startswith("header:"):
            headers[place.removeprefix("header:")] = value.decode()
    return headers


BODY = (
    b'{"id": "e1", "event_id": "e1", "timestamp": "2026-11-21T12:00:00Z", "created_at": 1795262400}'
)


@settings(max_examples=200, deadline=None)
@given(
    profile=st.sampled_from([STANDARD, GITHUB, SQUARE]),
    where=st.floats(0, 1, exclude_max=True),
    flip=st.integers(1, 255),
)
def test_any_changed_byte_is_refused(profile: Profile, where: float, flip: int) -> None:
    headers = signed(profile, BODY)
    verify(profile, [KEY], headers, url=URL, body=BODY, now=NOW)
    # All that decides anything, one behind the other; one byte of it is changed.
    parts = {"url": URL.encode(), "body": BODY, **{k: v.encode() for k, v in headers.items()}}
    if profile is STANDARD or profile is GITHUB:
        del parts["url"]
    place = int(where * sum(map(len, parts.values())))
    for name, value in parts.items():
        if place < len(value):
            parts[name] = value[:place] + bytes([value[place] ^ flip]) + value[place + 1 :]
            break
        place -= len(value)
    url = parts.pop("url", URL.encode()).decode("utf-8", "surrogateescape")
    body = parts.pop("body")
    changed = CIMultiDict({k: v.decode("utf-8", "surrogateescape") for k, v in parts.items()})
    with pytest.raises(SignatureError):
        verify(profile, [KEY], changed, url=url, body=body, now=NOW)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("count", [0, 2])
def test_a_header_that_is_missing_or_there_twice_is_refused(name: str, count: int) -> None:
    headers = signed(STANDARD, BODY)
    value = headers.pop(name)
    for _ in range(count):
        headers.add(name, value)
    with pytest.raises(SignatureError, match=f"the header {name} must be there once"):
        verify(STANDARD, [KEY], headers, url=URL, body=BODY, now=NOW)


@pytest.mark.parametrize(
    ("seconds", "right"), [(-301, False), (-300, True), (300, True), (301, False)]
)
def test_an_event_is_as_old_as_its_profile_lets_it_be(seconds: int, right: bool) -> None:
    headers = signed(STANDARD, BODY)
    now = NOW + timedelta(seconds=seconds)
    if right:
        assert verify(STANDARD, [KEY], headers, url=URL, body=BODY, now=now).at == NOW
    else:
        with pytest.raises(SignatureError, match="sent at 2026-11-21T12:00:00Z, more than 300 s"):
            verify(STANDARD, [KEY], headers, url=URL, body=BODY, now=now)


@pytest.mark.parametrize("time", [b"yesterday", b"2026-11-21T12:00:00", b"-1", b"1" * 12, b"1e9"])
def test_what_is_no_time_is_refused(time: bytes) -> None:
    with pytest.raises(SignatureError, match="neither seconds since 1970"):
        verify(STANDARD, [KEY], signed(STANDARD, BODY, time=time), url=URL, body=BODY, now=NOW)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"[1, 2]", "the body has no id"),
        (b'{"id": {}, "timestamp": 1795262400}', "the body has no id"),
        (b'{"id": true, "timestamp": 1795262400}', "the body has no id"),
        (b'{"id": "", "timestamp": 1795262400}', "the body has no id"),
        (b'{"id": "%s", "timestamp": 1795262400}' % (b"x" * 201), "the body has no id"),
        (b'{"id": "e1"}', "the body has no timestamp"),
        (b"[" * 10_000, "the body is not JSON"),
        (b"\xff", "the body is not JSON"),
    ],
)
def test_a_signed_body_without_its_id_or_its_time_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(SignatureError, match=why):
        verify(GITHUB, [KEY], signed(GITHUB, body), url=URL, body=body, now=NOW)


def test_more_signatures_than_a_sender_needs_are_refused() -> None:
    headers = signed(STANDARD, BODY)
    headers["webhook-signature"] = " ".join([headers["webhook-signature"]] * 17)
    with pytest.raises(SignatureError, match="more than 16 signatures"):
        verify(STANDARD, [KEY], headers, url=URL, body=BODY, now=NOW)


FILE = """
name = "own"
signature = "X-Signature"
encoding = "hex"
signed = "{timestamp}:{body}"
id = "body:event.id"
timestamp = "header:X-Time"
tolerance_s = 60
"""


def test_an_owners_own_profile_is_read() -> None:
    own = read_profile(FILE)
    assert own.parts == ("{timestamp}", ":", "{body}")
    body = b'{"event": {"id": 17}}'
    headers = signed(own, body)
    assert verify(own, [KEY], headers, url=URL, body=body, now=NOW).id == (
        hashlib.sha256(b"17").digest()
    )
    nameless = read_profile(FILE.replace('id = "body:event.id"\n', ""))
    assert verify(nameless, [KEY], headers, url=URL, body=body, now=NOW).id == (
        hashlib.sha256(b"1795262400:" + body).digest()
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("{timestamp}:{body}", "{timestamp}"), "without {body} anybody could change the event"),
        (("{timestamp}:{body}", "{body}"), "timestamp is in a header that is not signed"),
        (("{timestamp}:{body}", "{id}.{timestamp}:{body}"), "{id} needs id to be in a header"),
        (("{timestamp}:{body}", "{timestamp}{body}{body}"), "each part may be there once"),
        (("{timestamp}:{body}", "{timestamp}{who}{body}"), "{who} is not {id}, {timestamp}, {url}"),
        (("{timestamp}:{body}", "{timestamp}{body"), "expected '}' before end"),
        (("body:event.id", "header:X-Id"), "id is in a header that is not signed"),
        (("body:event.id", "query:id"), "id: String should match"),
        (("60", "100000"), "tolerance_s: Input should be less than or equal to 90000"),
        (("hex", "base32"), "encoding: Input should be 'hex' or 'base64'"),
        (("name", "nam"), "nam: Extra inputs are not permitted"),
        (('"own"', '"own'), "it is not TOML"),
    ],
)
def test_a_profile_that_would_verify_nothing_is_refused(change: tuple[str, str], why: str) -> None:
    with pytest.raises(ProfileError) as refused:
        read_profile(FILE.replace(*change))
    assert why in str(refused.value)


def test_an_id_beside_a_time_needs_something_between() -> None:
    file = FILE.replace("{timestamp}:", "{id}{timestamp}").replace("body:event.id", "header:X-Id")
    with pytest.raises(ProfileError, match="put something between"):
        read_profile(file)


@pytest.mark.parametrize(
    ("profile", "secret", "why"),
    [
        (STANDARD, "whsec_not base64", "a secret of standard-webhooks is base64"),
        (STANDARD, "whsec_c2hvcnQ=", "16 to 256 bytes, and this one has 5"),
        (SQUARE, "short", "16 to 256 bytes, and this one has 5"),
        (SQUARE, "x" * 257, "16 to 256 bytes, and this one has 257"),
    ],
)
def test_a_secret_that_can_be_guessed_is_refused(profile: Profile, secret: str, why: str) -> None:
    with pytest.raises(ProfileError, match=why):
        profile.key_of(secret)


@pytest.mark.parametrize("profile", [STANDARD, SQUARE, GITHUB])
def test_a_new_secret_is_one_of_its_profile(profile: Profile) -> None:
    one, other = profile.new_secret(), profile.new_secret()
    assert one != other
    assert len(profile.key_of(one)) >= 32


def test_the_documented_profile_is_read() -> None:
    """INGEST.md has one as a whole."""
    page = (Path(signature.__file__).parents[2] / "INGEST.md").read_text(encoding="utf-8")
    (file,) = [block for block in page.split("```") if block.startswith("toml\n")]
    assert read_profile(file.removeprefix("toml\n")).name == "own-till"
    named = set(tomllib.loads(file.removeprefix("toml\n")))
    assert named == set(Profile.model_fields), "every field is in the example"
