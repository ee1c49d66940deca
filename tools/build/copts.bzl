"""The compiler options of this repository's own C++ code."""

# A library states its language itself: a consumer's .bazelrc need not.
_WARNINGS = [
    "-std=c++23",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wshadow",
    "-Wconversion",
    # Options are aggregates with defaults, named where they differ.
    "-Wno-missing-field-initializers",
]

# The library and the tools neither throw nor use RTTI.
COPTS = _WARNINGS + [
    "-fno-exceptions",
    "-fno-rtti",
]

# GoogleTest does.
TEST_COPTS = _WARNINGS
