class DefusedXmlException(ValueError): ...  # noqa: N818  (the name in the library)
