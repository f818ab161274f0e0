"""Which hosts and which of their addresses the setting `allowed_hosts` opens."""

from __future__ import annotations

import pytest

from contextune.core.allow_list import AllowList, allowed_host, plain_host

LISTED = AllowList(("pypi.org", "*.npmjs.org", "git.example:8443", "localhost:5432", "10.1.2.3:8080"))


@pytest.mark.parametrize(
    ("host", "port"),
    [
        ("pypi.org", 443),
        ("PyPI.org.", 80),
        ("registry.npmjs.org", 443),
        ("a.b.npmjs.org", 443),
        ("git.example", 8443),
        ("localhost", 5432),
        ("127.0.0.1", 5432),
        ("[::1]", 5432),
        ("10.1.2.3", 8080),
    ],
)
def test_what_is_listed_may_be_reached(host: str, port: int) -> None:
    assert LISTED.refusal(host, port) == ""


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("evil.example", 443, "The setting allowed_hosts does not list evil.example."),
        ("pypi.org.evil.example", 443, "The setting allowed_hosts does not list pypi.org.evil.example."),
        ("notpypi.org", 443, "The setting allowed_hosts does not list notpypi.org."),
        ("npmjs.org", 443, "The setting allowed_hosts does not list port 443 of npmjs.org."),
        ("evilnpmjs.org", 443, "The setting allowed_hosts does not list evilnpmjs.org."),
        ("files.pypi.org", 443, "The setting allowed_hosts does not list files.pypi.org."),
        ("pypi.org", 22, "The setting allowed_hosts does not list port 22 of pypi.org."),
        ("git.example", 443, "The setting allowed_hosts does not list port 443 of git.example."),
        ("localhost", 80, "The setting allowed_hosts does not list port 80 of localhost."),
        ("2130706433", 5432, "The setting allowed_hosts does not list 2130706433."),
        ("0x7f.1", 5432, "The setting allowed_hosts does not list 0x7f.1."),
        ("169.254.169.254", 80, "The setting allowed_hosts does not list 169.254.169.254."),
        ("pypi.org\n[ok] evil", 443, "The setting allowed_hosts does not list pypi.org??ok??evil."),
    ],
)
def test_what_is_not_listed_is_refused_by_name(host: str, port: int, said: str) -> None:
    assert LISTED.refusal(host, port) == said


@pytest.mark.parametrize(
    "address",
    [
        *(
            "127.0.0.1",
            "127.8.8.8",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "169.254.1.1",
        ),
        *("0.0.0.0", "0.1.2.3", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "224.0.0.1"),
        *("240.0.0.1", "255.255.255.255", "168.63.129.16"),
        *(
            "::",
            "::1",
            "::7f00:1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fe80::1%eth0",
            "fec0::1",
            "ff02::1",
        ),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1", "2002:a00:1::"),
        *("64:ff9b:1::a00:1", "64:ff9b::a9fe:a9fe", "2001:db8::1"),
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
    ],
)
def test_a_listed_name_may_not_stand_for_an_inner_address(address: str) -> None:
    assert not LISTED.is_open("pypi.org", address)
    # What opens one's own machine opens nothing else.
    loopback = address in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1")
    assert LISTED.is_open("localhost", address) == loopback


@pytest.mark.parametrize("address", ["151.101.0.223", "2a04:4e42::223", "::ffff:151.101.0.223"])
def test_a_public_address_is_open(address: str) -> None:
    assert LISTED.is_open("pypi.org", address)
    assert not LISTED.is_open("localhost", address)


def test_an_address_that_is_listed_itself_is_open() -> None:
    assert LISTED.is_open("10.1.2.3", "10.1.2.3")
    assert not LISTED.is_open("10.1.2.3", "10.1.2.4")


def test_what_gives_out_credentials_is_never_open() -> None:
    listed = AllowList(("169.254.169.254",))
    assert listed.refusal("169.254.169.254", 80) == ""
    assert not listed.is_open("169.254.169.254", "169.254.169.254")


@pytest.mark.parametrize(
    "entry",
    [
        *(
            "",
            "*",
            "*.",
            "a b",
            "http://pypi.org",
            "pypi.org:0",
            "pypi.org:70000",
            "pypi.org:x",
            "a.b/simple",
        ),
        *("*.10.0.0.1", "localhost", "127.0.0.1", "*.localhost:80", "-a.example", "a..b", "*.*.example"),
        "münchen.example",
    ],
)
def test_what_names_no_host_is_no_entry(entry: str) -> None:
    with pytest.raises(ValueError) as problem:  # noqa: PT011 — its text is the entry
        allowed_host(entry)
    assert str(problem.value) == entry


def test_local_ports_are_those_of_ones_own_machine() -> None:
    assert AllowList(("pypi.org:81", "localhost:9000", "127.0.0.1:80", "[::1]:9000")).local_ports == (
        80,
        9000,
    )


def test_one_host_has_one_spelling() -> None:
    assert [plain_host(host) for host in ("A.B.", "[::0001]", "127.0.0.1", "[2A04::0]")] == [
        "a.b",
        "localhost",
        "localhost",
        "2a04::",
    ]
