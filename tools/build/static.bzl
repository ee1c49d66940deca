"""Small static programs, for this repository and for every workspace that depends on it.

    load("@purebpf//tools/build:static.bzl", "cc_static_binary")

docs/STATIC.md shows it at work, and says what the sizes are.
"""

load("@musl_tools//:defs.bzl", "MUSL_COPTS", "MUSL_LINKOPTS", "MUSL_PROBLEM")
load("@rules_cc//cc:defs.bzl", "cc_binary")

# The linker sees the whole program (-flto) and drops what nothing calls. Fat objects: an `ar`
# that knows nothing of LTO makes a good archive of them.
_COPTS = [
    "-Oz",
    "-flto",
    "-ffat-lto-objects",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-asynchronous-unwind-tables",
    "-fomit-frame-pointer",
    "-fno-pie",
    # std::string comes from its header, and not with all that libstdc++ has in the same file.
    "-D_GLIBCXX_EXTERN_TEMPLATE=0",
]
_LINKOPTS = [
    "-Oz",
    "-flto=auto",
]

# What links statically cannot be sanitized.
def _sound(options):
    return [o for o in options if not o.startswith("-fsanitize") and not o.startswith("-fno-sanitize")]

def _for_size_impl(settings, attr):
    musl = attr.libc == "musl"
    return {
        "//command_line_option:compilation_mode": "opt",
        "//command_line_option:copt": _sound(settings["//command_line_option:copt"]) + _COPTS +
                                      (MUSL_COPTS if musl else []),
        "//command_line_option:linkopt": _sound(settings["//command_line_option:linkopt"]) + _LINKOPTS +
                                         (MUSL_LINKOPTS if musl else []),
    }

_for_size = transition(
    implementation = _for_size_impl,
    inputs = [
        "//command_line_option:copt",
        "//command_line_option:linkopt",
    ],
    outputs = [
        "//command_line_option:compilation_mode",
        "//command_line_option:copt",
        "//command_line_option:linkopt",
    ],
)

def _small_binary_impl(ctx):
    if ctx.attr.libc == "musl" and MUSL_PROBLEM:
        fail("cc_static_binary: " + MUSL_PROBLEM)
    out = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = out, target_file = ctx.executable.binary, is_executable = True)
    return [DefaultInfo(
        executable = out,
        files = depset([out]),
        runfiles = ctx.runfiles([out, ctx.executable.binary]),
    )]

_small_binary = rule(
    implementation = _small_binary_impl,
    doc = "A binary whose whole tree of libraries is compiled for size, however the rest is built.",
    attrs = {
        "binary": attr.label(cfg = _for_size, executable = True, mandatory = True),
        "libc": attr.string(values = ["glibc", "musl"]),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    executable = True,
)

def cc_static_binary(
        name,
        deps = [],
        copts = [],
        linkopts = [],
        features = [],
        libc = "glibc",
        runtime = Label("//tools/static:runtime"),
        tags = [],
        visibility = None,
        testonly = None,
        **kwargs):
    """One file that needs nothing else on the machine, as small as it gets. Stripped.

    Everything that it depends on is compiled anew for size and linked as a whole, whatever options
    the build was given.

    Args:
      name: the program
      deps: as for a cc_binary
      copts: as for a cc_binary
      linkopts: as for a cc_binary
      features: as for a cc_binary
      libc: "glibc", or "musl" where Debian's musl-tools are installed: 180 KB less. Then nothing
        of libstdc++ but its headers is there, and the few files in it that need no libc
      runtime: what takes the place of the parts of libstdc++ and glibc that a program with one
        thread and without exceptions has no use for. None for a program that has threads or
        catches exceptions: then it is twice as large with glibc, and cannot be had with musl
      tags: for the program
      visibility: for the program
      testonly: as for a cc_binary
      **kwargs: for the cc_binary: srcs, data...
    """
    cc_binary(
        name = name + "_linked",
        copts = copts,
        features = features + [
            "fully_static_link",
            "-supports_start_end_lib",  # gold's, which Bazel prefers where it is there
        ],
        linkopts = linkopts + [
            "-static",
            "-fuse-ld=bfd",  # does LTO
            "-Wl,--gc-sections",
            "-Wl,-z,noseparate-code",  # no padding between segments
            "-s",
        ],
        linkstatic = True,
        tags = ["manual"],
        testonly = testonly,
        visibility = ["//visibility:private"],
        deps = deps + ([runtime] if runtime else []),
        **kwargs
    )
    _small_binary(
        name = name,
        binary = ":" + name + "_linked",
        libc = libc,
        tags = tags,
        testonly = testonly,
        visibility = visibility,
    )
