"""The vendor's OpenAPI file, cut to images, and the mock server that holds requests against it."""
