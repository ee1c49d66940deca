"""The headers of a cc_library as files that a test may read at run time."""

load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")

def _header_files_impl(ctx):
    headers = ctx.attr.library[CcInfo].compilation_context.headers
    return [DefaultInfo(files = headers, runfiles = ctx.runfiles(transitive_files = headers))]

header_files = rule(
    implementation = _header_files_impl,
    attrs = {"library": attr.label(mandatory = True, providers = [CcInfo])},
)
