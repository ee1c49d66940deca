"""What a WORKSPACE build needs that Bazel would otherwise download.

Debian's bazel-bootstrap packages are built from source and keep the rules that
Bazel's WORKSPACE suffix downloads under /usr/share/bazel. They call themselves
a development version, so native.bazel_version is empty. The repository rule
here finds those folders and writes a macro that declares them. On any other
Bazel the macro declares only the shims, and the suffix's own downloads stay.
"""

_ROOT = "/usr/share/bazel"

# Repository name -> folder under _ROOT.
_FOLDERS = {
    "bazel_features": "tools/features",
    "bazel_skylib": "tools/skylib",
    "platforms": "tools/platforms",
    "rules_cc": "rules/cc",
    "rules_java": "rules/java",
    "rules_license": "rules/license",
    "rules_proto": "rules/proto",
    "rules_python": "rules/python",
}

_CC_DEFS = """
cc_binary = native.cc_binary
cc_import = native.cc_import
cc_library = native.cc_library
cc_proto_library = native.cc_proto_library
cc_test = native.cc_test
cc_toolchain = native.cc_toolchain
cc_toolchain_suite = native.cc_toolchain_suite
fdo_prefetch_hints = native.fdo_prefetch_hints
fdo_profile = native.fdo_profile
objc_library = native.objc_library
"""

def _native_rules_cc_impl(rctx):
    rctx.file("BUILD.bazel")
    rctx.file("cc/BUILD.bazel")
    rctx.file("cc/defs.bzl", _CC_DEFS)
    rctx.file("cc/common/BUILD.bazel")

    # Two files: one cannot both read the built-in name and assign to it.
    rctx.file("cc/common/builtin.bzl", "cc_info = CcInfo\n")
    rctx.file("cc/common/cc_info.bzl", 'load(":builtin.bzl", "cc_info")\n\nCcInfo = cc_info\n')

# rules_cc for a Bazel that has these rules built in: bookworm's Bazel is 4.2.3,
# and the rules_cc packaged beside it is too new for it.
native_rules_cc = repository_rule(implementation = _native_rules_cc_impl)

def _native_rules_shell_impl(rctx):
    rctx.file("BUILD.bazel")
    rctx.file("shell/BUILD.bazel")
    for rule in ["sh_binary", "sh_library", "sh_test"]:
        rctx.file("shell/%s.bzl" % rule, "%s = native.%s\n" % (rule, rule))

# The same for rules_shell.
native_rules_shell = repository_rule(implementation = _native_rules_shell_impl)

_COVERAGE_BUILD = """
package(default_visibility = ["//visibility:public"])

sh_binary(name = "coverage_report_generator", srcs = ["none.sh"])

sh_binary(name = "lcov_merger", srcs = ["none.sh"])
"""

def _coverage_stub_impl(rctx):
    rctx.file("none.sh", "#!/bin/sh\necho 'coverage: not in this build' >&2\nexit 1\n")
    rctx.file("BUILD.bazel", _COVERAGE_BUILD)

# Every test depends on @remote_coverage_tools, whether coverage is asked or not.
coverage_stub = repository_rule(implementation = _coverage_stub_impl)

def _distro_repository_impl(rctx):
    declare = []
    fits = False
    if rctx.attr.bazel_version == "" and rctx.path(_ROOT + "/rules").exists:
        utils = rctx.path(_ROOT + "/embedded_tools/tools/cpp/toolchain_utils.bzl")
        fits = utils.exists and "def use_cpp_toolchain" in rctx.read(utils)
        for name, folder in _FOLDERS.items():
            if rctx.path(_ROOT + "/" + folder).exists and (fits or name != "rules_cc"):
                declare.append('native.local_repository(name = "%s", path = "%s/%s")' % (name, _ROOT, folder))
        declare.append('coverage_stub(name = "remote_coverage_tools")')
    if not fits:
        declare.append('native_rules_cc(name = "rules_cc")')
    declare.append('native_rules_shell(name = "rules_shell")')
    rctx.file("BUILD.bazel")
    used = [rule for rule in ["coverage_stub", "native_rules_cc", "native_rules_shell"] if any([d.startswith(rule) for d in declare])]
    rctx.file("repositories.bzl", "\n".join([
        '"""Written by //tools/build:distro.bzl."""',
        "",
        'load("@%s//tools/build:distro.bzl", %s)' % (rctx.attr.project, ", ".join(['"%s"' % rule for rule in used])),
        "",
        "def distro_repositories():",
        '    """Declares what the distribution\'s Bazel brings along."""',
    ] + ["    " + line for line in declare] + [""]))

_distro_repository = repository_rule(
    implementation = _distro_repository_impl,
    attrs = {
        "bazel_version": attr.string(),
        "project": attr.string(),
    },
    configure = True,
    local = True,
)

def distro(name, project = "purebpf"):
    """Declares the repository that has repositories.bzl with distro_repositories().

    Args:
      name: the repository's name
      project: the name under which the workspace knows this project
    """
    _distro_repository(name = name, bazel_version = native.bazel_version, project = project)
