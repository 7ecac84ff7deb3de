"""The way to the force's own sign-in and back: state, nonce, PKCE, and what the token must say."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from itsdangerous import BadData, URLSafeSerializer
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from triage.access import tokens
from triage.web.oidc import Provider

LASTS_S = 600
"""How long somebody may take at the provider."""

CLOCKS_S = 60
"""How far the provider's clock may be from ours."""

_ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "ES384", "RS512", "PS384", "PS512", "ES512")
"""What a provider may sign with: public keys only, so that nobody else's secret makes a token."""

_DISCOVERY = "/.well-known/openid-configuration"
_KEPT_S = 600.0
_TIMEOUT_S = 10.0
_SALT = "triage round trip"


class NotVouched(Exception):  # noqa: N818  (an answer: this person is not signed in)
    """The provider did not vouch for anybody; ``why`` is for the audit, not for the page."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """What has to come back as it was sent; the browser carries it, signed, for ten minutes."""

    state: str
    nonce: str
    verifier: str
    way_on: str
    at_s: int

    @classmethod
    def fresh(cls, way_on: str, now_s: int) -> RoundTrip:
        """Begin one."""
        state, nonce, verifier = (tokens.new_token() for _ in range(3))
        return cls(state=state, nonce=nonce, verifier=verifier, way_on=way_on, at_s=now_s)

    def packed(self, secret: bytes) -> str:
        """Give what the browser carries."""
        return str(URLSafeSerializer(secret, salt=_SALT).dumps(asdict(self)))

    @classmethod
    def unpacked(cls, words: str, secret: bytes, now_s: int) -> RoundTrip:
        """Read what the browser carried.

        Raises:
            NotVouched: it is not ours, or too old.
        """
        try:
            found = cls(**URLSafeSerializer(secret, salt=_SALT).loads(words))
        except (BadData, TypeError) as error:
            raise NotVouched("the browser did not bring back what it was given") from error
        if not found.at_s <= now_s <= found.at_s + LASTS_S:
            raise NotVouched("it took longer than ten minutes")
        return found


class Link:
    """Speaks to a provider; what it says of itself is kept for ten minutes."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._kept: tuple[float, dict[str, Any], jwk.KeySet] | None = None

    def way_there(self, trip: RoundTrip) -> str:
        """Give the address to sign in at.

        Raises:
            NotVouched: the provider does not answer.
        """
        about, _ = self._about()
        with self._client() as client:
            address, _ = client.create_authorization_url(
                _text(about, "authorization_endpoint"),
                state=trip.state,
                nonce=trip.nonce,
                code_verifier=trip.verifier,
            )
        return str(address)

    def vouched(self, trip: RoundTrip, answer: Mapping[str, str], now_s: int) -> dict[str, Any]:
        """Give what the provider's token says of a person who came back.

        Args:
            answer: what stands in the address that the person came back by.

        Raises:
            NotVouched: anything does not fit.
        """
        provider = self._provider
        if not tokens.same(answer.get("state", ""), trip.state):
            raise NotVouched("the state is not the one that was sent")
        if answer.get("iss", provider.issuer) != provider.issuer:
            raise NotVouched("another provider answered")
        if "error" in answer or not answer.get("code"):
            raise NotVouched("the provider refused: " + answer.get("error", "no code")[:100])
        about, keys = self._about()
        token = self._fetched(_text(about, "token_endpoint"), answer["code"], trip.verifier)
        if not isinstance(token.get("id_token"), str):
            raise NotVouched("the provider gave no token of identity")
        return self._checked(token, keys, trip, now_s)

    def _fetched(self, address: str, code: str, verifier: str) -> Mapping[str, Any]:
        try:
            with self._client() as client:
                return dict(
                    client.fetch_token(
                        address,
                        grant_type="authorization_code",
                        code=code,
                        code_verifier=verifier,
                    )
                )
        except (OAuthError, httpx2.HTTPError, ValueError, TypeError) as error:
            raise NotVouched("the code was not exchanged: " + _short(error)) from error

    def _checked(
        self, token: Mapping[str, Any], keys: jwk.KeySet, trip: RoundTrip, now_s: int
    ) -> dict[str, Any]:
        provider = self._provider
        try:
            signed = jwt.decode(token["id_token"], keys, algorithms=list(_ALGORITHMS))
            claims = CodeIDToken(
                signed.claims,
                signed.header,
                options={
                    "iss": {"essential": True, "value": provider.issuer},
                    "aud": {"essential": True, "value": provider.client_id},
                    "sub": {"essential": True},
                },
                params={
                    "nonce": trip.nonce,
                    "client_id": provider.client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(now=now_s, leeway=CLOCKS_S)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            self._kept = None
            raise NotVouched("the token does not hold: " + _short(error)) from error
        return dict(claims)

    def _about(self) -> tuple[dict[str, Any], jwk.KeySet]:
        """Ask the provider for its addresses and keys."""
        kept = self._kept
        if kept is not None and time.monotonic() - kept[0] < _KEPT_S:
            return kept[1], kept[2]
        issuer = self._provider.issuer
        about = self._asked(issuer.rstrip("/") + _DISCOVERY)
        if about.get("issuer") != issuer:
            raise NotVouched("the provider calls itself by another name")
        try:
            keys = jwk.KeySet.import_key_set(self._asked(_text(about, "jwks_uri")))  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotVouched("the provider's keys cannot be read: " + _short(error)) from error
        self._kept = (time.monotonic(), about, keys)
        return about, keys

    def _asked(self, address: str) -> dict[str, Any]:
        try:
            with self._client() as client:
                answer = client.request("GET", address, withhold_token=True)
                answer.raise_for_status()
                found = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            raise NotVouched("the provider does not answer: " + _short(error)) from error
        if not isinstance(found, dict):
            raise NotVouched("the provider's settings cannot be read")
        return found

    def _client(self) -> OAuth2Client:
        provider = self._provider
        return OAuth2Client(
            client_id=provider.client_id,
            client_secret=provider.client_secret or None,
            token_endpoint_auth_method="client_secret_basic" if provider.client_secret else "none",
            scope=provider.scope,
            redirect_uri=provider.redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT_S,
            follow_redirects=False,
        )


def _text(about: Mapping[str, Any], name: str) -> str:
    value = about.get(name)
    if not isinstance(value, str):
        raise NotVouched(f"the provider does not tell its {name}")
    return value


def _short(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
