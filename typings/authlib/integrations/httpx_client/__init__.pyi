from collections.abc import Mapping

import httpx2

class OAuth2Client(httpx2.Client):
    def __init__(
        self,
        client_id: str | None = None,
        client_secret: str | None = None,
        token_endpoint_auth_method: str | None = None,
        *,
        scope: str | None = None,
        redirect_uri: str | None = None,
        code_challenge_method: str | None = None,
        timeout: float = ...,
        follow_redirects: bool = ...,
    ) -> None: ...
    def create_authorization_url(
        self,
        url: str,
        state: str | None = None,
        code_verifier: str | None = None,
        *,
        nonce: str = ...,
    ) -> tuple[str, str]: ...
    def fetch_token(
        self, url: str, *, grant_type: str, code: str, code_verifier: str
    ) -> Mapping[str, object]: ...
    def request(  # type: ignore[override]
        self, method: str, url: str, *, withhold_token: bool = ...
    ) -> httpx2.Response: ...
