"""What a WORKSPACE build needs that Bazel would otherwise download.

Debian's bazel-bootstrap packages are built from source, keep themselves under /usr/share/bazel and
call themselves a development version: native.bazel_version is empty. The repository rule here looks
at that folder and writes a macro which declares, for the names that Bazel's own WORKSPACE suffix
would download:

- bookworm and trixie, 4.2.3: shims (shims.bzl) around the rules that this Bazel has built in. Its
  package needs no other one, and those that exist beside it do not all fit it.
- sid, 7.7.1: the rule packages that bazel-bootstrap depends on.
- any other Bazel: only rules_cc and rules_shell, as shims; the suffix's downloads stay.
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

def _distro_repository_impl(rctx):
    declare = []
    shims = ["rules_shell"]
    debian = rctx.attr.bazel_version == "" and rctx.path(_ROOT + "/embedded_tools").exists
    utils = rctx.path(_ROOT + "/embedded_tools/tools/cpp/toolchain_utils.bzl")
    if debian:
        shims.append("remote_coverage_tools")

    # What the rules written in Starlark need of their Bazel: 7.7.1 has it, 4.2.3 has not.
    if debian and utils.exists and "def use_cpp_toolchain" in rctx.read(utils):
        for name, folder in _FOLDERS.items():
            if rctx.path(_ROOT + "/" + folder).exists:
                declare.append('native.local_repository(name = "%s", path = "%s/%s")' % (name, _ROOT, folder))
    else:
        shims.append("rules_cc")
        if debian:
            shims.append("rules_java")
    declare += ['shim(name = "%s")' % name for name in sorted(shims)]
    rctx.file("BUILD.bazel")
    rctx.file("repositories.bzl", "\n".join([
        '"""Written by //tools/build:distro.bzl."""',
        "",
        'load("@%s//tools/build:shims.bzl", "shim")' % rctx.attr.project,
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
