# Of the library filetype, just what is called.

class _Type:
    mime: str

def guess(obj: bytes) -> _Type | None: ...
