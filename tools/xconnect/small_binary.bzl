"""A binary whose whole tree of libraries is compiled for size, however the rest is built."""

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
]
_LINKOPTS = [
    "-Oz",
    "-flto=auto",
]

def _for_size_impl(settings, _attr):
    return {
        "//command_line_option:compilation_mode": "opt",
        "//command_line_option:copt": settings["//command_line_option:copt"] + _COPTS,
        "//command_line_option:linkopt": settings["//command_line_option:linkopt"] + _LINKOPTS,
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
    out = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = out, target_file = ctx.executable.binary, is_executable = True)
    return [DefaultInfo(
        executable = out,
        files = depset([out]),
        runfiles = ctx.runfiles([out, ctx.executable.binary]),
    )]

small_binary = rule(
    implementation = _small_binary_impl,
    attrs = {
        "binary": attr.label(cfg = _for_size, executable = True, mandatory = True),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    executable = True,
)
