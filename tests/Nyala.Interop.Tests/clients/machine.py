"""A machine that knows one more domain and trusts one more authority, for one program: NYALA_DOMAIN is at NYALA_HOST, where the
server listens on the ports that clients try without a word from DNS; NYALA_ROOTS has the authority that made its certificate.

Nobody else sees them: the program has a mount namespace with an /etc/hosts, /etc/resolv.conf and
/etc/ssl/certs/ca-certificates.crt of its own, which needs root.
"""
import os
import pathlib

HOSTS = ("", "rooms.", "pubsub.", "upload.", "proxy.")
ENTER = """
mount --bind "$1/hosts" /etc/hosts
mount --bind "$1/resolv.conf" /etc/resolv.conf
mount --bind "$1/roots.crt" /etc/ssl/certs/ca-certificates.crt
shift
exec "$@"
"""


def is_wanted():
    """Whether the server is one that is found by its domain."""
    return os.path.exists(os.environ.get("NYALA_ROOTS", ""))


def enter(folder, *command):
    """Describes the machine in a folder; the command that runs another one on it."""
    domain, host = os.environ["NYALA_DOMAIN"], os.environ["NYALA_HOST"]
    folder = pathlib.Path(folder)
    (folder / "hosts").write_text("127.0.0.1 localhost\n" + "".join(f"{host} {name}{domain}\n" for name in HOSTS))
    # Nobody answers there, and says so at once: no SRV records, and the plain ports are tried.
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    roots = pathlib.Path("/etc/ssl/certs/ca-certificates.crt").read_text()
    (folder / "roots.crt").write_text(roots + pathlib.Path(os.environ["NYALA_ROOTS"]).read_text())
    return ["unshare", "--mount", "sh", "-ec", ENTER, "sh", str(folder), *map(str, command)]
