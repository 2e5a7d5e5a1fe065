"""`likelight fleet bundle`: the packages that a device installs offline, collected once a release.

It runs on a computer of the office that has apt and reaches the archives; apt resolves, downloads
and checks, and installs nothing there.
"""
