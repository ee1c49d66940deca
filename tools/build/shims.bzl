"""Repositories of a few lines, in place of downloads that a build does not need."""

def _written_repository_impl(rctx):
    for path, content in rctx.attr.files.items():
        rctx.file(path, content)

written_repository = repository_rule(
    implementation = _written_repository_impl,
    doc = "A repository of the files given: path -> content.",
    attrs = {"files": attr.string_dict(mandatory = True)},
)

def _natives(names):
    return "".join(["%s = native.%s\n" % (name, name) for name in names])

# The public rules of these modules under the names that a Bazel has built in.
_RULES_CC = {
    "BUILD.bazel": "",
    "cc/BUILD.bazel": "",
    "cc/common/BUILD.bazel": "",
    # Two files: one cannot both read the built-in name and assign to it.
    "cc/common/builtin.bzl": "cc_info = CcInfo\n",
    "cc/common/cc_info.bzl": 'load(":builtin.bzl", "cc_info")\n\nCcInfo = cc_info\n',
    "cc/defs.bzl": _natives([
        "cc_binary",
        "cc_import",
        "cc_library",
        "cc_proto_library",
        "cc_test",
        "cc_toolchain",
        "cc_toolchain_suite",
        "fdo_prefetch_hints",
        "fdo_profile",
        "objc_library",
    ]),
}

_RULES_JAVA = {
    "BUILD.bazel": "",
    "java/BUILD.bazel": "",
    "java/defs.bzl": _natives([
        "java_binary",
        "java_import",
        "java_library",
        "java_proto_library",
        "java_runtime",
        "java_test",
        "java_toolchain",
    ]),
}

_RULES_SHELL = {
    "BUILD.bazel": "",
    "shell/BUILD.bazel": "",
    "shell/sh_binary.bzl": _natives(["sh_binary"]),
    "shell/sh_library.bzl": _natives(["sh_library"]),
    "shell/sh_test.bzl": _natives(["sh_test"]),
}

# Every test depends on @remote_coverage_tools, whether coverage is asked or not.
_COVERAGE_TOOLS = {
    "BUILD.bazel": """
package(default_visibility = ["//visibility:public"])

sh_binary(name = "coverage_report_generator", srcs = ["none.sh"])

sh_binary(name = "lcov_merger", srcs = ["none.sh"])
""",
    "none.sh": "#!/bin/sh\necho 'coverage: not in this build' >&2\nexit 1\n",
}

SHIMS = {
    "remote_coverage_tools": _COVERAGE_TOOLS,
    "rules_cc": _RULES_CC,
    "rules_java": _RULES_JAVA,
    "rules_shell": _RULES_SHELL,
}

def shim(name):
    """Declares the repository called name by its shim."""
    written_repository(name = name, files = SHIMS[name])
