"""Rules for BPF programs, for this repository and for every workspace that depends on it.

    load("@purebpf//tools/build:bpf.bzl", "bpf_object", "cc_bpf_object")
"""

load("@bpf_tools//:defs.bzl", "CLANG", "MACHINE", "PROBLEM", "SYSTEM_INCLUDES")
load("@rules_cc//cc:defs.bzl", "cc_library")
load("@rules_cc//cc/common:cc_info.bzl", "CcInfo")
load("//tools/build:copts.bzl", "COPTS")

def _bpf_object_impl(ctx):
    if PROBLEM:
        fail("bpf_object: " + PROBLEM)
    src = ctx.file.src
    out = ctx.actions.declare_file(ctx.label.name + ".o")
    args = ctx.actions.args()
    args.add_all(["-target", ctx.attr.target, "-D__TARGET_ARCH_" + MACHINE, "-O2", "-g", "-Wall"])

    # The debug information becomes the object's BTF, which is why -g; the folder of this build is
    # kept out of it, so that the same source gives the same bytes everywhere.
    args.add("-fdebug-compilation-dir=.")
    args.add("-fdebug-prefix-map=/proc/self/cwd=.")
    contexts = [dep[CcInfo].compilation_context for dep in ctx.attr.deps + [ctx.attr.headers]]
    quotes = depset([".", ctx.bin_dir.path], transitive = [c.quote_includes for c in contexts])
    systems = depset(transitive = [c.includes for c in contexts] + [c.system_includes for c in contexts])
    args.add_all(quotes, before_each = "-iquote")
    args.add_all(systems, before_each = "-isystem")
    args.add_all(SYSTEM_INCLUDES, before_each = "-idirafter")
    args.add_all(depset(transitive = [c.defines for c in contexts]), format_each = "-D%s")
    args.add_all(ctx.attr.copts)
    args.add("-c", src)
    args.add("-o", out)
    ctx.actions.run(
        executable = CLANG,
        arguments = [args],
        inputs = depset([src] + ctx.files.hdrs, transitive = [c.headers for c in contexts]),
        outputs = [out],
        mnemonic = "BpfCompile",
        progress_message = "Compiling %s for bpf" % src.short_path,
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

bpf_object = rule(
    implementation = _bpf_object_impl,
    doc = "NAME.o: one C file compiled by the machine's clang for the kernel's BPF machine.",
    attrs = {
        "copts": attr.string_list(doc = "further options for clang, after the rule's own"),
        "deps": attr.label_list(
            providers = [CcInfo],
            doc = "cc_library targets whose headers and defines the source uses",
        ),
        "hdrs": attr.label_list(allow_files = [".h"], doc = "headers included by their path"),
        "headers": attr.label(
            default = Label("//bpf/include:bpf_headers"),
            doc = "the library that has <bpf/bpf_helpers.h>; an empty cc_library here gives way " +
                  "to the machine's own",
            providers = [CcInfo],
        ),
        "src": attr.label(allow_single_file = [".c"], mandatory = True),
        "target": attr.string(
            default = "bpf",
            doc = "the byte order: of the machine that builds, little (bpfel) or big (bpfeb)",
            values = ["bpf", "bpfeb", "bpfel"],
        ),
    },
)

def _embedded_object_impl(ctx):
    stem = ctx.attr.stem
    header = ctx.actions.declare_file(stem + ".h")
    source = ctx.actions.declare_file(stem + ".cc")
    args = ctx.actions.args()
    args.add("--namespace", ctx.attr.namespace)
    args.add("--include", ctx.attr.include)
    args.add("--header", header)
    args.add("--source", source)
    args.add(ctx.file.object)
    ctx.actions.run(
        executable = ctx.executable._embed,
        arguments = [args],
        inputs = [ctx.file.object],
        outputs = [header, source],
        mnemonic = "BpfEmbed",
        progress_message = "Embedding %s" % ctx.file.object.short_path,
    )
    return [
        DefaultInfo(files = depset([header, source])),
        OutputGroupInfo(header = depset([header]), source = depset([source])),
    ]

_embedded_object = rule(
    implementation = _embedded_object_impl,
    attrs = {
        "include": attr.string(mandatory = True, doc = "the header's path as it is included"),
        "namespace": attr.string(mandatory = True),
        "object": attr.label(allow_single_file = [".o"], mandatory = True),
        "stem": attr.string(mandatory = True, doc = "the generated files' name without .h and .cc"),
        "_embed": attr.label(
            # Runs where the build runs.
            cfg = "exec",
            default = Label("//tools/build:embed"),
            executable = True,
        ),
    },
)

def cc_bpf_object(name, object, namespace = None, include_prefix = None, tags = [], **kwargs):
    """A cc_library that carries the bytes of a BPF object, so that no file is read at run time.

        #include "<package>/<name>.h"

        namespace <name> { std::span<const std::byte> Object(); }

    The bytes are aligned to 8 and live in the program's read-only data.

    Args:
      name: the library, and the header's name
      object: a bpf_object
      namespace: the C++ namespace of Object(), NAME if not said; nested ones as "a::b"
      include_prefix: includes it as "<include_prefix>/<name>.h", as for a cc_library
      tags: for the cc_library
      **kwargs: for the cc_library
    """
    folder = native.package_name() if include_prefix == None else include_prefix
    _embedded_object(
        name = name + "_embedded",
        include = (folder + "/" if folder else "") + name + ".h",
        namespace = namespace or name,
        object = object,
        stem = name,
        tags = tags,
        visibility = ["//visibility:private"],
    )
    native.filegroup(
        name = name + "_header",
        srcs = [":" + name + "_embedded"],
        output_group = "header",
        tags = tags,
        visibility = ["//visibility:private"],
    )
    native.filegroup(
        name = name + "_source",
        srcs = [":" + name + "_embedded"],
        output_group = "source",
        tags = tags,
        visibility = ["//visibility:private"],
    )
    if include_prefix != None:
        kwargs["include_prefix"] = include_prefix
    cc_library(
        name = name,
        srcs = [":" + name + "_source"],
        hdrs = [":" + name + "_header"],
        # Clang counts a literal beyond 64 KiB among the pedantic warnings.
        copts = COPTS + ["-Wno-overlength-strings"],
        tags = tags,
        **kwargs
    )
