# One edge of a likelight cloud, for Varnish 7 (Debian's package).
#
# Thousands of LL-HLS viewers ask for the same playlists and parts at the same moment. The address
# of a blocking reload, with _HLS_msn and _HLS_part, is the cache's key, so that Varnish asks the
# origin once and hands the answer to all who wait. Everything else passes through.

vcl 4.1;

import std;

# likelight-cloud, or a device in single-store mode. It holds HLS for 6 s at most, and a device's
# poll for 30 s.
backend default {
    .host = "127.0.0.1";
    .port = "8080";
    .first_byte_timeout = 45s;
    # The live summary is silent for 20 s at a time.
    .between_bytes_timeout = 60s;
}

sub vcl_recv {
    if (req.http.Upgrade ~ "(?i)websocket" || req.url ~ "^/k/[^/]+/(live\.mp4|stream\.mjpg)") {
        # These never end, and each is one viewer's own.
        return (pipe);
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.url !~ "^/k/[^/]+/((stream|main)\.m3u8|hls/)") {
        return (pass);
    }
    # HLS is the same for everybody: no cookie, and only what decides the answer stays in the key.
    unset req.http.Cookie;
    unset req.http.Authorization;
    set req.url = std.querysort(req.url);
    set req.url = regsuball(req.url, "[?&](?!_HLS_(msn|part)=)[^?&]*", "");
    set req.url = regsub(req.url, "^([^?&]*)&", "\1?");
    return (hash);
}

sub vcl_deliver {
    # It tells Varnish's version.
    unset resp.http.Via;
}

sub vcl_pipe {
    if (req.http.Upgrade) {
        set bereq.http.Upgrade = req.http.Upgrade;
        set bereq.http.Connection = req.http.Connection;
    } else {
        # A pipe must not carry a second request past the rules above.
        set bereq.http.Connection = "close";
    }
}

sub vcl_backend_response {
    if (bereq.uncacheable || bereq.url !~ "^/k/[^/]+/((stream|main)\.m3u8|hls/)") {
        return (deliver);
    }
    # An old playlist is worse than a wait.
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    if (beresp.status != 200) {
        # Without this, one refusal would send every viewer to the origin by itself for two minutes;
        # with more, who asks for a part too early would spoil it for all.
        set beresp.ttl = 200ms;
        return (deliver);
    }
}
