"""The force's own sign-in: what ``serve.toml`` says of it."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from triage.errors import UsageFault
from triage.model.account import Role
from triage.web.addresses import is_loopback

SETTINGS = "serve.toml"
"""In TRIAGE_HOME."""

BACK = "sign-in/provider/back"
"""Where the provider sends people back to; below the address of the pages."""

_KNOWN = frozenset(
    {
        *("name", "issuer", "client_id", "client_secret_file", "scope", "address", "accounts"),
        *("name_claim", "shown_claim", "roles_claim", "roles"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Where a force's people sign in (OpenID Connect, code flow with PKCE).

    Attributes:
        name: as the button calls it.
        issuer: as the provider calls itself; its settings are read below it.
        client_secret: ``""`` for a public client.
        redirect_uri: where people come back, as it is registered there.
        creates: who is not known gets an account, with the roles that the claims give.
        name_claim, shown_claim: of the token, for such an account.
        roles_claim: words whose meaning ``roles`` gives; ``""``: roles are kept here.
    """

    name: str
    issuer: str
    client_id: str
    client_secret: str = ""
    redirect_uri: str
    scope: str = "openid profile"
    creates: bool = False
    name_claim: str = "preferred_username"
    shown_claim: str = "name"
    roles_claim: str = ""
    roles: tuple[tuple[str, Role], ...] = ()

    def roles_of(self, claims: Mapping[str, Any]) -> frozenset[Role]:
        """Give the roles that the words of a token stand for."""
        told = claims.get(self.roles_claim, ())
        many = told if isinstance(told, Collection) and not isinstance(told, str) else (told,)
        words = set(map(str, many))
        return frozenset(role for word, role in self.roles if word in words)


def read_provider(path: Path, *, site_address: str) -> Provider | None:
    """Read the part ``[oidc]`` of the server's settings; ``None`` where there is none.

    Args:
        site_address: of the pages, like ``https://triage.force.example/``.

    Raises:
        UsageFault: the file or a value in it does not fit.
    """
    try:
        parts = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise UsageFault(f"{path}: {error}") from error
    section = parts.pop("oidc", None)
    if parts:
        raise UsageFault(f"{path}: [{min(parts)}] means nothing here", hint="There is [oidc].")
    if section is None:
        return None
    if not isinstance(section, dict) or (section.keys() - _KNOWN):
        raise UsageFault(f"{path}: [oidc] takes {', '.join(sorted(_KNOWN))}")
    return _provider(path, section, site_address)


def _provider(path: Path, section: Mapping[str, Any], site_address: str) -> Provider:
    def words(name: str, default: str = "") -> str:
        value = section.get(name, default)
        if not isinstance(value, str):
            raise UsageFault(f"{path}: {name} takes words in quotes")
        return value

    def needed(name: str) -> str:
        if not (value := words(name)):
            raise UsageFault(f"{path}: [oidc] needs {name}")
        return value

    accounts = words("accounts", "known")
    if accounts not in {"known", "create"}:
        raise UsageFault(f'{path}: accounts is "known" or "create"')
    roles = _roles(path, section.get("roles", {}))
    if bool(roles) != bool(words("roles_claim")):
        raise UsageFault(f"{path}: roles_claim and [oidc.roles] go together")
    if accounts == "create" and not roles:
        raise UsageFault(f'{path}: accounts = "create" needs roles_claim and [oidc.roles]')
    return Provider(
        name=words("name", "your force account"),
        issuer=_checked_address(path, needed("issuer")),
        client_id=needed("client_id"),
        client_secret=_secret(path, words("client_secret_file")),
        redirect_uri=words("address", site_address).rstrip("/") + "/" + BACK,
        scope=words("scope", "openid profile"),
        creates=accounts == "create",
        name_claim=words("name_claim", "preferred_username"),
        shown_claim=words("shown_claim", "name"),
        roles_claim=words("roles_claim"),
        roles=roles,
    )


def _roles(path: Path, table: object) -> tuple[tuple[str, Role], ...]:
    """Read ``role = ["word of the claim", …]``."""
    if not isinstance(table, dict):
        raise UsageFault(f"{path}: roles is a part [oidc.roles]")
    found = []
    for name, words in table.items():
        if name not in set(Role) or not isinstance(words, list):
            known = ", ".join(Role)
            raise UsageFault(f'{path}: [oidc.roles] takes lines like officer = ["group"]; {known}')
        found += [(str(word), Role(name)) for word in words]
    return tuple(sorted(found))


def _secret(path: Path, name: str) -> str:
    if not name:
        return ""
    file = path.parent / name
    try:
        secret = file.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise UsageFault(f"{file}: the client secret cannot be read: {error}") from error
    if not secret:
        raise UsageFault(f"{file}: there is no client secret in it")
    return secret


def _checked_address(path: Path, address: str) -> str:
    parts = urlsplit(address)
    plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not (parts.hostname and (parts.scheme == "https" or plain)):
        raise UsageFault(f"{path}: issuer is an address that begins with https://")
    return address
