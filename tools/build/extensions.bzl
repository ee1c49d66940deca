"""The module extension that MODULE.bazel takes the repositories from."""

load("//tools/build:deps.bzl", "dependencies")

def _deps_impl(_mctx):
    dependencies()

deps = module_extension(implementation = _deps_impl)
