"""What an operator says of a server's pages: public addresses, who may frame them; phones."""

import pytest
from yarl import URL

from likelight.web.http.address import phone_address
from likelight.web.http.public_site import PublicSite, check_embed_origin


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("kitchen.example", "https://kitchen.example"),
        ("pizza.example:8443", "https://pizza.example:8443"),
        ("192.0.2.7:8080", "https://kitchen.example"),
        ("stranger.example", "https://kitchen.example"),
    ],
)
def test_of_several_public_urls_the_one_that_was_asked_for_is_told_and_no_other_host(
    host: str, address: str
) -> None:
    site = PublicSite(public_urls=("https://kitchen.example", "https://pizza.example:8443"))
    assert site.address_of(host) == URL(address)
    assert PublicSite().address_of(host) is None


def test_only_an_origin_can_be_allowed_to_frame_a_page() -> None:
    for origin in ("https://www.example.com", "http://localhost:3000", "http://[::1]:8080", "self"):
        assert check_embed_origin(origin) == origin
    for wrong in ("*", "'self'", "www.example.com", "https://x.example/", "https://x.example; *"):
        with pytest.raises(ValueError, match="is not an origin; write it like"):
            check_embed_origin(wrong)
    assert PublicSite(embed_origins=("self", "https://a.example")).framed_by == (
        "'self'",
        "https://a.example",
    )


def test_a_phone_is_sent_where_it_can_come_in() -> None:
    assert phone_address("127.0.0.1", 8080) is None
    assert phone_address("::1", 8080) is None
    assert phone_address("localhost", 8080) is None
    assert phone_address("192.0.2.7", 8080) == "http://192.0.2.7:8080"
    everywhere = phone_address("0.0.0.0", 8080)
    assert everywhere is not None
    assert "0.0.0.0" not in everywhere
