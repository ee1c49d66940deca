"""A C++ toolchain that is Debian's cross compiler for another machine (g++-aarch64-linux-gnu)."""

load(
    "@bazel_tools//tools/cpp:cc_toolchain_config_lib.bzl",
    "feature",
    "flag_group",
    "flag_set",
    "tool_path",
    "with_feature_set",
)

_COMPILE = ["c-compile", "c++-compile", "assemble", "preprocess-assemble"]
_LINK = ["c++-link-executable", "c++-link-dynamic-library", "c++-link-nodeps-dynamic-library"]

def _flags(name, actions, flags, modes = []):
    return feature(
        name = name,
        enabled = True,
        flag_sets = [flag_set(
            actions = actions,
            flag_groups = [flag_group(flags = flags)],
            with_features = [with_feature_set(features = [mode]) for mode in modes],
        )],
    )

def _cross_gcc_config_impl(ctx):
    prefix = "/usr/bin/%s-" % ctx.attr.triple
    tools = {"gcc": "gcc", "cpp": "cpp", "ar": "ar", "ld": "ld", "nm": "nm", "objdump": "objdump", "strip": "strip", "gcov": "gcov"}
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        toolchain_identifier = ctx.attr.triple,
        host_system_name = "local",
        target_system_name = ctx.attr.triple,
        target_cpu = ctx.attr.cpu,
        target_libc = "glibc",
        compiler = "gcc",
        abi_version = "local",
        abi_libc_version = "local",
        cxx_builtin_include_directories = [
            "/usr/%s/include" % ctx.attr.triple,
            "/usr/lib/gcc-cross/%s" % ctx.attr.triple,
        ],
        tool_paths = [tool_path(name = name, path = prefix + tool) for name, tool in tools.items()],
        features = [
            feature(name = "supports_pic", enabled = True),
            feature(name = "opt"),
            feature(name = "dbg"),
            _flags("optimized", _COMPILE, ["-O2", "-DNDEBUG"], modes = ["opt"]),
            _flags("debugged", _COMPILE, ["-g"], modes = ["dbg"]),
            _flags("libraries", _LINK, ["-lstdc++", "-lm"]),
        ],
    )

cross_gcc_config = rule(
    implementation = _cross_gcc_config_impl,
    attrs = {
        "cpu": attr.string(mandatory = True),
        "triple": attr.string(mandatory = True, doc = "aarch64-linux-gnu"),
    },
    provides = [CcToolchainConfigInfo],
)
