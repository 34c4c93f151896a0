"""A database URL that cannot be meant is found out before anything is opened, and never shown."""

import pytest

from helpdesk.core.databaseurl import options_problem, redirecting, url_problem

SOUND = [
    "sqlite:////var/lib/helpdesk/desk.sqlite3",
    "mariadb://desk@127.0.0.1/desk",
    "mysql+pymysql://desk:pw@db:3307/desk",
    "mariadb://desk@db/desk?unix_socket=/run/mysqld/mysqld.sock",
    "postgresql://desk@[2001:db8::1]:5432/desk",
    "postgresql://desk@/desk?host=/run/postgresql",
    "postgresql:///desk",
    "postgresql://desk:p%40ss%2Fw@db/desk",
    "mariadb://desk:a/b?c:d@db/desk",
    "mariadb://db:1/desk",
    "mariadb://db:65535/desk",
]


@pytest.mark.parametrize("url", SOUND)
def test_a_url_of_each_kind_is_sound(url: str) -> None:
    assert url_problem(url) == ""


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        pytest.param("", "begins with sqlite:// or", id="empty"),
        pytest.param("/var/lib/desk.sqlite3", "begins with sqlite:// or", id="a path"),
        pytest.param("oracle://db/desk", "begins with sqlite:// or", id="another database"),
        pytest.param("sqlite://", "absolute path", id="SQLite in memory"),
        pytest.param("sqlite:///:memory:", "absolute path", id="SQLite in memory, by name"),
        pytest.param("sqlite:///desk.sqlite3", "absolute path", id="a file wherever we are"),
        pytest.param("sqlite:////var/lib/", "absolute path", id="a folder"),
        pytest.param("sqlite:////tmp/desk.sqlite3?mode=ro", "nothing after", id="a mode of SQLite"),
        pytest.param("mariadb://desk@127.0.0.1", "mariadb://user@host/database", id="a server only"),
        pytest.param("mariadb://desk@127.0.0.1/", "mariadb://user@host/database", id="an empty name"),
        pytest.param("mariadb://desk@db:x/desk", "mariadb://user@host/database", id="a port in letters"),
        pytest.param("mariadb://desk@db:0/desk", "1 to 65535", id="port 0"),
        pytest.param("mariadb://desk@db:65536/desk", "1 to 65535", id="a port too far"),
        pytest.param("mariadb://desk:p@ss@db/desk", "are written %40", id="an @ in the password"),
        pytest.param("mariadb://desk@db/desk?charset=latin1", "unix_socket= after", id="charset"),
        pytest.param("mariadb://desk@db/desk?ssl_verify_cert", "unix_socket= after", id="TLS off"),
        pytest.param("postgresql://desk@db/desk?sslmode=disable", "host= after", id="TLS off too"),
        pytest.param("postgresql://desk@db/desk?host=x&hostaddr=y", "host= after", id="one option of two"),
    ],
)
def test_a_url_that_names_no_database_of_ours_is_told_apart(url: str, problem: str) -> None:
    found = url_problem(url)
    assert found.startswith("expected ")
    assert problem in found


@pytest.mark.parametrize(
    "url",
    [
        "mariadb://desk:hunter2@host@db/desk",
        "mariadb://desk:x@y?hunter2=1@db/desk",
        "mariadb://desk@db/desk?hunter2=hunter2",
        "hunter2",
        "postgresql://desk:hunter2@db:99999/desk",
    ],
)
def test_what_is_wrong_is_said_without_a_part_of_the_url(url: str) -> None:
    assert url_problem(url)
    assert "hunter2" not in url_problem(url)


def test_options_are_those_of_the_kind() -> None:
    assert options_problem("postgresql", ["host"]) == ""
    assert options_problem("mariadb", ["host"]) == "expected unix_socket= after the question mark"


@pytest.mark.parametrize(
    ("url", "environ", "found"),
    [
        pytest.param("postgresql://desk@/desk", {"PGHOST": "db"}, ("PGHOST",), id="no host"),
        pytest.param("postgresql:///desk", {"PGHOST": "db"}, ("PGHOST",), id="nobody and no host"),
        pytest.param("postgresql+psycopg://desk@:5432/desk", {"PGHOST": "x"}, ("PGHOST",), id="a port"),
        pytest.param("postgresql://desk@/desk", {"PGHOST": ""}, (), id="an empty variable"),
        pytest.param("postgresql://desk@db/desk", {"PGHOST": "x"}, (), id="the host of the URL wins"),
        pytest.param("postgresql://desk@/desk?host=/run", {"PGHOST": "x"}, (), id="so does its option"),
        pytest.param(
            "postgresql://desk@127.0.0.1/desk", {"PGHOSTADDR": "192.0.2.1"}, ("PGHOSTADDR",), id="address"
        ),
        pytest.param(
            "postgresql://desk@db/desk", {"PGSERVICE": "other"}, ("PGSERVICE",), id="a service file"
        ),
        pytest.param("mariadb://desk@db/desk", {"PGHOST": "x", "PGHOSTADDR": "x"}, (), id="not PostgreSQL"),
        pytest.param("postgresql", {"PGHOST": "x"}, ("PGHOST",), id="no URL at all"),
    ],
)
def test_a_variable_that_leads_postgresql_elsewhere_is_found(
    url: str, environ: dict[str, str], found: tuple[str, ...]
) -> None:
    assert redirecting(url, environ) == found
